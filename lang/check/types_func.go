package check

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// userCall types a call of a function of the script.
func (c *checker) userCall(e *ast.CallExpr, f *function) types.Type {
	args := make([]types.Type, len(e.Args))
	known, fine := true, !f.bad
	for i, a := range e.Args {
		args[i] = c.plain(c.expr(a))
		known = known && args[i] != nil
		fine = fine && !(args[i] != nil && types.IsInvalid(args[i]))
	}
	if f.bad {
		return types.Invalid{}
	}
	if n := len(f.decl.Params); len(e.Args) != n {
		c.errorf(e.At, "arguments", "%s() requires %s (%d provided)", e.Func, counted(n), len(e.Args))
		return types.Invalid{}
	}
	if !fine {
		return types.Invalid{}
	}
	if !known {
		return nil
	}
	v := c.version(f, args)
	for i, a := range e.Args {
		fine = c.passArg(e, v, i, a, args[i]) && fine
	}
	c.calledNow(v)
	c.info.Funcs[e] = v.f
	if !fine {
		return types.Invalid{}
	}
	return v.result.typ()
}

// passArg gives a parameter the value of an argument, and complains in the last round if it does not fit.
func (c *checker) passArg(e *ast.CallExpr, v *version, i int, a ast.Expr, t types.Type) bool {
	p := v.f.Params[i]
	if c.isArgs(t) {
		c.errorf(a.Span(), "bad-argument", "args as a whole cannot be passed to a function").Hintf("%s() can use args itself", e.Func)
		return false
	}
	if c.fill(c.vars[p], a, t) {
		return true
	}
	if c.vars[p].like != nil {
		c.vars[p].put(plainShape(c.widest(v.params[i]))) // what is wrong is said once
	}
	c.errorf(a.Span(), "type-mismatch", "%s() expects a value of type '%s' for $%s (%s provided)", e.Func, writtenName(v.params[i]), p.Name, t)
	return false
}

// fill stores a value in a slot; it reports whether it fits, as far as that is known.
func (c *checker) fill(s *slot, e ast.Expr, t types.Type) bool {
	v := c.shapeOf(e, t)
	ok := s.put(v)
	if !c.report {
		return ok
	}
	if !ok || !s.accepts(v) {
		return false
	}
	c.adapt(e, s.typ())
	return true
}

// funcReturn types a return in a function.
func (c *checker) funcReturn(s *ast.ReturnStmt, v *version) {
	name, void := v.decl.Name, types.Equal(v.function.result, types.Void{})
	var t types.Type
	if s.Value != nil {
		t = c.plain(c.expr(s.Value))
	}
	switch {
	case void && s.Value != nil:
		c.errorf(s.At, "type-mismatch", "%s() is declared without a result, but returns a value", name).
			Hintf("fn %s(…): %s { … } has one", name, resultHint(t))
	case void:
	case s.Value == nil:
		c.errorf(s.At, "type-mismatch", "%s() must return a value of type '%s'", name, writtenName(v.function.result))
	case t == nil || types.IsInvalid(t):
	case !c.fill(&v.result, s.Value, t):
		c.errorf(s.At, "type-mismatch", "%s() returns values of type '%s', not '%s'", name, writtenName(v.function.result), t)
	}
}

// resultHint is how a type is written as the result of a function.
func resultHint(t types.Type) string {
	if _, ok := t.(types.String); ok || t == nil || types.IsInvalid(t) {
		return "string"
	}
	return t.String()
}
