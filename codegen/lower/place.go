package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// memory says how a place is read.
type memory uint8

const (
	memOwn     memory = iota + 1 // the program's own: slots, map values
	memCtx                       // the context
	memWide                      // the context where every argument takes 8 bytes
	memTrusted                   // kernel memory that the verifier knows by type
	memKernel                    // kernel memory, by probe_read_kernel
	memUser                      // user memory, by probe_read_user
)

// place is an address of something and how to read there.
type place struct {
	base *ir.Value
	off  int64
	mem  memory
}

// at moves a place by a constant.
func (p place) at(off int64) place {
	p.off += off
	return p
}

// pointee is the place that a pointer, or a number that is an address, points to. Where it is not known what an address is
// of, the probe decides.
func (f *fn) pointee(v stdlib.Value) place {
	if f.isCtx(v.V) {
		return f.ctxPlace()
	}
	p, _ := v.Type.(types.Pointer)
	if n, ok := v.Type.(types.Int); ok {
		p.Space = n.Space
	}
	mem := memKernel
	switch {
	case p.Trusted:
		mem = memTrusted
	case p.Space == types.SpaceBPF:
		mem = memOwn
	case p.Space == types.SpaceUser:
		mem = memUser
	case p.Space == types.SpaceNone && f.prog.Context != nil && f.prog.Context.UserSpace:
		mem = memUser
	}
	return place{base: v.V, mem: mem}
}

// inherit gives a pointer that was read at a place the address space of that place, where its type does not say it.
func (p place) inherit(t types.Type) types.Type {
	ptr, ok := t.(types.Pointer)
	if !ok || ptr.Space != types.SpaceNone {
		return t
	}
	switch p.mem {
	case memTrusted, memKernel:
		ptr.Space = types.SpaceKernel
	case memUser:
		ptr.Space = types.SpaceUser
	case memOwn, memCtx, memWide:
	default:
		panic(fmt.Sprintf("BUG: lower: unexpected memory %d", p.mem))
	}
	return ptr
}

// space is the address space of pointers to a place.
func (p place) space() types.Space {
	switch p.mem {
	case memOwn:
		return types.SpaceBPF
	case memUser:
		return types.SpaceUser
	case memCtx, memWide, memTrusted, memKernel:
		return types.SpaceKernel
	}
	panic(fmt.Sprintf("BUG: lower: unexpected memory %d", p.mem))
}

// placeOf returns where the struct, union or array that e denotes is.
func (f *fn) placeOf(e ast.Expr) place {
	switch e := e.(type) {
	case *ast.FieldExpr:
		if _, record := f.info.Types[e.X].(types.Record); !record {
			p, _ := f.field(e)
			return p
		}
	case *ast.UnaryExpr:
		if e.Op == ast.Deref {
			return f.pointee(f.expr(e.X))
		}
	case *ast.IndexExpr:
		return f.element(e)
	default: // no other type matters here
	}
	v := f.expr(e)
	if v.Type == nil {
		panic(fmt.Sprintf("BUG: lower: %T has no place", e))
	}
	if p, ok := v.Type.(types.Pointer); ok {
		return f.pointee(stdlib.Value{V: v.V, Type: p})
	}
	if f.isCtx(v.V) {
		return f.ctxPlace()
	}
	return place{base: v.V, mem: memOwn}
}

// isCtx reports whether a value is the program's context itself.
func (f *fn) isCtx(v *ir.Value) bool { return v.Op == ir.OpCtx || v == f.b.Context }

// ctxPlace is the program's context.
func (f *fn) ctxPlace() place {
	mem := memCtx
	switch f.kind() {
	case attach.KindTracing, attach.KindRawTracepoint:
		mem = memWide
	case attach.KindIter:
		mem = memKernel // the verifier wants each pointer there to be tested before it is used; a copy of it is a number
	case attach.KindTestRun, attach.KindKprobe, attach.KindTracepoint, attach.KindPerfEvent, attach.KindXDP:
	}
	if f.prog.Context != nil && f.prog.Context.Copied {
		mem = memKernel
	}
	return place{base: f.b.Ctx(), mem: mem}
}

// field returns the place of x.f and the field itself.
func (f *fn) field(e *ast.FieldExpr) (place, types.Field) {
	path := f.info.Fields[e]
	if len(path) == 0 {
		panic(fmt.Sprintf("BUG: lower: the field %s was not resolved", e.Name))
	}
	p := f.structPlace(e.X)
	for _, step := range path {
		p = p.at(int64(step.Offset))
	}
	if p.mem == memTrusted && !f.loadable(f.structOf(e.X), path) {
		p.mem = memKernel
	}
	last := path[len(path)-1]
	return f.argPlace(p, last.Type), last
}

// argPlace is the place of an argument, or result, of the function that is traced. The verifier lets a program load pointers to structs
// and, since 5.17, to numbers; it refuses all others ("is not a struct"), though a helper may read them there.
func (f *fn) argPlace(p place, t types.Type) place {
	ptr, ok := t.(types.Pointer)
	if !ok || p.mem != memWide || f.kind() != attach.KindTracing {
		return p
	}
	direct := false
	switch ptr.Elem.(type) {
	case types.Void, *types.Struct:
		direct = true
	case types.Int, types.Bool:
		direct = f.target.Has(target.NumberPointerArgs)
	default: // no other type matters here
	}
	if !direct {
		p.mem = memKernel
	}
	return p
}

