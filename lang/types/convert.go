package types

import "fmt"

// SmallestInt returns the smallest signed integer type that holds v.
func SmallestInt(v int64) Int {
	for _, t := range []Int{Int8, Int16, Int32} {
		if bits := 8*t.Size - 1; v >= -(1<<bits) && v < 1<<bits {
			return t
		}
	}
	return Int64
}

// SmallestUint returns the smallest unsigned integer type that holds v.
func SmallestUint(v uint64) Int {
	for _, t := range []Int{Uint8, Uint16, Uint32} {
		if v>>(8*t.Size) == 0 {
			return t
		}
	}
	return Uint64
}

// LiteralInt returns the type of a literal: the smallest signed type that holds it, or uint64 above the signed range.
func LiteralInt(v uint64) Int {
	if v > 1<<63-1 {
		return Uint64
	}
	return SmallestInt(int64(v))
}

// Holds reports whether t can hold v, the bits of which are unsigned if unsigned is set.
func (t Int) Holds(v int64, unsigned bool) bool {
	switch {
	case v < 0 && unsigned:
		return !t.Signed && t.Size == 8
	case v < 0:
		return t.Signed && SmallestInt(v).Size <= t.Size
	case t.Signed:
		return SmallestInt(v).Size <= t.Size
	}
	return SmallestUint(uint64(v)).Size <= t.Size
}

// Promote returns the type in which an operation on two integers is carried out: uint64 if both are unsigned, else int64.
func Promote(a, b Int) Int { return Int{Size: 8, Signed: a.Signed || b.Signed} }

// WidenInts returns the type of a slot that holds both a and b. With the same sign that is the larger one; else a signed
// type that holds both. Lossy is set where there is none: uint64 does not fit into int64.
func WidenInts(a, b Int) (t Int, lossy bool) {
	space := JoinSpaces(a.Space, b.Space)
	if a.Signed == b.Signed {
		return Int{Size: max(a.Size, b.Size), Signed: a.Signed, Space: space}, false
	}
	s, u := a, b
	if !a.Signed {
		s, u = b, a
	}
	if s.Size > u.Size {
		return Int{Size: s.Size, Signed: true, Space: space}, false
	}
	return Int{Size: min(8, 2*u.Size), Signed: true, Space: space}, u.Size == 8
}

// JoinSpaces returns the address space of what may be or become one of two addresses: that of the one whose space is known.
func JoinSpaces(a, b Space) Space {
	switch {
	case a == SpaceNone || a == b:
		return b
	case b == SpaceNone:
		return a
	}
	return SpaceNone
}

// Integer returns the integer type that values of t have, and whether t is one or an enumeration.
func Integer(t Type) (Int, bool) {
	switch t := t.(type) {
	case Int:
		return t, true
	case *Enum:
		return Int{Size: t.Size, Signed: t.Signed}, true
	default: // no other type matters here
	}
	return Int{}, false
}

// Widen returns the type of a slot that holds values of both types; ok is false if there is none. Where an enumeration meets
// an integer or another enumeration, the names are lost.
func Widen(a, b Type) (t Type, ok bool) {
	if Equal(a, b) {
		return a, true
	}
	switch x := a.(type) {
	case Int, *Enum:
		return widenNumbers(a, b)
	case String:
		if y, is := b.(String); is {
			return String{Size: max(x.Size, y.Size)}, true
		}
	case Buffer:
		if y, is := b.(Buffer); is {
			return Buffer{Size: max(x.Size, y.Size)}, true
		}
	case Pointer:
		if y, is := b.(Pointer); is {
			return widenPointers(x, y)
		}
	case Tuple:
		if y, is := b.(Tuple); is {
			return widenTuples(x, y)
		}
	case Record:
		if y, is := b.(Record); is {
			return widenRecords(x, y)
		}
	case Sum, Min, Max, Avg, Stats:
		return widenAggregates(a, b)
	case Hist:
		return widenHists(x, b)
	case Invalid, Void, Bool, Array, *Struct, Stack, Ksym, Usym, Username, Inet, MacAddr, Timestamp, CgroupPath,
		Count, LHist, TSeries:
	default:
		panic(fmt.Sprintf("BUG: types: cannot widen %T", a))
	}
	return nil, false
}

