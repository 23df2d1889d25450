package lower

import (
	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// Clamp returns n, but at most limit.
func (f *fn) Clamp(n *ir.Value, limit int64) *ir.Value { return f.clamp(n, limit) }

// Hide returns n, of which the verifier then knows nothing.
func (f *fn) Hide(n *ir.Value) *ir.Value {
	return f.b.Binary(ir.OpAdd, f.b.Load(f.b.MapValue(zeroMap, 0), 0, 8, false), n)
}

// ReadN reads a number of bytes that is known at run time.
func (f *fn) ReadN(dst, size *ir.Value, src stdlib.Value) {
	p := f.memoryOf(src)
	h := ir.HelperProbeReadKernel
	if p.mem == memUser {
		h = ir.HelperProbeReadUser
	}
	f.checkRead(h, f.b.Call(h, dst, size, f.address(p)))
}

// memoryOf is the place that a value is in, if it is a memory object, or that it points to.
func (f *fn) memoryOf(v stdlib.Value) place {
	if isScalar(v.Type) {
		return f.pointee(v)
	}
	return place{base: v.V, mem: memOwn}
}

// Bytes copies bytes to memory that may be indexed.
func (f *fn) Bytes(v stdlib.Value, size int) *ir.Value {
	dst := f.Temp("bytes", max(types.Align(size, 8), loopable), 8)
	if isScalar(v.Type) {
		f.probeRead(dst, size, f.pointee(v))
		return dst
	}
	n := min(size, types.Sizeof(v.Type))
	f.copyBytes(dst, 0, v.V, 0, n)
	f.zeroBytes(dst, int64(n), size-n)
	return dst
}

// Padded copies a string to memory that may be indexed.
func (f *fn) Padded(v stdlib.Value, size int) *ir.Value {
	dst := f.Temp("padded", max(types.Align(size, 8), loopable), 8)
	f.putString(dst, 0, v, size, true)
	return dst
}

// room is the number of bytes to copy a string with, so that the NUL that the helper puts at the end costs no byte of it.
func room(t types.Type) int {
	size := t.(types.String).Size
	if size < fullStrlen {
		return size + 1
	}
	return size
}

// StrLen returns the number of bytes before a string's NUL: the helper that copies strings counts them.
func (f *fn) StrLen(v stdlib.Value) *ir.Value {
	size := v.Type.(types.String).Size
	n := v.Len
	if n == nil {
		dst := f.Temp("strlen", types.Align(size+1, 8), 8)
		n = f.b.Call(ir.HelperProbeReadKernelStr, dst, f.b.Const(int64(room(v.Type))), v.V)
	}
	return f.clamp(f.b.AddImm(n, -1), int64(size))
}

// Concat copies one string behind the other.
func (f *fn) Concat(c stdlib.Call, parts ...stdlib.Value) stdlib.Value {
	t := c.Result.(types.String)
	most := 0
	for _, v := range parts {
		most += v.Type.(types.String).Size
	}
	dst := f.Temp("concat", max(types.Align(max(most+1, t.Size), 8), loopable), 8)
	used, limit := f.b.Const(0), 0
	for _, v := range parts {
		n := f.b.Call(ir.HelperProbeReadKernelStr, f.b.Binary(ir.OpAdd, dst, used), f.b.Const(int64(room(v.Type))), v.V)
		limit += v.Type.(types.String).Size
		used = f.clamp(f.b.AddImm(f.b.Binary(ir.OpAdd, used, n), -1), int64(limit))
	}
	return stdlib.Value{V: dst, Type: t, Len: f.clamp(f.b.AddImm(used, 1), int64(t.Size)), Loose: true}
}

// Table looks a text up in an array map that holds the table.
func (f *fn) Table(t stdlib.Table, index *ir.Value, c stdlib.Call) stdlib.Value {
	name := "gt_" + t.Name
	f.tables[name] = t
	dst := c.Dest(f)
	// A negative number is a large one, which is not in the table.
	key := f.mapIndex(f.clamp(index, int64(len(t.Entries))))
	found, missing, done := f.b.NewBlock("found"), f.b.NewBlock("missing"), f.b.NewBlock("text")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(name), key)
	f.b.Branch(p, found, missing)
	f.enter(found)
	f.copyBytes(dst, 0, p, 0, t.Size)
	f.b.Jump(done)
	f.enter(missing)
	f.putText(dst, 0, t.Other, t.Size)
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: dst, Type: c.Result}
}

// tableMap is the map that holds a table.
func tableMap(name string, t stdlib.Table) *ebpf.MapSpec {
	spec := &ebpf.MapSpec{
		Name: name, Type: ebpf.Array, KeySize: 4, ValueSize: uint32(t.Size), MaxEntries: uint32(len(t.Entries)),
	}
	for i, s := range t.Entries {
		if s == "" {
			s = t.Other
		}
		b := make([]byte, t.Size)
		copy(b[:t.Size-1], s)
		spec.Contents = append(spec.Contents, ebpf.MapKV{Key: uint32(i), Value: b})
	}
	return spec
}
