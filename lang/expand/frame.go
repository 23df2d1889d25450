package expand

import (
	"fmt"
	"slices"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// frame is one call of a macro; a nil frame is the script itself.
type frame struct {
	outer *frame
	macro *ast.MacroDecl
	// vars, maps and names are the arguments by parameter.
	vars  map[string]*ast.VarExpr
	maps  map[string]string
	names map[string]ast.Expr
	// locals are the scratch variables that the macro has assigned to so far; mark makes them its own.
	locals map[string]bool
	mark   int
}

// bind gives a parameter its argument, which it takes.
func (f *frame) bind(param, arg ast.Expr) {
	switch p := param.(type) {
	case *ast.VarExpr:
		f.vars[p.Name] = arg.(*ast.VarExpr)
	case *ast.MapExpr:
		f.maps[p.Name] = arg.(*ast.MapExpr).Name
	case *ast.Ident:
		f.names[p.Name] = arg
	default: // the parser has reported it
	}
}

// chain returns the names of the macros that are being expanded from m on; found is false if m is not.
func (f *frame) chain(m *ast.MacroDecl) (names []string, found bool) {
	first := f
	for first != nil && first.macro != m {
		first = first.outer
	}
	if first == nil {
		return nil, false
	}
	for ; f != first.outer; f = f.outer {
		names = append(names, f.macro.Name)
	}
	slices.Reverse(names)
	return names, true
}

func (f *frame) depth() int {
	n := 0
	for ; f != nil; f = f.outer {
		n++
	}
	return n
}

// rewriter returns what replaces the calls of macros, and in a macro's body also its parameters and variables.
func (e *expander) rewriter(f *frame) *ast.Rewriter {
	r := &ast.Rewriter{}
	r.Expr = func(x ast.Expr) (ast.Expr, bool) { return e.expr(r, f, x) }
	r.Stmt = func(s ast.Stmt) (ast.Stmt, bool) { return e.stmt(r, f, s) }
	if f != nil {
		r.Type = func(t ast.TypeExpr) (ast.TypeExpr, bool) { return e.typ(f, t) }
	}
	return r
}

// expr replaces an expression.
func (e *expander) expr(r *ast.Rewriter, f *frame, x ast.Expr) (ast.Expr, bool) {
	switch x := x.(type) {
	case *ast.CallExpr, *ast.Ident:
		if arg, ok := f.name(x); ok {
			return e.lend(arg, x.Span()), true
		}
		if out, called, ok := e.call(r, f, x); called {
			if !ok {
				return &ast.BadExpr{Place: ast.Place{At: x.Span()}}, true
			}
			return out.expr(x.Span()), true
		}
		_, isCall := x.(*ast.CallExpr)
		return x, isCall
	case *ast.VarExpr:
		f.renameVar(x)
	case *ast.MapExpr:
		return e.mapExpr(f, x)
	case *ast.SizeofExpr:
		x.X, x.Type = e.operand(f, x.X, x.Type)
	case *ast.OffsetofExpr:
		x.X, x.Type = e.operand(f, x.X, x.Type)
	case *ast.TypeofExpr:
		x.X, x.Type = e.operand(f, x.X, x.Type)
	case *ast.TypeinfoExpr:
		x.X, x.Type = e.operand(f, x.X, x.Type)
	case *ast.BinaryExpr, *ast.IntLit, *ast.StringLit, *ast.BoolLit, *ast.PosParam, *ast.UnaryExpr, *ast.IncDecExpr, *ast.TernaryExpr, *ast.FieldExpr,
		*ast.TupleIndexExpr, *ast.IndexExpr, *ast.CastExpr, *ast.TupleLit, *ast.RecordLit, *ast.BlockExpr, *ast.IfExpr, *ast.ComptimeExpr,
		*ast.BadExpr:
	default:
		panic(fmt.Sprintf("BUG: expand: unexpected expression %T", x))
	}
	return x, false
}

// call expands a call of a macro, or a bare name that is one. called is false for anything else, whose arguments are rewritten
// then; ok is false after an error.
func (e *expander) call(r *ast.Rewriter, f *frame, x ast.Expr) (out expansion, called, ok bool) {
	name, args := "", []ast.Expr(nil)
	switch x := x.(type) {
	case *ast.Ident:
		if reserved.MatchString(x.Name) {
			return expansion{}, false, false
		}
		name = x.Name
	case *ast.CallExpr:
		r.Arguments(x)
		name, args = x.Func, x.Args
	default: // no other expression calls a macro
		return expansion{}, false, false
	}
	m, found := e.match(x.Span(), name, args)
	if !found || m == nil {
		return expansion{}, found, false
	}
	out, ok = e.expand(f, x.Span(), m, args)
	return out, true, ok
}

// name returns the argument that a bare name stands for.
func (f *frame) name(x ast.Expr) (ast.Expr, bool) {
	id, ok := x.(*ast.Ident)
	if f == nil || !ok {
		return nil, false
	}
	arg, ok := f.names[id.Name]
	return arg, ok
}

// renameVar makes a scratch variable of a body the argument that it stands for, or the macro's own if it is that.
func (f *frame) renameVar(x *ast.VarExpr) {
	if f == nil {
		return
	}
	if arg, ok := f.vars[x.Name]; ok {
		x.Name, x.Mark = arg.Name, arg.Mark
	} else if f.locals[x.Name] {
		x.Mark = f.mark
	}
}

// own makes a scratch variable that the macro assigns to its own.
func (f *frame) own(x ast.Expr) {
	v, ok := x.(*ast.VarExpr)
	if f == nil || !ok {
		return
	}
	if _, isParam := f.vars[v.Name]; !isParam {
		f.locals[v.Name] = true
	}
}

func (e *expander) mapExpr(f *frame, x *ast.MapExpr) (ast.Expr, bool) {
	if f == nil {
		return x, false
	}
	name, ok := f.maps[x.Name]
	if !ok {
		at := x.At
		at.End = at.Start + len("@"+x.Name)
		e.diags.Errorf(at, codeMacro, "Unhygienic access to map: @%s. Maps must be passed into the macro as arguments.", x.Name)
		return &ast.BadExpr{Place: x.Place}, true
	}
	x.Name = name
	return x, false
}

// operand gives sizeof and its like, which take a type or a value, what a parameter of the macro stands for.
func (e *expander) operand(f *frame, x ast.Expr, t ast.TypeExpr) (ast.Expr, ast.TypeExpr) {
	if arg, ok := f.name(x); ok {
		if of, ok := arg.(*ast.TypeofExpr); ok && of.Type != nil {
			return nil, e.lendType(of.Type, x.Span())
		}
	}
	return x, t
}

// typ replaces a type that is a parameter by what this stands for: a type, or the type of a value.
func (e *expander) typ(f *frame, t ast.TypeExpr) (ast.TypeExpr, bool) {
	switch t := t.(type) {
	case *ast.TypeofType:
		t.X, t.Type = e.operand(f, t.X, t.Type)
	case *ast.NamedType:
		arg, ok := f.names[t.Name]
		if !ok || t.Keyword != "" {
			return t, false
		}
		switch arg := arg.(type) {
		case *ast.TypeofExpr:
			if arg.Type != nil {
				return e.lendType(arg.Type, t.At), true
			}
		case *ast.Ident:
			return e.lendType(&ast.NamedType{Place: arg.Place, Name: arg.Name}, t.At), true
		default: // the type of a value
		}
		return &ast.TypeofType{Place: t.Place, X: e.lend(arg, t.At)}, true
	case *ast.PointerType, *ast.ArrayType, *ast.TupleType:
	default:
		panic(fmt.Sprintf("BUG: expand: unexpected type %T", t))
	}
	return t, false
}

// lend copies an argument to a place of a body that uses it.
func (e *expander) lend(arg ast.Expr, use diag.Span) ast.Expr {
	if e.full {
		return &ast.BadExpr{Place: ast.Place{At: use}}
	}
	out := ast.CloneExpr(arg)
	e.count(use, ast.Relocate(out, e.lending(use)))
	return out
}

func (e *expander) lendType(t ast.TypeExpr, use diag.Span) ast.TypeExpr {
	out := ast.CloneType(t)
	e.count(use, ast.Relocate(out, e.lending(use)))
	return out
}

// lending returns what moves the spans of an argument to where it is used.
func (e *expander) lending(use diag.Span) func(diag.Span) diag.Span {
	copies := map[*diag.File]*diag.File{}
	return func(s diag.Span) diag.Span {
		if !s.IsValid() {
			return s
		}
		if copies[s.File] == nil {
			copies[s.File] = s.File.Expanded(use)
		}
		s.File = copies[s.File]
		return s
	}
}
