package expand

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// match returns the first macro of a name that takes the arguments. found is false where the name stands for something else
// than a macro; a nil macro has been reported.
func (e *expander) match(at diag.Span, name string, args []ast.Expr) (m *ast.MacroDecl, found bool) {
	all := e.macros[name]
	if len(all) == 0 {
		return nil, false
	}
	for _, m := range all {
		if accepts(m, args) {
			return m, true
		}
	}
	if e.opts.Builtin != nil && e.opts.Builtin(name) {
		return nil, false
	}
	e.mismatch(at, name, closest(all, len(args)), args)
	return nil, true
}

func accepts(m *ast.MacroDecl, args []ast.Expr) bool {
	if len(m.Params) != len(args) {
		return false
	}
	for i, p := range m.Params {
		if !takes(p.Param, args[i]) {
			return false
		}
	}
	return true
}

// closest returns the first macro with that number of parameters, else the first one.
func closest(all []*ast.MacroDecl, n int) *ast.MacroDecl {
	for _, m := range all {
		if len(m.Params) == n {
			return m
		}
	}
	return all[0]
}

// mismatch reports a call that no macro of its name takes.
func (e *expander) mismatch(at diag.Span, name string, m *ast.MacroDecl, args []ast.Expr) {
	d := e.diags.Errorf(at, codeCall, "Call to %s() has arguments that do not match any definition.", name)
	if len(m.Params) != len(args) {
		d.Notef(head(m), "The closest definition of %s() has a different number of arguments. Expected: %d but got %d",
			name, len(m.Params), len(args))
		return
	}
	for i, p := range m.Params {
		if takes(p.Param, args[i]) {
			continue
		}
		d.Notef(args[i].Span(), "Mismatched arg. %s() expects %s for arg %s but got %s.",
			name, kindOf(p.Param), p.Param.Span().Text(), kindOf(args[i]))
		d.Notef(p.At, "This is the argument in the closest definition.")
		return
	}
}

func kindOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.VarExpr:
		return "a variable"
	case *ast.MapExpr:
		if x.Key == nil {
			return "a map"
		}
	default: // an expression like any other
	}
	return "an expression"
}

// expansion is what a call of a macro comes to: statements, and a value unless it is nil.
type expansion struct {
	stmts []ast.Stmt
	value ast.Expr
}

// expand copies the body of a macro for a call of it in a frame, or reports why that cannot be.
func (e *expander) expand(in *frame, at diag.Span, m *ast.MacroDecl, args []ast.Expr) (expansion, bool) {
	if chain, found := in.chain(m); found {
		e.diags.Errorf(at, codeCall, "Recursive macro call detected. Call chain: %s", strings.Join(append(chain, m.Name), " > "))
		return expansion{}, false
	}
	if in.depth() >= maxDepth {
		e.tooLarge(at, "macros call each other more than %d levels deep", maxDepth)
	}
	if e.full {
		return expansion{}, false
	}
	f := &frame{outer: in, macro: m, locals: map[string]bool{}, vars: map[string]*ast.VarExpr{}, maps: map[string]string{}, names: map[string]ast.Expr{}}
	for i, p := range m.Params {
		f.bind(p.Param, args[i])
	}
	body := ast.CloneBlock(m.Body)
	file := m.At.File.Expanded(at)
	e.count(at, ast.Relocate(body, func(s diag.Span) diag.Span {
		s.File = file
		return s
	}))
	e.marks++
	f.mark = e.marks
	e.rewriter(f).Block(body)
	if e.full {
		return expansion{}, false
	}
	return split(body.Stmts), true
}

// count adds nodes that were copied to their number.
func (e *expander) count(at diag.Span, n int) {
	if e.nodes += n; e.nodes > maxNodes {
		e.tooLarge(at, "the macros of this script expand to more than %d parts", maxNodes)
	}
}

// tooLarge reports, once, that macros have reached a limit.
func (e *expander) tooLarge(at diag.Span, format string, limit int) {
	if !e.full {
		e.full = true
		e.diags.Errorf(at.Written(), "macro-size", format, limit)
	}
}

// split takes the value off the end of statements.
func split(stmts []ast.Stmt) expansion {
	if n := len(stmts); n > 0 {
		if v := valueOf(stmts[n-1]); v != nil {
			return expansion{stmts[:n-1], v}
		}
	}
	return expansion{stmts: stmts}
}

// valueOf returns the value of a statement that ends a body, or nil if it has none.
func valueOf(s ast.Stmt) ast.Expr {
	switch s := s.(type) {
	case *ast.ExprStmt:
		if b, ok := s.X.(*ast.BlockExpr); ok && len(b.Stmts) == 0 && b.Value != nil {
			return b.Value
		}
		return s.X
	case *ast.BadStmt:
		return &ast.BadExpr{Place: s.Place}
	case *ast.BlockStmt:
		if x := blockValue(s.Body); x.Value != nil {
			return x
		}
	case *ast.IfStmt:
		return ifValue(s)
	default: // no other statement has a value
	}
	return nil
}

// ifValue is an if as an expression. One that is decided by the compiler may have branches without a value.
func ifValue(s *ast.IfStmt) ast.Expr {
	x := &ast.IfExpr{Place: s.Place, Comptime: s.Comptime, Cond: s.Cond, Then: blockValue(s.Then)}
	if s.Else != nil {
		x.Else = valueOf(s.Else)
		if b, ok := s.Else.(*ast.BlockStmt); ok && x.Else == nil && s.Comptime {
			x.Else = blockValue(b.Body)
		}
	}
	if !s.Comptime && (x.Then.Value == nil || x.Else == nil) || s.Comptime && s.Else != nil && x.Else == nil {
		return nil
	}
	return x
}

func blockValue(b *ast.Block) *ast.BlockExpr {
	x := split(b.Stmts)
	return &ast.BlockExpr{Place: b.Place, Stmts: x.stmts, Value: x.value}
}

// expr is an expansion in the place of an expression.
func (x expansion) expr(at diag.Span) ast.Expr {
	if len(x.stmts) == 0 && x.value != nil {
		return x.value
	}
	return &ast.BlockExpr{Place: ast.Place{At: at}, Stmts: x.stmts, Value: x.value}
}

// stmt is an expansion in the place of a statement. What the last call of the body returns is that call's business; any other
// value is the macro's.
func (x expansion) stmt(at diag.Span) ast.Stmt {
	place := ast.Place{At: at}
	switch v := x.value.(type) {
	case nil:
	case *ast.CallExpr:
		x.stmts = append(x.stmts, &ast.ExprStmt{Place: v.Place, X: v})
	default:
		return &ast.ExprStmt{Place: place, X: &ast.BlockExpr{Place: place, Stmts: x.stmts, Value: v}}
	}
	return &ast.BlockStmt{Place: place, Body: &ast.Block{Place: place, Stmts: x.stmts}}
}
