package expand

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/ast"
)

// stmt replaces a statement.
func (e *expander) stmt(r *ast.Rewriter, f *frame, s ast.Stmt) (ast.Stmt, bool) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return e.exprStmt(r, f, s)
	case *ast.AssignStmt:
		return e.assign(r, f, s), true
	case *ast.LetStmt:
		s.Value, s.Type = r.Expression(s.Value), r.TypeExpr(s.Type)
		if f != nil && f.vars[s.Var.Name] != nil {
			at := s.At
			at.End = s.Var.At.End
			e.diags.Errorf(at, codeMacro, "Variable declaration shadows macro arg $%s", s.Var.Name)
		}
		f.own(s.Var)
		f.renameVar(s.Var)
		return s, true
	case *ast.ForMapStmt:
		if _, ok := e.mapExpr(f, s.Map); ok {
			return &ast.BadStmt{Place: s.Place}, true
		}
		f.own(s.Var)
		f.renameVar(s.Var)
		r.Block(s.Body)
		return s, true
	case *ast.ForRangeStmt:
		s.Start, s.End = r.Expression(s.Start), r.Expression(s.End)
		f.own(s.Var)
		f.renameVar(s.Var)
		r.Block(s.Body)
		return s, true
	case *ast.IfStmt, *ast.WhileStmt, *ast.UnrollStmt, *ast.BreakStmt, *ast.ContinueStmt, *ast.ReturnStmt, *ast.BlockStmt, *ast.BadStmt:
	default:
		panic(fmt.Sprintf("BUG: expand: unexpected statement %T", s))
	}
	return s, false
}

// exprStmt replaces an expression that stands alone: what a macro's parameter stands for may be statements, as a macro's body is.
func (e *expander) exprStmt(r *ast.Rewriter, f *frame, s *ast.ExprStmt) (ast.Stmt, bool) {
	switch x := s.X.(type) {
	case *ast.CallExpr, *ast.Ident:
		if _, ok := f.name(x); ok {
			s.X = r.Expression(x)
			return s, true
		}
		if out, called, ok := e.call(r, f, x); called {
			if !ok {
				return &ast.BadStmt{Place: s.Place}, true
			}
			return out.stmt(x.Span()), true
		}
		return s, true
	default: // no other expression is a call
	}
	return s, false
}

// assign rewrites an assignment. A macro whose value is an aggregate can only be that to a map: the map takes the aggregate itself
// then, behind the statements of the macro.
func (e *expander) assign(r *ast.Rewriter, f *frame, s *ast.AssignStmt) ast.Stmt {
	s.Value = r.Expression(s.Value)
	f.own(s.Target)
	s.Target = r.Expression(s.Target)
	_, toMap := s.Target.(*ast.MapExpr)
	block, ok := s.Value.(*ast.BlockExpr)
	if !toMap || !ok || s.Op != ast.AssignNone || !block.At.IsValid() {
		return s
	}
	call, ok := block.Value.(*ast.CallExpr)
	if !ok {
		return s
	}
	s.Value = call
	return &ast.BlockStmt{Place: s.Place, Body: &ast.Block{Place: s.Place, Stmts: append(block.Stmts, s)}}
}
