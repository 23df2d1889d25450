package check

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// addressOf types &$x and &@x.
func (c *checker) addressOf(e *ast.UnaryExpr) types.Type {
	p := types.Pointer{Space: types.SpaceKernel}
	switch x := e.X.(type) {
	case *ast.VarExpr:
		v := c.info.Vars[x]
		v.Addressed = true
		p.Elem = c.expr(x)
	case *ast.MapExpr:
		if x.Key != nil {
			c.expr(x)
			c.errorf(e.At, "bad-operand", "the & operator takes the address of a map, not of one of its elements")
			return types.Invalid{}
		}
		return c.mapAddress(x, p)
	default:
		c.expr(e.X)
		c.errorf(e.At, "bad-operand", "address-of operator (&) can only be used on a map or variable")
		return types.Invalid{}
	}
	if p.Elem == nil || types.IsInvalid(p.Elem) {
		return p.Elem
	}
	return p
}

// mapAddress types &@x: a pointer to the value of a map that has but one, else to the map, in which nothing can be read.
func (c *checker) mapAddress(x *ast.MapExpr, p types.Pointer) types.Type {
	s := c.maps["@"+x.Name]
	if !s.used {
		c.info.Types[x] = types.Invalid{}
		c.errorf(x.At, "undefined-map", "Undefined map: @%s", x.Name)
		return types.Invalid{}
	}
	s.read = true
	t := s.value.typ()
	c.info.Types[x] = t
	switch {
	case t == nil || types.IsInvalid(t):
		return t
	case s.keyed || types.IsAggregate(t):
		p.Elem = types.Void{}
	default:
		p.Elem = t
	}
	return p
}

// castArray returns the type of a cast to an array, whose length the value gives where it is left out. The elements are the bytes
// of a number or of a string.
func (c *checker) castArray(e *ast.CastExpr, from types.Type, to types.Array) (types.Type, error) {
	elem, known := types.Sizeof(to.Elem), false
	switch to.Elem.(type) {
	case types.Int, types.Bool:
		known = true
	default: // no other elements can be made of bytes
	}
	size := types.Sizeof(from)
	_, isNumber := c.number(from)
	switch f := from.(type) {
	case types.String:
		known = known && elem == 1
	case types.Array:
		if to.Len == 0 {
			to.Len = f.Len
		}
		if types.Equal(f, to) {
			return to, nil
		}
		return nil, errCast
	default:
		known = known && isNumber
	}
	if !known {
		return nil, errCast
	}
	if to.Len == 0 {
		to.Len = size / elem
	}
	_, isConst := c.constant(e.X)
	switch n := types.Sizeof(to); {
	case to.Len > 0 && n == size:
		return to, nil
	case isConst && c.literals[e.X] && n > size && n <= 8: // a literal is as wide as it has to be
		return to, nil
	}
	return nil, errCast
}

// sized reports an array type without a length where only a cast could give it one.
func (c *checker) sized(e ast.TypeExpr, t types.Type) bool {
	a, ok := t.(types.Array)
	if ok && a.Len == 0 {
		c.errorf(e.Span(), "bad-type", "the length of the array is missing: %s[N]", a.Elem)
		return false
	}
	return true
}

// compareArrays types a comparison of two arrays.
func (c *checker) compareArrays(e *ast.BinaryExpr, x, y types.Array) types.Type {
	ex, okX := x.Elem.(types.Int)
	ey, okY := y.Elem.(types.Int)
	switch {
	case x.Len != y.Len:
		c.errorf(e.At, "bad-operand", "Only arrays of same size support comparison operators.")
	case !okX || !okY || ex.Size != ey.Size:
		c.errorf(e.At, "bad-operand", "Only arrays of same sized integer support comparison operators.")
	default:
		return types.Bool{}
	}
	return types.Invalid{}
}
