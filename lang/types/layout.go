package types

import "fmt"

// Sizeof returns the number of bytes a value of type t takes in a map value, a map key or an event, per CPU for aggregates.
func Sizeof(t Type) int {
	switch t := t.(type) {
	case Invalid, Void:
		return 0
	case Bool:
		return 1
	case Int:
		return t.Size
	case String:
		return t.Size
	case Buffer:
		return 4 + t.Size
	case Pointer, Ksym, Username, Timestamp, CgroupPath, Count, Sum:
		return 8
	case Array:
		return Sizeof(t.Elem) * t.Len
	case Tuple:
		_, size, _ := TupleLayout(t.Elems)
		return size
	case Record:
		_, size, _ := TupleLayout(t.Types())
		return size
	case *Enum:
		return t.Size
	case *Struct:
		return t.Size
	case Stack: // {stack id int64, pid int32, 0 int32}; the kernel's negative error numbers are kept as they are
		return 16
	case Usym: // {address, pid}
		return 16
	case Inet: // {family uint32, address [16]byte}
		return 20
	case MacAddr:
		return 6
	case Min, Max, Avg, Stats:
		return 16
	case Hist:
		if t.Quantiles != "" {
			return 8*t.Slots() + 16
		}
		return 8 * t.Slots()
	case LHist:
		return 8 * t.Slots()
	case TSeries: // {number, time or count, number of the interval + 1}
		return 24
	}
	panic(fmt.Sprintf("BUG: types: no size for %T", t))
}

// Alignof returns the alignment of a value of type t in memory, 1, 2, 4 or 8.
func Alignof(t Type) int {
	switch t := t.(type) {
	case Invalid, Void, Bool, String, MacAddr:
		return 1
	case Int:
		return t.Size
	case Buffer, Inet:
		return 4
	case Pointer, Ksym, Username, Timestamp, CgroupPath, Count, Sum, Stack, Usym, Min, Max, Avg, Stats, Hist, LHist, TSeries:
		return 8
	case Array:
		return Alignof(t.Elem)
	case Tuple:
		_, _, align := TupleLayout(t.Elems)
		return align
	case Record:
		_, _, align := TupleLayout(t.Types())
		return align
	case *Enum:
		return t.Size
	case *Struct:
		return max(1, t.Align)
	}
	panic(fmt.Sprintf("BUG: types: no alignment for %T", t))
}

// TupleLayout lays elements out in order like a C struct; it returns their offsets, the size and the alignment of the
// whole. Gaps are zero in map keys.
func TupleLayout(elems []Type) (offsets []int, size, align int) {
	align = 1
	for _, e := range elems {
		n, a := extent(e)
		size = Align(size, a)
		offsets = append(offsets, size)
		size += n
		align = max(align, a)
	}
	return offsets, Align(size, align), align
}

// extent returns size and alignment of a type at once: asking for one after the other would double the work with every
// level of a nested tuple.
func extent(t Type) (size, align int) {
	switch t := t.(type) {
	case Tuple:
		_, size, align = TupleLayout(t.Elems)
		return size, align
	case Record:
		_, size, align = TupleLayout(t.Types())
		return size, align
	case Array:
		size, align = extent(t.Elem)
		return size * t.Len, align
	default: // no other type matters here
	}
	return Sizeof(t), Alignof(t)
}

// Align rounds n up to a multiple of align.
func Align(n, align int) int { return (n + align - 1) / align * align }

// Types returns the types of the record's fields in order.
func (r Record) Types() []Type {
	out := make([]Type, len(r.Fields))
	for i, f := range r.Fields {
		out[i] = f.Type
	}
	return out
}

// SeriesKey returns the size of a time series' key in its map and where in it the interval is: behind the script's key, if any.
func SeriesKey(key Type) (size, interval int) {
	if key != nil {
		interval = Align(Sizeof(key), 8)
	}
	return interval + 8, interval
}
