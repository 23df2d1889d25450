package output

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// order returns the entries of a map in the order they are printed: by value where values are numbers, histograms by their
// totals, everything else by key; equal ones by key. Of these the last top ones, or all if top is 0.
func order(m value.Map, top int) []value.Entry {
	out := slices.Clone(m.Entries)
	rank := ranking(m.ValueType)
	slices.SortStableFunc(out, func(a, b value.Entry) int {
		if rank != nil {
			if c := rank(a.Value, b.Value); c != 0 {
				return c
			}
		}
		return compare(a.Key, b.Key)
	})
	if _, all := m.ValueType.(types.TSeries); !all && top > 0 && top < len(out) {
		out = out[len(out)-top:]
	}
	return out
}

// ranking returns how values of a type are compared for the order of a map, or nil if they do not count.
func ranking(t types.Type) func(a, b value.Value) int {
	switch t := t.(type) {
	case types.Int:
		return byNumber(t.Signed)
	case types.Count, types.Min, types.Max:
		return byNumber(false) // also where they are signed: bpftrace 0.27 puts negative ones last
	case types.Sum, types.Avg, types.Stats:
		return byNumber(types.IsSigned(t))
	case types.Hist, types.LHist:
		return func(a, b value.Value) int { return cmp.Compare(total(a), total(b)) }
	case types.Invalid, types.Void, types.Bool, types.String, types.Buffer, types.Pointer, types.Array, types.Tuple, types.Record,
		*types.Enum, *types.Struct, types.Stack, types.Ksym, types.Usym, types.Username, types.Inet, types.MacAddr,
		types.Timestamp, types.CgroupPath, types.TSeries:
		return nil
	}
	panic(fmt.Sprintf("BUG: output: unexpected type %T", t))
}

func byNumber(signed bool) func(a, b value.Value) int {
	if signed {
		return func(a, b value.Value) int { return cmp.Compare(int64(integer(a)), int64(integer(b))) }
	}
	return func(a, b value.Value) int { return cmp.Compare(integer(a), integer(b)) }
}

func total(v value.Value) uint64 {
	h, _ := v.(value.Hist)
	var n uint64
	for _, c := range h.Slots {
		n += c
	}
	return n
}

// compare orders keys.
func compare(a, b value.Value) int {
	switch a := a.(type) {
	case nil:
		return 0
	case value.Int:
		if b, ok := b.(value.Int); ok {
			return byNumber(types.IsSigned(a.T))(a, b)
		}
	case value.Bytes:
		if b, ok := b.(value.Bytes); ok {
			return bytes.Compare(a.B, b.B)
		}
	case value.Seq:
		if b, ok := b.(value.Seq); ok {
			return slices.CompareFunc(a.Elems, b.Elems, compare)
		}
	case value.Stack:
		if b, ok := b.(value.Stack); ok {
			return cmp.Or(slices.Compare(a.Addrs, b.Addrs), slices.Compare(a.Files, b.Files), cmp.Compare(a.PID, b.PID), cmp.Compare(a.Err, b.Err))
		}
	case value.Usym:
		if b, ok := b.(value.Usym); ok {
			return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.PID, b.PID))
		}
	case value.Null, value.Number, value.Stats, value.Hist, value.Series:
		return 0
	default:
		panic(fmt.Sprintf("BUG: output: unexpected key %T", a))
	}
	return 0
}
