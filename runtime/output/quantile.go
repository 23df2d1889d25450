package output

import (
	"math"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// quantile is one quantile of a histogram and its name: "p99.9".
type quantile struct {
	name string
	n    int64
}

// quantiles returns the quantiles that a histogram is kept for, or nil if all of it is printed.
func quantiles(v value.Hist) []quantile {
	t, ok := v.T.(types.Hist)
	if !ok || t.Quantiles == "" {
		return nil
	}
	var out []quantile
	for digits := range strings.SplitSeq(t.Quantiles, ",") {
		q := quantile{name: "p" + digits}
		if len(digits) > 2 {
			q.name = "p" + digits[:2] + "." + digits[2:]
		}
		percent, err := strconv.ParseFloat(q.name[1:], 64)
		if err != nil {
			continue
		}
		q.n = quantileOf(v.Slots, t.Bits, percent/100)
		out = append(out, q)
	}
	return out
}

// quantileOf returns the middle of the bucket that holds the number of a rank: the smallest number that at least a share p of
// all is not above. Numbers below zero count as -1, and it is 0 if there is none at all.
func quantileOf(slots []uint64, bits int, p float64) int64 {
	var all uint64
	for _, n := range slots {
		all += n
	}
	rank := uint64(math.Ceil(p * float64(all)))
	var seen uint64
	for slot, n := range slots {
		seen += n
		if n == 0 || seen < rank {
			continue
		}
		if slot == 0 {
			return -1
		}
		lo, hi := types.HistRange(slot, bits)
		return int64(lo + (hi-lo-1)/2)
	}
	return 0
}

func appendQuantiles(b []byte, qs []quantile) []byte {
	b = append(b, "{ "...)
	for i, q := range qs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, '.'), q.name...), " = "...)
		b = strconv.AppendInt(b, q.n, 10)
	}
	return append(b, " }"...)
}

func appendJSONQuantiles(b []byte, qs []quantile) []byte {
	b = append(b, '{')
	for i, q := range qs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(appendQuoted(b, []byte(q.name)), ": "...)
		b = appendJSONInt(b, uint64(q.n), true)
	}
	return append(b, '}')
}
