package check

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// field types x.name and x->name, which are the same: pointers are followed until there is a struct.
func (c *checker) field(e *ast.FieldExpr) types.Type {
	t := c.expr(e.X)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	if r, ok := t.(types.Record); ok {
		return c.recordField(e, r)
	}
	from := types.Pointer{Elem: t, Space: c.space()}
	for {
		p, ok := t.(types.Pointer)
		if !ok {
			break
		}
		from, t = p, p.Elem
	}
	s, ok := t.(*types.Struct)
	if !ok {
		c.errorf(e.At, "no-field", "Can not access field '%s' on expression of type '%s'", e.Name, c.info.Types[e.X])
		return types.Invalid{}
	}
	path, ok := types.Lookup(s, e.Name)
	if !ok && c.isArgs(s) && strings.HasPrefix(e.Name, "common_") && c.program.Probes[0].Provider == "tracepoint" {
		c.errorf(e.At, "no-field", "BPF does not support accessing common tracepoint fields")
		return types.Invalid{}
	}
	if !ok {
		d := c.errorf(e.At, "no-field", "Struct/union of type '%s' does not contain a field named '%s'", s, e.Name)
		if c.report {
			suggest(d, e.Name, types.FieldNames(s))
		}
		return types.Invalid{}
	}
	c.info.Fields[e] = path
	last := &path[len(path)-1]
	if last.DataLoc {
		return last.Type
	}
	t = c.loaded(last.Type, from)
	if _, chars := t.(types.String); !chars {
		last.Type = t
	}
	return t
}

// space is the memory that the probe's pointers point into unless they say otherwise.
func (c *checker) space() types.Space {
	if c.program.Context.UserSpace {
		return types.SpaceUser
	}
	return types.SpaceKernel
}

// index types x[i] for arrays, pointers and strings.
func (c *checker) index(e *ast.IndexExpr) types.Type {
	t, i := c.expr(e.X), c.expr(e.Index)
	switch {
	case t == nil || i == nil:
		return nil
	case types.IsInvalid(t) || types.IsInvalid(i):
		return types.Invalid{}
	}
	if _, ok := t.(types.Tuple); ok {
		k, known := c.constant(e.Index)
		if !known || k.negative {
			c.errorf(e.At, "bad-index", "Array-style access for tuples only valid for integer literals")
			return types.Invalid{}
		}
		return c.elementOf(e, t, k)
	}
	if _, ok := c.number(i); !ok {
		c.errorf(e.At, "bad-index", "The array index operator [] only accepts integer indices, found %s", i)
		return types.Invalid{}
	}
	k, known := c.constant(e.Index)
	switch x := t.(type) {
	case types.Pointer:
		if _, void := x.Elem.(types.Void); !void {
			return c.loaded(x.Elem, x)
		}
	case types.Array:
		if known && x.Len > 0 && !c.inBounds(e, k, x.Len) {
			return types.Invalid{}
		}
		return c.loaded(x.Elem, types.Pointer{Elem: x.Elem, Space: c.space()})
	case types.String:
		if known && x.Size > 0 && !c.inBounds(e, k, x.Size) {
			return types.Invalid{}
		}
		if a, ok := c.charArray(e.X); ok {
			return a.Elem
		}
		return types.Int8
	default: // no other type matters here
	}
	c.errorf(e.At, "bad-index", "The array index operator [] can only be used on arrays, pointers, and tuples, found %s.", t)
	return types.Invalid{}
}

// inBounds reports whether an index that is known is one of an array of n elements, and complains if not.
func (c *checker) inBounds(e *ast.IndexExpr, k constInt, n int) bool {
	switch {
	case k.negative:
		c.errorf(e.At, "bad-index", "The array index operator [] only accepts non-negative integer indices. Got: %s", c.info.Types[e.Index])
	case uint64(k.bits) >= uint64(n):
		c.errorf(e.At, "bad-index", "the index %s is out of bounds for array of size %d", e.Index.Span().Text(), n)
	default:
		return true
	}
	return false
}
