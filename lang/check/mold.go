package check

import (
	"slices"

	"github.com/gtrace/gtrace/lang/types"
)

// fix gives a slot the type that is written for it.
func (s *slot) fix(t types.Type) {
	if isOpen(t) {
		s.like = t
	} else {
		s.fixed = t
	}
}

// isOpen reports whether a written type leaves something to the values: a string without a size, or a pointer inside of a tuple.
func isOpen(t types.Type) bool {
	switch t := t.(type) {
	case types.String:
		return t.Size == 0
	case types.Tuple:
		return slices.ContainsFunc(t.Elems, isOpenPart)
	case types.Record:
		return slices.ContainsFunc(t.Types(), isOpenPart)
	default: // no other type matters here
	}
	return false
}

func isOpenPart(t types.Type) bool {
	_, pointer := t.(types.Pointer)
	return pointer || isOpen(t)
}

// mold returns the shape that a value takes in a slot of an open type; ok is false if it does not fit.
func mold(t types.Type, v shape) (s shape, ok bool) {
	if v.typ == nil {
		return v, true
	}
	switch t := t.(type) {
	case types.String:
		from, ok := v.typ.(types.String)
		if t.Size == 0 {
			return v, ok
		}
		return plainShape(t), ok && from.Size <= t.Size
	case types.Pointer:
		w, ok := types.Widen(t, v.typ)
		return plainShape(w), ok
	case types.Tuple:
		from, ok := v.typ.(types.Tuple)
		if !ok || len(from.Elems) != len(t.Elems) {
			return shape{}, false
		}
		elems := make([]shape, len(t.Elems))
		for i, e := range t.Elems {
			if elems[i], ok = mold(e, elemShape(v, i)); !ok {
				return shape{}, false
			}
		}
		return tupleShape(elems), true
	case types.Record:
		elems := make([]shape, len(t.Fields))
		for i, f := range t.Fields {
			field, ok := fieldShape(v, f.Name)
			if !ok {
				return shape{}, false
			}
			if elems[i], ok = mold(f.Type, field); !ok {
				return shape{}, false
			}
		}
		return fieldsShape(t, elems), true
	default: // no other type matters here
	}
	return plainShape(t), fits(t, v)
}

// widest is an open type with strings of the largest size.
func (c *checker) widest(t types.Type) types.Type {
	switch t := t.(type) {
	case types.String:
		if t.Size == 0 {
			return types.String{Size: c.info.Config.MaxStrlen}
		}
	case types.Tuple:
		out := types.Tuple{Elems: make([]types.Type, len(t.Elems))}
		for i, e := range t.Elems {
			out.Elems[i] = c.widest(e)
		}
		return out
	default: // no other type matters here
	}
	return t
}

// writtenName is an open type as it is written.
func writtenName(t types.Type) string {
	if types.Equal(t, types.String{}) {
		return "string"
	}
	return t.String()
}
