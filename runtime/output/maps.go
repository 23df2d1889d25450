package output

import (
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// isHist reports whether values of a type are printed as rows.
func isHist(t types.Type) bool {
	switch t.(type) {
	case types.Hist, types.LHist, types.TSeries:
		return true
	default: // no other type matters here
	}
	return false
}

// divided returns a value divided by the div of print(@m, top, div). Values that are no single number stay as they are, and
// so does a linear histogram.
func divided(v value.Value, div int) value.Value {
	if div <= 1 {
		return v
	}
	switch v := v.(type) {
	case value.Int:
		if t, ok := v.T.(types.Int); ok {
			v.Bits = quotient(v.Bits, div, t.Signed)
		}
		return v
	case value.Number:
		v.Bits = quotient(v.Bits, div, types.IsSigned(v.T))
		return v
	case value.Stats:
		if isAvg(v.T) {
			return value.Stats{T: v.T, Count: 1, Total: quotient(average(v), div, types.IsSigned(v.T))}
		}
		return v
	case value.Null, value.Bytes, value.Seq, value.Stack, value.Usym, value.Hist, value.Series:
		return v
	}
	panic("BUG: output: unexpected value")
}

func quotient(bits uint64, div int, signed bool) uint64 {
	if signed {
		return uint64(int64(bits) / int64(div))
	}
	return bits / uint64(div)
}

// histDiv returns the divisor of a histogram's counts.
func histDiv(t types.Type, div int) int {
	if _, ok := t.(types.Hist); ok {
		return div
	}
	return 0
}

// shown returns the entries that print(@m, top) shows: an unassigned scalar counts as zero, but a histogram as nothing.
func shown(m value.Map, top int) []value.Entry {
	if m.KeyType == nil && len(m.Entries) == 0 && !isHist(m.ValueType) {
		return []value.Entry{{Value: zero(m.ValueType)}}
	}
	return order(m, top)
}

// zero returns the value that an unassigned scalar map reads as.
func zero(t types.Type) value.Value {
	switch t := t.(type) {
	case types.Invalid, types.Void, *types.Struct:
		return value.Null{T: t}
	case types.Bool, types.Int, *types.Enum, types.Pointer, types.Ksym, types.Username, types.Timestamp, types.CgroupPath:
		return value.Int{T: t}
	case types.String, types.Buffer, types.MacAddr, types.Inet:
		return value.Bytes{T: t}
	case types.Array:
		return zeros(t, make([]types.Type, t.Len), t.Elem)
	case types.Tuple:
		return zeros(t, t.Elems, nil)
	case types.Record:
		return zeros(t, t.Types(), nil)
	case types.Stack:
		return value.Stack{T: t}
	case types.Usym:
		return value.Usym{}
	case types.Count, types.Sum, types.Min, types.Max:
		return value.Number{T: t}
	case types.Avg, types.Stats:
		return value.Stats{T: t}
	case types.Hist, types.LHist:
		return value.Hist{T: t}
	case types.TSeries:
		return value.Series{T: t}
	}
	panic("BUG: output: unexpected type")
}

// zeros makes a sequence of zeros of the types, or of elem where that is given.
func zeros(t types.Type, ts []types.Type, elem types.Type) value.Value {
	out := value.Seq{T: t}
	for _, e := range ts {
		if elem != nil {
			e = elem
		}
		out.Elems = append(out.Elems, zero(e))
	}
	return out
}
