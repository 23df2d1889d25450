package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

func (f *fn) block(b *ast.Block) { f.stmts(b.Stmts) }

// stmts makes the code of statements up to the first one after which nothing runs.
func (f *fn) stmts(list []ast.Stmt) {
	for _, s := range list {
		if f.b.Terminated() {
			return
		}
		f.stmt(s)
	}
}

func (f *fn) stmt(s ast.Stmt) {
	f.b.Span = s.Span()
	switch s := s.(type) {
	case *ast.ExprStmt:
		f.exprStmt(s.X)
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.LetStmt:
		f.let(s)
	case *ast.IfStmt:
		f.ifStmt(s)
	case *ast.ReturnStmt:
		f.returnStmt(s)
	case *ast.BlockStmt:
		f.block(s.Body)
	case *ast.WhileStmt:
		f.while(s)
	case *ast.ForRangeStmt:
		f.forRange(s)
	case *ast.ForMapStmt:
		f.forMap(s)
	case *ast.UnrollStmt:
		n, _ := f.constant(s.Count)
		for range n {
			if !f.b.Terminated() {
				f.block(s.Body)
			}
		}
	case *ast.BreakStmt:
		f.leaveLoop(true)
	case *ast.ContinueStmt:
		f.leaveLoop(false)
	case *ast.BadStmt:
		panic(fmt.Sprintf("BUG: lower: %T was accepted by the checker", s))
	default:
		panic(fmt.Sprintf("BUG: lower: unexpected statement %T", s))
	}
}

// exprStmt executes an expression for its effect.
func (f *fn) exprStmt(e ast.Expr) {
	if x, ok := e.(*ast.IncDecExpr); ok {
		f.incDec(x, false)
		return
	}
	f.expr(e)
}

func (f *fn) returnStmt(s *ast.ReturnStmt) {
	if f.called != nil {
		f.returnFrom(s.Value)
		return
	}
	if s.Value == nil {
		f.ret()
		return
	}
	f.retValue(f.number(s.Value))
}

func (f *fn) ifStmt(s *ast.IfStmt) {
	if s.Comptime {
		f.comptimeIf(s)
		return
	}
	then, els := f.b.NewBlock("then"), f.b.NewBlock("else")
	f.cond(s.Cond, then, els)
	var done *ir.Block
	for i, blk := range []*ir.Block{then, els} {
		f.enter(blk)
		switch {
		case i == 0:
			f.block(s.Then)
		case s.Else != nil:
			f.stmt(s.Else)
		}
		if f.b.Terminated() {
			continue
		}
		if done == nil {
			done = f.b.NewBlock("endif")
		}
		f.b.Jump(done)
	}
	if done != nil {
		f.enter(done)
	}
}

// comptimeIf makes only the code of the arm that is chosen at compile time.
func (f *fn) comptimeIf(s *ast.IfStmt) {
	c, _ := f.constant(s.Cond)
	switch {
	case c != 0:
		f.block(s.Then)
	case s.Else != nil:
		f.stmt(s.Else)
	}
}

func (f *fn) let(s *ast.LetStmt) {
	v := f.info.Vars[s.Var]
	if v == nil || types.IsInvalid(v.Type) || f.isArgs(v.Type) {
		return // declared and never used, or another name of args
	}
	if s.Value != nil {
		f.setVar(v, s.Value)
		return
	}
	if isScalar(v.Type) {
		f.writeVar(v, f.b.Const(0))
		return
	}
	f.zeroBytes(f.addressOf(v), 0, types.Align(types.Sizeof(v.Type), 8))
}

func (f *fn) assign(s *ast.AssignStmt) {
	switch target := s.Target.(type) {
	case *ast.Ident: // `_ = e`
		f.expr(s.Value)
	case *ast.VarExpr:
		v := f.info.Vars[target]
		if s.Op == ast.AssignNone {
			f.setVar(v, s.Value)
			return
		}
		y := func() *ir.Value { return f.number(s.Value) }
		r := f.compound(s, f.readVar(v), y, v.Type)
		f.writeVar(v, f.widen(r, v.Type).V)
	case *ast.MapExpr:
		f.assignMap(s, target)
	default: // the checker lets nothing else be assigned to
		bug("assignment to %T", s.Target)
	}
}

// compound is `x op= y` on an integer or pointer of type t.
func (f *fn) compound(s *ast.AssignStmt, x *ir.Value, y func() *ir.Value, t types.Type) stdlib.Value {
	if p, ok := t.(types.Pointer); ok {
		n := f.b.Binary(ir.OpMul, y(), f.b.Const(max(1, sizeof(p.Elem))))
		return stdlib.Value{V: f.b.Binary(arith[s.Op], x, n), Type: forget(t)}
	}
	return f.arith(s, s.Op, x, y, t, number(f.info.Types[s.Value]), s.Value, types.Int{Size: 8, Signed: types.IsSigned(t)})
}

// setVar assigns to a scratch variable.
func (f *fn) setVar(v *check.Var, e ast.Expr) {
	if isScalar(v.Type) {
		f.writeVar(v, f.widen(f.expr(e), v.Type).V)
		return
	}
	if f.isArgs(v.Type) {
		return
	}
	dst := f.addressOf(v)
	pad := !isLoose(v.Type)
	if f.reads(e, v) { // built beside the variable, since the expression still reads it
		f.put(dst, 0, f.expr(e), v.Type, pad)
	} else {
		f.putExpr(dst, 0, e, v.Type, pad)
	}
	if f.storage(v).cell != nil {
		f.openMemory(v)
	}
}

// reads reports whether an expression may read a variable. It looks into the few forms that can be built in place.
func (f *fn) reads(e ast.Expr, v *check.Var) bool {
	switch e := e.(type) {
	case *ast.VarExpr:
		return f.info.Vars[e] == v
	case *ast.Ident, *ast.StringLit, *ast.IntLit, *ast.BoolLit, *ast.PosParam:
		return false
	case *ast.CallExpr:
		for _, a := range e.Args {
			if f.reads(a, v) {
				return true
			}
		}
		return false
	case *ast.FieldExpr:
		return f.reads(e.X, v)
	default: // no other type matters here
	}
	return true
}

// bug stops gtrace over a tree that the checker must not have let through.
func bug(format string, args ...any) { panic("BUG: lower: " + fmt.Sprintf(format, args...)) }