// structPlace is the place of a struct that is given by value or by a pointer of any depth.
func (f *fn) structPlace(x ast.Expr) place {
	t := f.info.Types[x]
	if _, ok := t.(types.Pointer); !ok {
		return f.placeOf(x)
	}
	if p, ok := f.typedPlace(x); ok {
		return p
	}
	v := f.expr(x)
	for {
		p := v.Type.(types.Pointer)
		next, ok := p.Elem.(types.Pointer)
		if !ok {
			return f.pointee(v)
		}
		v = f.load(f.pointee(v), next)
	}
}

// element returns the place of x[i].
func (f *fn) element(e *ast.IndexExpr) place {
	var p place
	var elem types.Type
	switch t := f.info.Types[e.X].(type) {
	case types.Pointer:
		p, elem = f.pointee(f.expr(e.X)), t.Elem
	case types.Array:
		p, elem = f.placeOf(e.X), t.Elem
		if p.mem == memTrusted {
			p.mem = memKernel
		}
	case types.String:
		p, elem = f.placeOf(e.X), f.info.Types[e]
	default: // the checker lets nothing else be indexed
		bug("index of a %v", t)
	}
	size := max(1, sizeof(elem))
	if c, ok := f.constant(e.Index); ok {
		return p.at(c * size)
	}
	i := f.expr(e.Index).V
	p.base = f.b.Binary(ir.OpAdd, f.address(p), f.b.Binary(ir.OpMul, i, f.b.Const(size)))
	if p.mem != memUser {
		p.mem = memKernel // the verifier cannot bound the index
	}
	return place{base: p.base, mem: p.mem}
}

// address returns the address of a place.
func (f *fn) address(p place) *ir.Value { return f.b.AddImm(p.base, p.off) }

// load reads a value of type t at a place. Memory objects in foreign memory are copied into the program's own.
func (f *fn) load(p place, t types.Type) stdlib.Value {
	if !isScalar(t) {
		return f.loadObject(p, t, nil)
	}
	n := width(t)
	var v *ir.Value
	switch p.mem {
	case memOwn:
		v = f.loadOwn(p, n, types.IsSigned(t))
	case memTrusted:
		v = f.b.Load(p.base, p.off, n, types.IsSigned(t))
	case memCtx:
		v = f.b.Load(p.base, p.off, n, types.IsSigned(t))
		v.Stable = true
	case memWide:
		v = f.b.Load(p.base, p.off, 8, false)
		v.Stable = true
		if f.kind() == attach.KindTracing && !f.numeric(p.off) {
			v = f.b.Number(v)
		}
		v = f.b.Extend(v, n, types.IsSigned(t))
	case memKernel, memUser:
		tmp := f.Temp("read", n, n)
		f.probeRead(tmp, n, p)
		v = f.b.Load(tmp, 0, n, types.IsSigned(t))
	default:
		panic(fmt.Sprintf("BUG: lower: unexpected memory %d", p.mem))
	}
	if p.mem == memCtx {
		return stdlib.Value{V: v, Type: t}
	}
	return stdlib.Value{V: v, Type: forget(p.inherit(t))}
}

// loadOwn reads memory of the program's own, which may be on the stack, where the verifier wants whole words to be aligned: what is
// not, in a packed struct or a bit field, is put together from parts that are.
func (f *fn) loadOwn(p place, n int, signed bool) *ir.Value {
	base, off := peel(p.base, p.off)
	if off%int64(n) == 0 {
		return f.b.Load(p.base, p.off, n, signed)
	}
	v := f.b.Const(0)
	for i := 0; i < n; {
		w := wordAt(off+int64(i), n-i)
		part := f.b.Load(base, off+int64(i), w, signed && i+w == n)
		v = f.b.Binary(ir.OpOr, v, f.b.Binary(ir.OpShl, part, f.b.Const(int64(8*i))))
		i += w
	}
	return v
}

// loadObject returns a memory object at a place, copied to into (or a fresh slot) unless it is the program's own already.
func (f *fn) loadObject(p place, t types.Type, into *ir.Value) stdlib.Value {
	if p.mem == memOwn && into == nil {
		return stdlib.Value{V: f.address(p), Type: t}
	}
	if into == nil {
		into = f.object("copy", t)
	}
	n := types.Sizeof(t)
	if p.mem == memOwn {
		f.copyBytes(into, 0, f.address(p), 0, n)
	} else {
		f.probeRead(into, n, p)
	}
	return stdlib.Value{V: into, Type: t}
}

// probeRead reads n bytes at a place into dst. Where that fails, the helper sets dst to zero.
func (f *fn) probeRead(dst *ir.Value, n int, p place) {
	h := ir.HelperProbeReadKernel
	if p.mem == memUser {
		h = ir.HelperProbeReadUser
	}
	f.checkRead(h, f.b.Call(h, dst, f.b.Const(int64(n)), f.address(p)))
}

