package check

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// varArg types a scratch variable that a call gives a value of the map that is its first argument.
func (c *checker) varArg(a argument, e ast.Expr) (types.Arg, bool) {
	v, ok := e.(*ast.VarExpr)
	m, isMap := a.args[0].(*ast.MapExpr)
	if !ok || !isMap {
		c.expr(e)
		c.errorf(e.Span(), "bad-argument", "%s() expects a scratch variable to put the value into", a.name).Hintf("let $value; %s(@map, key, $value)", a.name)
		return types.Arg{}, false
	}
	t := c.maps["@"+m.Name].value.typ()
	if t == nil || types.IsInvalid(t) {
		c.info.Types[e] = t
		return types.Arg{Type: t}, t == nil
	}
	if n, ok := types.Number(t); ok {
		t = n
	} else if types.IsAggregate(t) {
		c.errorf(a.call.Span(), "aggregate-value", "Value '%s' cannot be assigned to a scratch variable.", t)
		return types.Arg{}, false
	}
	c.assignVar(e.Span(), v, t, nil)
	c.info.Types[e] = c.slotType(v)
	return types.Arg{Type: t}, true
}

// typeArg resolves an argument that is a type.
func (c *checker) typeArg(a argument, e ast.Expr) (types.Arg, bool) {
	var t types.Type
	switch e.(type) {
	case *ast.TypeofExpr, *ast.Ident:
		t = c.operandType(e, nil)
	default: // no other expression names a type
		c.expr(e)
		c.info.Types[e] = types.Invalid{}
		c.errorf(e.Span(), "bad-argument", "%s() expects a type", a.name).Hintf("typeof(struct task_struct)")
		return types.Arg{}, false
	}
	c.info.Types[e] = t
	return types.Arg{Type: t}, t == nil || !types.IsInvalid(t)
}

// memberArg resolves the name of a member, or the way to one through members, of the type that is the argument before. The
// argument's value is its offset.
func (c *checker) memberArg(a argument, e ast.Expr) (types.Arg, bool) {
	var names []string
	at := e
	for {
		f, ok := at.(*ast.FieldExpr)
		if !ok {
			break
		}
		names = append([]string{f.Name}, names...)
		at = f.X
	}
	id, ok := at.(*ast.Ident)
	if !ok {
		c.errorf(e.Span(), "bad-argument", "%s() expects the name of a member", a.name)
		return types.Arg{}, false
	}
	names = append([]string{id.Name}, names...)
	c.info.Types[e] = types.Void{}
	t := c.info.Types[a.args[a.index-1]]
	if t == nil || types.IsInvalid(t) {
		return types.Arg{Type: types.Void{}}, t == nil
	}
	offset, ok := c.offsetOf(e, t, names)
	c.info.Consts[e] = Const{Int: int64(offset)}
	return types.Arg{Type: types.Void{}, Name: strings.Join(names, "."), Const: ok, Int: int64(offset)}, ok
}

// offsetOf returns where a member is, through members, and reports one that is not there at e.
func (c *checker) offsetOf(e ast.Expr, t types.Type, names []string) (int, bool) {
	total := 0
	for _, name := range names {
		s, ok := t.(*types.Struct)
		if !ok {
			c.errorf(e.Span(), "no-field", "'%s' has no field named '%s'", t, name)
			return 0, false
		}
		path, ok := types.Lookup(s, name)
		if !ok {
			d := c.errorf(e.Span(), "no-field", "'%s' has no field named '%s'", s, name)
			if c.report {
				suggest(d, name, types.FieldNames(s))
			}
			return 0, false
		}
		for _, f := range path {
			total += f.Offset
			t = f.Type
		}
	}
	return total, true
}
