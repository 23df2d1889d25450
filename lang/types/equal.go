package types

import "fmt"

// Equal reports whether a and b are the same type. Structs and enums are compared by identity; nil equals nil alone.
func Equal(a, b Type) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch x := a.(type) {
	case Pointer:
		y, ok := b.(Pointer)
		return ok && x.Space == y.Space && x.Trusted == y.Trusted && Equal(x.Elem, y.Elem)
	case Array:
		y, ok := b.(Array)
		return ok && x.Len == y.Len && Equal(x.Elem, y.Elem)
	case Tuple:
		y, ok := b.(Tuple)
		return ok && equalLists(x.Elems, y.Elems)
	case Record:
		y, ok := b.(Record)
		return ok && equalRecords(x, y)
	case Invalid, Void, Bool, Int, String, Buffer, *Enum, *Struct, Stack, Ksym, Usym, Username, Inet, MacAddr, Timestamp,
		CgroupPath, Count, Sum, Min, Max, Avg, Stats, Hist, LHist, TSeries:
		return a == b
	}
	panic(fmt.Sprintf("BUG: types: cannot compare %T", a))
}

func equalLists(a, b []Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalRecords(a, b Record) bool {
	if len(a.Fields) != len(b.Fields) {
		return false
	}
	for i, f := range a.Fields {
		if g := b.Fields[i]; f.Name != g.Name || !Equal(f.Type, g.Type) {
			return false
		}
	}
	return true
}