func widenNumbers(a, b Type) (Type, bool) {
	x, _ := Integer(a)
	y, ok := Integer(b)
	if !ok {
		return nil, false
	}
	w, _ := WidenInts(x, y)
	return w, true
}

// widenPointers joins pointers to the same type that differ in what is known of their memory. Pointers to integers point to the
// larger one.
func widenPointers(a, b Pointer) (Type, bool) {
	elem := a.Elem
	if !Equal(a.Elem, b.Elem) {
		x, okX := a.Elem.(Int)
		y, okY := b.Elem.(Int)
		if !okX || !okY {
			return nil, false
		}
		elem, _ = WidenInts(x, y)
	}
	return Pointer{Elem: elem, Space: JoinSpaces(a.Space, b.Space), Trusted: a.Trusted && b.Trusted}, true
}

func widenTuples(a, b Tuple) (Type, bool) {
	if len(a.Elems) != len(b.Elems) {
		return nil, false
	}
	t := Tuple{Elems: make([]Type, len(a.Elems))}
	for i := range a.Elems {
		e, ok := Widen(a.Elems[i], b.Elems[i])
		if !ok {
			return nil, false
		}
		t.Elems[i] = e
	}
	return t, true
}

// widenRecords joins records with the same names, whatever their order; the first one's order is kept.
func widenRecords(a, b Record) (Type, bool) {
	if len(a.Fields) != len(b.Fields) {
		return nil, false
	}
	byName := map[string]Type{}
	for _, f := range b.Fields {
		byName[f.Name] = f.Type
	}
	r := Record{Fields: make([]RecordField, len(a.Fields))}
	for i, f := range a.Fields {
		other, found := byName[f.Name]
		if !found {
			return nil, false
		}
		t, ok := Widen(f.Type, other)
		if !ok {
			return nil, false
		}
		r.Fields[i] = RecordField{Name: f.Name, Type: t}
	}
	return r, true
}

// widenAggregates joins the same aggregate over signed and unsigned numbers: it is signed if either is.
func widenAggregates(a, b Type) (Type, bool) {
	sa, ka := aggregateSign(a)
	sb, kb := aggregateSign(b)
	if ka == "" || ka != kb {
		return nil, false
	}
	if sb && !sa {
		return b, true
	}
	return a, true
}

// widenHists joins histograms that differ in nothing but the sign of their numbers, as widenAggregates does.
func widenHists(a Hist, b Type) (Type, bool) {
	y, ok := b.(Hist)
	a.Signed, y.Signed = true, true
	if !ok || a != y {
		return nil, false
	}
	return a, true
}

// aggregateSign returns the sign of an aggregate that has one, and a name for its kind.
func aggregateSign(t Type) (signed bool, kind string) {
	switch t := t.(type) {
	case Sum:
		return t.Signed, "sum"
	case Min:
		return t.Signed, "min"
	case Max:
		return t.Signed, "max"
	case Avg:
		return t.Signed, "avg"
	case Stats:
		return t.Signed, "stats"
	default: // no other type matters here
	}
	return false, ""
}

// Number returns the integer type that a castable aggregate stands for in an expression, and whether t is one.
func Number(t Type) (Int, bool) {
	if _, ok := t.(Count); ok {
		return Uint64, true
	}
	if signed, kind := aggregateSign(t); kind != "" && IsCastable(t) {
		return Int{Size: 8, Signed: signed}, true
	}
	return Int{}, false
}

// Assignable reports whether a slot of type to takes a value of type from without loss: the slot is at least as wide.
func Assignable(to, from Type) bool {
	w, ok := Widen(to, from)
	return ok && Equal(w, to)
}
