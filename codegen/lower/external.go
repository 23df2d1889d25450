package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// callExternal calls a function of an imported object file.
func (f *fn) callExternal(e *ast.CallExpr, x *check.External) stdlib.Value {
	if f.mod.Extern(x.Symbol) == nil {
		f.mod.Externs = append(f.mod.Externs, ir.Extern{Name: x.Symbol, Args: len(x.Params), Stack: x.Stack, Depth: x.Depth})
	}
	args := make([]*ir.Value, len(e.Args))
	for i, a := range e.Args {
		args[i] = f.externalArg(a, x.Params[i].Type)
	}
	ret := f.b.CallFunc(x.Symbol, args...)
	switch t := x.Result.(type) {
	case types.Void:
		return stdlib.Value{Type: t}
	case types.Pointer:
		return stdlib.Value{V: ret, Type: forget(t)}
	default: // what is above a number's own bytes is undefined
		return stdlib.Value{V: f.b.Extend(ret, width(t), types.IsSigned(t)), Type: t}
	}
}

// externalArg returns an argument as a C function wants it. An address that is taken here stays a pointer of which the kernel knows what
// it points to, so that the function can read there.
func (f *fn) externalArg(a ast.Expr, t types.Type) *ir.Value {
	if _, ok := t.(types.Pointer); !ok {
		return f.convert(f.expr(a), number(t)).V
	}
	if u, ok := a.(*ast.UnaryExpr); ok && u.Op == ast.AddrOf {
		return f.addressKnown(u.X)
	}
	return f.expr(a).V
}
