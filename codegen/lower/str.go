package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// fullStrlen is the string size from which a string that was cut is not marked as such any more.
const fullStrlen = 1024

// Text returns a string that is known at compile time.
func (f *fn) Text(s string) stdlib.Value { return f.text(s, len(s)+1, nil) }

func (f *fn) text(s string, size int, into *ir.Value) stdlib.Value {
	t := types.String{Size: size}
	if into == nil {
		into = f.object("text", t)
	}
	f.putText(into, 0, s, size)
	return stdlib.Value{V: into, Type: t}
}

// ReadStr reads the string at a script pointer or address.
func (f *fn) ReadStr(c stdlib.Call, src stdlib.Value, limit *ir.Value) stdlib.Value {
	t := c.Result.(types.String)
	if s, ok := src.Type.(types.String); ok {
		if limit == nil && s.Size <= t.Size {
			return src
		}
		return f.readStr(place{base: src.V, mem: memKernel}, t, limit, c.Into)
	}
	p := f.pointee(src)
	if p.mem != memUser {
		p.mem = memKernel
	}
	return f.readStr(p, t, limit, c.Into)
}

// readStr reads a string of at most t.Size-1 bytes and its NUL. Strings that are shorter than fullStrlen and have no limit of
// their own are read with one byte more, and the last one is dropped: a string that was cut then has no NUL, which the
// printers show.
func (f *fn) readStr(p place, t types.String, limit, into *ir.Value) stdlib.Value {
	size := t.Size
	if limit == nil && size < fullStrlen {
		size, into = size+1, nil
	}
	if into == nil {
		into = f.Temp("str", types.Align(size, 8), 8)
	}
	n := f.b.Const(int64(size))
	switch {
	case limit != nil && limit.Op == ir.OpConst:
		n = limit
	case limit != nil:
		n = f.clamp(limit, int64(size))
	}
	if limit != nil {
		f.zeroBytes(into, 0, size) // the helper does not touch what is beyond the limit
	}
	h := ir.HelperProbeReadKernelStr
	if p.mem == memUser {
		h = ir.HelperProbeReadUserStr
	}
	ret := f.b.Call(h, into, n, f.address(p))
	return stdlib.Value{V: into, Type: t, Len: f.readLen(h, into, ret, t.Size), Loose: true}
}

