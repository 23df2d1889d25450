package event

import (
	"encoding/binary"
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// reduce makes one aggregate of the values that each CPU has. Every element of cpus is at least types.Sizeof(t) long.
func reduce(cpus [][]byte, t types.Type) value.Value {
	switch t := t.(type) {
	case types.Count, types.Sum:
		total := sum(cpus, 0)
		return value.Number{T: t, Bits: total, Set: total != 0}
	case types.Min, types.Max:
		return extreme(cpus, t)
	case types.Avg, types.Stats:
		return value.Stats{T: t, Total: sum(cpus, 0), Count: sum(cpus, 1)}
	case types.Hist:
		return histogram(cpus, t)
	case types.LHist:
		return value.Hist{T: t, Slots: slots(cpus, t.Slots())}
	case types.TSeries:
		n := merge(cpus, t)
		return value.Number{T: t, Bits: n.bits, Set: n.interval != 0}
	case types.Invalid, types.Void, types.Bool, types.Int, types.String, types.Buffer, types.Pointer, types.Array, types.Tuple,
		types.Record, *types.Enum, *types.Struct, types.Stack, types.Ksym, types.Usym, types.Username, types.Inet, types.MacAddr,
		types.Timestamp, types.CgroupPath:
		panic(fmt.Sprintf("BUG: event: %s is not an aggregate", t))
	}
	panic(fmt.Sprintf("BUG: event: unexpected type %T", t))
}

func word(b []byte, i int) uint64 { return binary.NativeEndian.Uint64(b[8*i:]) }

func sum(cpus [][]byte, i int) uint64 {
	var total uint64
	for _, b := range cpus {
		total += word(b, i)
	}
	return total
}

func less(a, b uint64, signed bool) bool {
	if signed {
		return int64(a) < int64(b)
	}
	return a < b
}

// extreme finds the best of the numbers that CPUs saw.
func extreme(cpus [][]byte, t types.Type) value.Value {
	best, out := uint64(0), value.Number{T: t}
	for _, b := range cpus {
		best = max(best, word(b, 0))
		out.Set = out.Set || word(b, 1) != 0
	}
	if out.Set {
		out.Bits = best ^ types.ExtremeMask(t)
	}
	return out
}

func slots(cpus [][]byte, n int) []uint64 {
	out := make([]uint64, n)
	for _, b := range cpus {
		for i := range out {
			out[i] += word(b, i)
		}
	}
	return out
}

func histogram(cpus [][]byte, t types.Hist) value.Hist {
	n := t.Slots()
	h := value.Hist{T: t, Slots: slots(cpus, n)}
	if t.Quantiles == "" {
		return h
	}
	var least, greatest uint64
	for _, b := range cpus {
		least, greatest = max(least, word(b, n)), max(greatest, word(b, n+1))
	}
	h.Min, h.Max = t.Bounds(least, greatest)
	return h
}

// seen reports whether an aggregate counted anything, for scalar maps without a presence word.
func seen(v value.Value) bool {
	switch v := v.(type) {
	case value.Number:
		return v.Set
	case value.Stats:
		return v.Count != 0
	case value.Hist:
		for _, n := range v.Slots {
			if n != 0 {
				return true
			}
		}
		return false
	case value.Null, value.Int, value.Bytes, value.Seq, value.Stack, value.Usym, value.Series:
		return true
	}
	panic(fmt.Sprintf("BUG: event: unexpected value %T", v))
}
