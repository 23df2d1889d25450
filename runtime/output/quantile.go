package output

import (
	"math"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// quantile is a number that stands for a histogram, in 64 bits, and its name: "p99.9".
type quantile struct {
	name   string
	bits   uint64
	signed bool
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
		q := quantile{name: name, signed: t.Signed && name != "count"}
		switch name {
		case "count":
			q.bits = total(v)
		case "min":
			q.bits = share(v.Min, div, t.Signed)
		case "max":
			q.bits = share(v.Max, div, t.Signed)
		default:
			percent, err := strconv.ParseFloat(name, 64)
			if err != nil {
				continue // no type has other names
			}
			q.name, q.bits = "p"+name, share(quantileOf(v, t, percent/100), div, t.Signed)
		}
		out = append(out, q)
	}
	return out
}

func share(n uint64, div int, signed bool) uint64 {
	if div <= 1 {
		return n
	}
	return quotient(n, div, signed)
}

// quantileOf returns the middle of the bucket that holds the number of a rank: the smallest number that at least a share p of
// all is not above. It is never outside of the numbers that were counted, and 0 if there is none at all.
func quantileOf(v value.Hist, t types.Hist, p float64) uint64 {
	all := total(v)
	rank := max(1, uint64(math.Ceil(p*float64(all))))
	var seen uint64
	for slot, n := range v.Slots {
		seen += n
		if n == 0 || seen < rank {
			continue
		}
		lo, hi := t.Range(slot)
		if slot < t.Zero() {
			return within(v, hi-1-(hi-lo-1)/2, t.Signed)
		}
		return within(v, lo+(hi-lo-1)/2, t.Signed)
	}
	return 0
}

// within returns a number or the bound of a histogram that is nearer.
func within(v value.Hist, n uint64, signed bool) uint64 {
	if signed {
		return uint64(min(max(int64(n), int64(v.Min)), int64(v.Max)))
	}
	return min(max(n, v.Min), v.Max)
}

func appendQuantiles(b []byte, qs []quantile) []byte {
	b = append(b, "{ "...)
	for i, q := range qs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, '.'), q.name...), " = "...)
		b = appendInt(b, q.bits, q.signed)
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
		b = appendJSONInt(b, q.bits, q.signed)
	}
	return append(b, '}')
}
