package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// cond goes to then if e is true and to els if not. Logical operators become jumps. The caller seals the two blocks.
func (f *fn) cond(e ast.Expr, then, els *ir.Block) {
	if _, known := f.info.Consts[e]; !known {
		switch e := e.(type) {
		case *ast.UnaryExpr:
			if e.Op == ast.Not && isScalar(f.info.Types[e.X]) {
				f.cond(e.X, els, then)
				return
			}
		case *ast.BinaryExpr:
			if e.Op.IsLogical() {
				f.condLogical(e, then, els)
				return
			}
		default: // no other type matters here
		}
	}
	v := f.expr(e)
	if _, ok := v.Type.(types.String); ok { // true unless empty
		v.V = f.b.Load(v.V, 0, 1, false)
	}
	f.b.Branch(v.V, then, els)
}

func (f *fn) condLogical(e *ast.BinaryExpr, then, els *ir.Block) {
	next := f.b.NewBlock("and")
	if e.Op == ast.LogAnd {
		f.cond(e.X, next, els)
	} else {
		next.Name = "or"
		f.cond(e.X, then, next)
	}
	f.enter(next)
	f.cond(e.Y, then, els)
}

// logical is && or || as a value.
func (f *fn) logical(e *ast.BinaryExpr, t types.Type) stdlib.Value {
	then, els, done := f.b.NewBlock("true"), f.b.NewBlock("false"), f.b.NewBlock("logical")
	result := f.b.NewVariable(ir.I64)
	f.condLogical(e, then, els)
	f.enter(then)
	f.b.Define(result, f.b.Const(1))
	f.b.Jump(done)
	f.enter(els)
	f.b.Define(result, f.b.Const(0))
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: f.b.Use(result), Type: t}
}
