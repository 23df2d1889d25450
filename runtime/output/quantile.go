package output

import (
	"math"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// quantile is a number that stands for a histogram, and its name: "p99.9".
type quantile struct {
	name string
	n    int64
}

// hasQuantiles reports whether quantiles of a histogram are printed instead of its rows.
func hasQuantiles(v value.Hist) bool {
	t, ok := v.T.(types.Hist)
	return ok && t.Quantiles != ""
}

// quantiles returns what is printed of a histogram whose type names quantiles. Numbers are divided by div unless it is 0; how many
// there are is not.
func quantiles(v value.Hist, div int) []quantile {
	t, ok := v.T.(types.Hist)
	if !ok {
		return nil
	}
	var out []quantile
	for name := range strings.SplitSeq(t.Quantiles, ",") {
		q := quantile{name: name}
		switch name {
		case "count":
			q.n = int64(total(v))
		case "min":
			q.n = share(v.Min, div)
		case "max":
			q.n = share(v.Max, div)
		default:
			percent, err := strconv.ParseFloat(name, 64)
			if err != nil {
				continue // no type has other names
			}
			q.name, q.n = "p"+name, share(quantileOf(v, t.Bits, percent/100), div)
		}
		out = append(out, q)
	}
	return out
}

func share(n int64, div int) int64 {
	if div <= 1 {
		return n
	}
	return n / int64(div)
}

// quantileOf returns the middle of the bucket that holds the number of a rank: the smallest number that at least a share p of
// all is not above. It is never outside of the numbers that were counted, and 0 if there is none at all.
func quantileOf(v value.Hist, bits int, p float64) int64 {
	all := total(v)
	rank := max(1, uint64(math.Ceil(p*float64(all))))
	var seen uint64
	for slot, n := range v.Slots {
		seen += n
		if n == 0 || seen < rank {
			continue
		}
		middle := int64(-1)
		if slot > 0 {
			lo, hi := types.HistRange(slot, bits)
			middle = int64(lo + (hi-lo-1)/2)
		}
		return min(max(middle, v.Min), v.Max)
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
