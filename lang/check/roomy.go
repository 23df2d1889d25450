package check

import "github.com/gtrace/gtrace/lang/types"

// roomy returns the shape that a new map gets for values of a shape, so that it has room for others later: see
// Options.WideMaps and MapStrings.
func (c *checker) roomy(s shape) shape {
	if s.typ == nil || !c.opts.WideMaps {
		return s
	}
	if len(s.elems) > 0 {
		return c.roomyElems(s)
	}
	if s.literal {
		return steppedShape()
	}
	s.typ = c.roomyType(s.typ)
	return s
}

func (c *checker) roomyElems(s shape) shape {
	elems := make([]shape, len(s.elems))
	for i, e := range s.elems {
		elems[i] = c.roomy(e)
	}
	if r, ok := s.typ.(types.Record); ok {
		return fieldsShape(r, elems)
	}
	return tupleShape(elems)
}

func (c *checker) roomyType(t types.Type) types.Type {
	switch t := t.(type) {
	case types.Int:
		return types.Int{Size: 8, Signed: t.Signed}
	case types.String:
		return types.String{Size: max(t.Size, c.opts.MapStrings)}
	case types.Tuple:
		elems := make([]types.Type, len(t.Elems))
		for i, e := range t.Elems {
			elems[i] = c.roomyType(e)
		}
		return types.Tuple{Elems: elems}
	default: // no other type matters here
	}
	return t
}