// checkRead reports a failed helper where -k asks for it.
func (f *fn) checkRead(h ir.Helper, ret *ir.Value) {
	if !f.opts.DebugHelpers {
		return
	}
	failed, done := f.b.NewBlock("read_failed"), f.b.NewBlock("read")
	f.b.Branch(f.b.Binary(ir.OpSLt, ret, f.b.Const(0)), failed, done)
	f.enter(failed)
	f.helperError(h, ret)
	f.b.Jump(done)
	f.enter(done)
}

// Read reads size bytes at a script pointer or address into dst.
func (f *fn) Read(dst *ir.Value, size int, src stdlib.Value) { f.probeRead(dst, size, f.pointee(src)) }

// fieldValue reads x.f.
func (f *fn) fieldValue(e *ast.FieldExpr, into *ir.Value) stdlib.Value {
	t := f.info.Types[e]
	if r, ok := f.info.Types[e.X].(types.Record); ok {
		return f.recordField(e, r)
	}
	p, field := f.field(e)
	return f.readField(p, field, t, into)
}

// readField reads a field at its place as a value of the type that the checker gave it.
func (f *fn) readField(p place, field types.Field, t types.Type, into *ir.Value) stdlib.Value {
	switch {
	case field.DataLoc:
		return f.dataLoc(p, t, into)
	case field.BitSize > 0:
		return f.bitfield(p, field, t)
	}
	if s, ok := t.(types.String); ok {
		if arr, ok := field.Type.(types.Array); ok {
			return f.charArray(p, arr, s, into)
		}
	}
	if !isScalar(t) {
		if p.mem == memOwn {
			into = nil
		}
		return f.loadObject(p, t, into)
	}
	return f.load(p, f.fieldType(p, field.Type, t))
}

// fieldType is the type with which a field is loaded. What the checker says about it counts, except for its size in memory.
func (f *fn) fieldType(p place, field, checked types.Type) types.Type {
	if _, ok := checked.(types.Int); ok && isScalar(field) && types.Sizeof(field) != types.Sizeof(checked) {
		return field
	}
	if ptr, ok := checked.(types.Pointer); ok && p.mem != memWide {
		ptr.Trusted = false
		return ptr
	}
	return checked
}

// charArray reads a char array as a string.
func (f *fn) charArray(p place, arr types.Array, s types.String, into *ir.Value) stdlib.Value {
	if into == nil {
		into = f.object("chars", s)
	}
	n := min(types.Sizeof(arr), s.Size)
	if n < s.Size {
		f.zeroBytes(into, 0, s.Size)
	}
	if p.mem == memOwn {
		f.copyBytes(into, 0, f.address(p), 0, n)
	} else {
		f.probeRead(into, n, p)
	}
	return stdlib.Value{V: into, Type: s, Loose: true}
}

// dataLoc is the value of a tracepoint's __data_loc field: the address of its data, which lies in the event's record, or the
// string there.
func (f *fn) dataLoc(p place, t types.Type, into *ir.Value) stdlib.Value {
	loc := f.load(p, types.Uint32).V
	offset := f.b.Binary(ir.OpAnd, loc, f.b.Const(0xffff))
	addr := f.b.Binary(ir.OpAdd, f.b.Ctx(), offset)
	if s, ok := t.(types.String); ok {
		return f.readStr(place{base: addr, mem: memKernel}, s, nil, into)
	}
	if !isScalar(t) {
		return f.loadObject(place{base: addr, mem: memKernel}, t, into)
	}
	return stdlib.Value{V: addr, Type: types.Pointer{Elem: types.Int8, Space: types.SpaceKernel}}
}

// bitfield reads the bytes that hold a bitfield and cuts it out. Bytes beside them may be beyond the end of the struct, and of
// what can be read.
func (f *fn) bitfield(p place, field types.Field, t types.Type) stdlib.Value {
	p = p.at(int64(field.BitOffset / 8))
	bit := field.BitOffset % 8
	op := ir.OpLShr
	if types.IsSigned(t) {
		op = ir.OpAShr
	}
	v := f.bits(p, bit, field.BitSize)
	v = f.b.Binary(ir.OpShl, v, f.b.Const(int64(64-field.BitSize)))
	return stdlib.Value{V: f.b.Binary(op, v, f.b.Const(int64(64-field.BitSize))), Type: t}
}

// bits returns a number whose lowest size bits are those that begin at a bit of the first byte at p.
func (f *fn) bits(p place, bit, size int) *ir.Value {
	var all *ir.Value
	for at, n := 0, (bit+size+7)/8; at < n; {
		w := 8
		for w > n-at {
			w /= 2
		}
		v := f.load(p.at(int64(at)), types.Int{Size: w}).V
		switch shift := int64(8*at - bit); {
		case shift < 0:
			v = f.b.Binary(ir.OpLShr, v, f.b.Const(-shift))
		case shift > 0:
			v = f.b.Binary(ir.OpShl, v, f.b.Const(shift))
		}
		if all == nil {
			all = v
		} else {
			all = f.b.Binary(ir.OpOr, all, v)
		}
		at += w
	}
	return all
}
