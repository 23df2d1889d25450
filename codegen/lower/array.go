package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// addressTaken is &$x or &@x as a number, which scripts may keep, print and compute with as they like. The kernel refuses that of a
// pointer whose kind it knows: the pointer goes to memory and comes back through a helper that says nothing of it.
func (f *fn) addressTaken(x ast.Expr) *ir.Value {
	p := f.addressKnown(x)
	known, plain := f.Temp("pointer", 8, 8), f.Temp("address", 8, 8)
	f.b.Store(known, 0, 8, p)
	f.b.Call(ir.HelperProbeReadKernel, plain, f.b.Const(8), known)
	return f.b.Load(plain, 0, 8, false)
}

// addressKnown is &$x or &@x as a pointer of which the kernel knows what it points to.
func (f *fn) addressKnown(x ast.Expr) *ir.Value {
	switch x := x.(type) {
	case *ast.VarExpr:
		return f.addressOf(f.info.Vars[x])
	case *ast.MapExpr:
		info := f.mapOf(x)
		if info.scalar() && !info.perCPU {
			return f.b.MapValue(info.spec, 0)
		}
		return f.b.MapPtr(info.spec)
	default: // the checker lets nothing else have an address
		bug("address of %T", x)
	}
	return nil
}

// arrayOf is a cast to an array: its elements are the bytes of a number or of a string.
func (f *fn) arrayOf(e ast.Expr, t types.Array) stdlib.Value {
	v := f.expr(e)
	if types.Equal(v.Type, t) {
		return v
	}
	dst := f.object("array", t)
	if s, ok := v.Type.(types.String); ok {
		f.putString(dst, 0, v, s.Size, true)
		return stdlib.Value{V: dst, Type: t}
	}
	n := types.Sizeof(t)
	for off := 0; off < n; {
		w := wordAt(int64(off), n-off)
		part := v.V
		if off > 0 {
			part = f.b.Binary(ir.OpLShr, part, f.b.Const(int64(8*off)))
		}
		f.b.Store(dst, int64(off), w, part)
		off += w
	}
	return stdlib.Value{V: dst, Type: t}
}

// numberOf reads the bytes of an array as a number of the size of t.
func (f *fn) numberOf(v stdlib.Value, t types.Type) stdlib.Value {
	n := types.Sizeof(v.Type)
	base, from := peel(v.V, 0)
	var out *ir.Value
	for off := 0; off < n; {
		w := wordAt(from+int64(off), n-off)
		part := f.b.Load(base, from+int64(off), w, false)
		if out == nil {
			out = part
		} else {
			out = f.b.Binary(ir.OpOr, out, f.b.Binary(ir.OpShl, part, f.b.Const(int64(8*off))))
		}
		off += w
	}
	if n < 8 {
		out = f.b.Extend(out, n, types.IsSigned(t))
	}
	return stdlib.Value{V: out, Type: types.Int{Size: n, Signed: types.IsSigned(t)}}
}
