package lower

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// origin returns what a variable stands for that is assigned once, at its declaration: a builtin, or fields of one. Read again there, a
// pointer is one that the verifier knows. Other expressions are their own origin.
func (f *fn) origin(x ast.Expr) ast.Expr {
	for {
		v, ok := x.(*ast.VarExpr)
		if !ok {
			return x
		}
		if f.origins == nil {
			f.origins = f.findOrigins()
		}
		from := f.origins[f.info.Vars[v]]
		if from == nil {
			return x
		}
		x = from
	}
}

// findOrigins finds the variables of the program that have an origin.
func (f *fn) findOrigins() map[*check.Var]ast.Expr {
	times := map[*check.Var]int{}
	count := func(target ast.Expr) {
		if v, ok := target.(*ast.VarExpr); ok {
			times[f.info.Vars[v]]++
		}
	}
	type definition struct {
		v    *check.Var
		from ast.Expr
	}
	var all []definition
	ast.Walk(f.prog.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			count(n.Target)
			if v, ok := n.Target.(*ast.VarExpr); ok && n.Op == ast.AssignNone {
				all = append(all, definition{f.info.Vars[v], n.Value})
			}
		case *ast.LetStmt:
			count(n.Var)
			all = append(all, definition{f.info.Vars[n.Var], n.Value})
		case *ast.IncDecExpr:
			count(n.X)
		default: // nothing else gives a variable a value
		}
		return true
	})
	out := map[*check.Var]ast.Expr{}
	for _, d := range all {
		if times[d.v] == 1 && !d.v.Addressed && f.isOrigin(d.from, out) {
			out[d.v] = d.from
		}
	}
	return out
}

// isOrigin reports whether an expression is a builtin that points to something, or fields of one or of a variable that is known to be.
func (f *fn) isOrigin(x ast.Expr, known map[*check.Var]ast.Expr) bool {
	for {
		switch e := x.(type) {
		case *ast.FieldExpr:
			x = e.X
			continue
		case *ast.VarExpr:
			return known[f.info.Vars[e]] != nil
		case *ast.Ident:
			switch f.info.Types[e].(type) {
			case types.Pointer, *types.Struct:
				return true
			default: // no other type has fields of the kernel
			}
		default: // an index, a call or a map may be another one when it is read again
		}
		return false
	}
}