// readLen is the number of bytes that a string helper has stored. A failed read makes the empty string.
func (f *fn) readLen(h ir.Helper, dst, ret *ir.Value, size int) *ir.Value {
	n := f.b.NewVariable(ir.I64)
	failed, done := f.b.NewBlock("str_failed"), f.b.NewBlock("str")
	f.b.Define(n, ret)
	f.b.Branch(f.b.Binary(ir.OpSLt, ret, f.b.Const(1)), failed, done)
	f.enter(failed)
	if f.opts.DebugHelpers {
		f.helperError(h, ret)
	}
	f.b.Store(dst, 0, 1, f.b.Const(0))
	f.b.Define(n, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(n)
}

// clamp returns n, but at most limit, and 0 for negative numbers.
func (f *fn) clamp(n *ir.Value, limit int64) *ir.Value {
	out := f.b.NewVariable(ir.I64)
	over, done := f.b.NewBlock("over"), f.b.NewBlock("clamped")
	f.b.Define(out, n)
	f.b.Branch(f.b.Binary(ir.OpULe, n, f.b.Const(limit)), done, over)
	f.enter(over)
	f.b.Define(out, f.b.Const(limit))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(out)
}

// putString stores a string value as an object of size bytes. With pad, all bytes after its NUL become zero, as map keys
// need it.
func (f *fn) putString(dst *ir.Value, off int64, v stdlib.Value, size int, pad bool) {
	from := v.Type.(types.String).Size
	switch {
	case pad && v.Loose:
		f.zeroBytes(dst, off, size)
		f.cutString(dst, off, v, min(size, from))
	case !pad && from >= fullStrlen && size >= fullStrlen:
		f.cutString(dst, off, v, min(size, from))
	default:
		f.copyBytes(dst, off, v.V, 0, min(size, from))
		if size > from {
			f.zeroBytes(dst, off+int64(from), size-from)
		}
	}
}

// cutString copies a string up to its NUL, without touching what is behind it. A string without a NUL within n bytes is
// copied whole.
func (f *fn) cutString(dst *ir.Value, off int64, v stdlib.Value, n int) {
	to := f.b.AddImm(dst, off)
	if n >= fullStrlen {
		f.b.Call(ir.HelperProbeReadKernelStr, to, f.b.Const(int64(n)), v.V)
		return
	}
	if v.Len == nil {
		ret := f.b.Call(ir.HelperProbeReadKernelStr, to, f.b.Const(int64(n)), v.V)
		f.copyLast(dst, off, v, n, ret)
		return
	}
	f.b.Call(ir.HelperProbeReadKernel, to, f.clamp(v.Len, int64(n)), v.V)
}

// copyLast copies the last of n bytes if all of them were used: the helper has put a NUL there, characters of C need none.
func (f *fn) copyLast(dst *ir.Value, off int64, v stdlib.Value, n int, used *ir.Value) {
	full, done := f.b.NewBlock("full"), f.b.NewBlock("copied")
	f.b.Branch(f.b.Binary(ir.OpEq, used, f.b.Const(int64(n))), full, done)
	f.enter(full)
	f.b.Store(dst, off+int64(n)-1, 1, f.b.Load(v.V, int64(n)-1, 1, false))
	f.b.Jump(done)
	f.enter(done)
}

// equalText compares a string with a text that is known at compile time, by words, its NUL included.
func (f *fn) equalText(v stdlib.Value, s string) *ir.Value {
	size := v.Type.(types.String).Size
	if len(s)+1 > size {
		if len(s) != size {
			return f.b.Const(0)
		}
	}
	want := append([]byte(s), 0)
	n := min(len(want), size)
	result := f.b.NewVariable(ir.I64)
	done := f.b.NewBlock("compared")
	base, off := peel(v.V, 0)
	for i := 0; i < n; {
		w := wordAt(off+int64(i), n-i)
		word := f.b.Load(base, off+int64(i), w, w == 4)
		same := f.b.Binary(ir.OpEq, word, f.b.Const(littleEndian(want[i:i+w])))
		i += w
		f.b.Define(result, same)
		if i < n {
			f.b.Define(result, f.b.Const(0))
			next := f.b.NewBlock("same")
			f.b.Branch(same, next, done)
			f.enter(next)
			continue
		}
		f.b.Jump(done)
	}
	f.enter(done)
	return f.b.Use(result)
}

// largeCompare is the number of bytes from which two strings are compared in a loop.
const largeCompare = 128

// equalStrings compares two strings whose contents are only known at run time.
func (f *fn) equalStrings(x, y stdlib.Value) *ir.Value {
	n := types.Align(max(x.Type.(types.String).Size, y.Type.(types.String).Size), 8)
	a, c := f.padded(x, n), f.padded(y, n)
	if n > largeCompare {
		return f.equalLoop(a, c, n)
	}
	return f.equalBytes(a, c, n)
}

// padded returns the address of n bytes that hold the string and zeros.
func (f *fn) padded(v stdlib.Value, n int) *ir.Value {
	if _, off := peel(v.V, 0); !v.Loose && off%8 == 0 && v.Type.(types.String).Size == n {
		return v.V
	}
	size := n
	if n > largeCompare {
		size = max(n, 264) // in memory that may be indexed by a variable on every kernel
	}
	dst := f.Temp("padded", size, 8)
	f.putString(dst, 0, v, n, true)
	return dst
}

// equalBytes compares n bytes by words.
func (f *fn) equalBytes(x, y *ir.Value, n int) *ir.Value {
	result := f.b.NewVariable(ir.I64)
	done := f.b.NewBlock("compared")
	f.b.Define(result, f.b.Const(0))
	x, xOff := peel(x, 0)
	y, yOff := peel(y, 0)
	for i := 0; i < n; {
		w := min(wordAt(xOff+int64(i), n-i), wordAt(yOff+int64(i), n-i))
		same := f.b.Binary(ir.OpEq, f.b.Load(x, xOff+int64(i), w, false), f.b.Load(y, yOff+int64(i), w, false))
		i += w
		next := f.b.NewBlock("same")
		f.b.Branch(same, next, done)
		f.enter(next)
	}
	f.b.Define(result, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// equalLoop compares n bytes, a multiple of 8, in a bounded loop.
func (f *fn) equalLoop(x, y *ir.Value, n int) *ir.Value {
	result, i := f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64)
	head, body, next, done := f.b.NewBlock("loop"), f.b.NewBlock("words"), f.b.NewBlock("next"), f.b.NewBlock("compared")
	f.b.Define(i, f.b.Const(0))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Define(result, f.b.Const(1))
	f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(i), f.b.Const(int64(n))), body, done)
	f.enter(body)
	word := func(p *ir.Value) *ir.Value { return f.b.Load(f.b.Binary(ir.OpAdd, p, f.b.Use(i)), 0, 8, false) }
	same := f.b.Binary(ir.OpEq, word(x), word(y))
	f.b.Define(result, f.b.Const(0))
	f.b.Branch(same, next, done)
	f.enter(next)
	f.b.Define(i, f.b.AddImm(f.b.Use(i), 8))
	f.b.Jump(head)
	f.b.Seal(head)
	f.enter(done)
	return f.b.Use(result)
}
