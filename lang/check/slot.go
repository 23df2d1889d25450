package check

import (
	"slices"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// shape is what is known of the values of an expression or a slot: their type and, as long as all of them are integer
// literals from 0 up, the largest, since such a literal takes the sign and the size of what it meets.
type shape struct {
	typ     types.Type
	literal bool
	largest uint64
	// negative is set for a literal below 0, which no unsigned type holds.
	negative bool
	// elems are the shapes of a tuple's elements or, in the order of typ, of a record's fields.
	elems []shape
}

// literalShape is the shape of an integer literal from 0 up.
func literalShape(v uint64) shape { return shape{typ: types.LiteralInt(v), literal: true, largest: v} }

// steppedShape is the shape of a literal that was counted up: 64 bits wide, of the sign of what it meets.
func steppedShape() shape { return literalShape(1 << 62) }

func plainShape(t types.Type) shape { return shape{typ: t} }

// tupleShape is the shape of a tuple; it is unknown while one of its elements is.
func tupleShape(elems []shape) shape {
	t := types.Tuple{Elems: make([]types.Type, len(elems))}
	for i, e := range elems {
		if e.typ == nil {
			return shape{}
		}
		t.Elems[i] = e.typ
	}
	return shape{typ: t, elems: elems}
}

// join returns the shape of a slot that holds both; ok is false if there is none. What is not known yet adds nothing.
func join(a, b shape) (s shape, ok bool) {
	switch {
	case a.typ == nil:
		return b, true
	case b.typ == nil:
		return a, true
	case a.literal && b.literal:
		return literalShape(max(a.largest, b.largest)), true
	case a.literal:
		return joinLiteral(b, a.largest)
	case b.literal:
		return joinLiteral(a, b.largest)
	case len(a.elems) > 0 && len(a.elems) == len(b.elems):
		return joinElems(a, b)
	}
	t, ok := types.Widen(a.typ, b.typ)
	return plainShape(t), ok
}

// joinLiteral widens a slot for a literal, which takes the slot's sign.
func joinLiteral(s shape, v uint64) (shape, bool) {
	t, ok := types.Integer(s.typ)
	if !ok {
		return shape{}, false
	}
	need := types.LiteralInt(v)
	if !t.Signed {
		need = types.SmallestUint(v)
	}
	w, _ := types.WidenInts(t, need)
	return plainShape(w), true
}

func joinElems(a, b shape) (shape, bool) {
	if r, ok := a.typ.(types.Record); ok {
		return joinFields(r, a, b)
	}
	elems := make([]shape, len(a.elems))
	for i := range elems {
		e, ok := join(a.elems[i], b.elems[i])
		if !ok {
			return shape{}, false
		}
		elems[i] = e
	}
	return tupleShape(elems), true
}

// slot is a place that values are stored in: a scratch variable, the keys or the values of a map. Its type is worked out in
// rounds: reads see what the round before came to and what was stored since, stores add up to what the next one sees.
type slot struct {
	// fixed is the type that a let or an earlier script gave the slot.
	fixed types.Type
	now   shape
	next  shape
	// like is the type that a let gave the slot where something of it is left to what is stored: the size of strings, the memory
	// that pointers in a tuple point into.
	like types.Type
	// late is set where the written type is that of other values, and worked out in each round.
	late bool
	// let is where a variable was declared without a value; assigned says that some assignment to it was seen.
	let      diag.Span
	assigned bool
}

// typ returns the type as reads see it, or nil while it is not known.
func (s *slot) typ() types.Type {
	if s.fixed == nil {
		return s.seen().typ
	}
	if _, ok := s.fixed.(types.Pointer); ok {
		if t := s.seen().typ; t != nil {
			return t // says which memory it points into
		}
	}
	return s.fixed
}

// seen is what the round before came to, widened by what this round has stored so far: in the order that most scripts are
// written in, a type travels along any number of assignments in one round.
func (s *slot) seen() shape {
	switch {
	case s.now.typ == nil:
		return s.next
	case s.next.typ == nil || types.Equal(s.now.typ, s.next.typ) && s.now.literal == s.next.literal:
		return s.now
	}
	if j, ok := join(s.now, s.next); ok {
		return j
	}
	return s.now
}

// put adds a value; it reports whether the slot can hold it.
func (s *slot) put(v shape) bool {
	if s.fixed != nil && !fits(s.fixed, v) {
		return false
	}
	if s.like != nil {
		var ok bool
		if v, ok = mold(s.like, v); !ok {
			return false
		}
	}
	if _, pointer := s.fixed.(types.Pointer); s.fixed != nil && !pointer {
		return true
	}
	base := s.next
	if base.typ == nil {
		base = v
	}
	j, ok := join(base, v)
	if ok {
		s.next = j
	}
	return ok
}

// accepts reports whether the slot, as it has become, holds a value.
func (s *slot) accepts(v shape) bool {
	if s.fixed != nil {
		return fits(s.fixed, v)
	}
	if s.like != nil {
		_, ok := mold(s.like, v)
		return ok
	}
	_, ok := join(s.now, v)
	return ok
}

// fits reports whether a slot of a fixed type takes a value: integers are cut to size, but a literal must fit.
func fits(t types.Type, v shape) bool {
	if v.typ == nil {
		return true
	}
	if to, ok := t.(types.Int); ok {
		if v.literal {
			return to.Holds(int64(v.largest), true)
		}
		from, ok := types.Integer(v.typ)
		return ok && (!v.negative || to.Signed && from.Size <= to.Size)
	}
	if to, ok := t.(*types.Enum); ok {
		_, ok = types.Integer(v.typ)
		return ok && !v.negative && (!v.literal || hasValue(to, int64(v.largest)))
	}
	if to, ok := t.(types.String); ok && to.Size > 0 {
		from, ok := v.typ.(types.String)
		return ok && from.Size <= to.Size
	}
	if to, ok := t.(types.Record); ok {
		return fitsRecord(to, v)
	}
	if to, ok := t.(types.Tuple); ok {
		from, ok := v.typ.(types.Tuple)
		if !ok || len(to.Elems) != len(from.Elems) {
			return false
		}
		for i := range to.Elems {
			if !fits(to.Elems[i], elemShape(v, i)) {
				return false
			}
		}
		return true
	}
	_, ok := types.Widen(t, v.typ)
	return ok
}

// hasValue reports whether an enumeration has a name for v.
func hasValue(t *types.Enum, v int64) bool {
	return slices.ContainsFunc(t.Values, func(m types.EnumValue) bool { return m.Value == v })
}

// elemShape returns the shape of a tuple's element.
func elemShape(v shape, i int) shape {
	if i < len(v.elems) {
		return v.elems[i]
	}
	if t, ok := v.typ.(types.Tuple); ok && i < len(t.Elems) {
		return plainShape(t.Elems[i])
	}
	return shape{}
}

// turn ends a round. It reports whether the type has changed.
func (s *slot) turn() bool {
	changed := !types.Equal(s.now.typ, s.next.typ) || s.now.literal != s.next.literal
	s.now, s.next = s.next, shape{}
	return changed
}
