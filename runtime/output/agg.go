package output

import (
	"fmt"
	"math/bits"
	"strconv"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

func appendNumber(b []byte, v value.Number) []byte { return appendInt(b, v.Bits, types.IsSigned(v.T)) }

// average truncates toward zero.
func average(v value.Stats) uint64 {
	switch {
	case v.Count == 0:
		return 0
	case types.IsSigned(v.T):
		return uint64(int64(v.Total) / int64(v.Count))
	}
	return v.Total / v.Count
}

func isAvg(t types.Type) bool {
	_, ok := t.(types.Avg)
	return ok
}

func appendStats(b []byte, v value.Stats) []byte {
	s := types.IsSigned(v.T)
	if isAvg(v.T) {
		return appendInt(b, average(v), s)
	}
	b = strconv.AppendUint(append(b, "{ .count = "...), v.Count, 10)
	b = appendInt(append(b, ", .average = "...), average(v), s)
	b = appendInt(append(b, ", .total = "...), v.Total, s)
	return append(b, " }"...)
}

// row is a row of a histogram: numbers from lo up to but not including hi. open marks a missing bound; bounds are signed where they
// may be negative, without sign where they may be beyond 2^63.
type row struct {
	lo, hi         uint64
	signed         bool
	openLo, openHi bool
	count          uint64
	label          string
}

// rows returns the rows of a histogram from the first to the last that is not empty.
func rows(v value.Hist) []row {
	first, end := span(v.Slots)
	if first == end {
		return nil
	}
	out := make([]row, 0, end-first)
	for i := first; i < end; i++ {
		r := slotRow(v.T, i, len(v.Slots))
		r.count = v.Slots[i]
		out = append(out, r)
	}
	return out
}

func slotRow(t types.Type, slot, slots int) row {
	switch t := t.(type) {
	case types.Hist:
		return histRow(slot, t)
	case types.LHist:
		return lhistRow(slot, slots, t)
	default: // no other type matters here
	}
	panic(fmt.Sprintf("BUG: output: %s has no rows", t))
}

func histRow(slot int, t types.Hist) row {
	if slot == 0 && !t.Signed {
		return row{openLo: true, signed: true, label: "(..., 0)"}
	}
	lo, hi := t.Range(slot)
	r := row{lo: lo, hi: hi}
	label := func(n uint64) string { return histLabel(n, t.Bits) }
	if slot < t.Zero() {
		r.signed = true
		label = func(n uint64) string { return "-" + histLabel(-n, t.NegativeBits()) }
	}
	switch {
	case hi-lo == 1:
		r.label = "[" + label(lo) + "]"
	case hi == 0:
		r.label = "[" + label(lo) + ", " + histTop(t.Bits) + ")"
	default:
		r.label = "[" + label(lo) + ", " + label(hi) + ")"
	}
	return r
}

// histLabel writes a bound with the suffix that its bucket's width allows.
func histLabel(n uint64, k int) string {
	e := bits.Len64(n) - 1
	if n == 0 || e-k < 10 {
		return strconv.FormatUint(n, 10)
	}
	scale := (e - k) / 10
	return strconv.FormatUint(n>>(10*scale), 10) + " KMGTPE"[scale:scale+1]
}

// histTop is histLabel of 2^64.
func histTop(k int) string {
	scale := (64 - k) / 10
	return strconv.FormatUint(1<<(64-10*scale), 10) + " KMGTPE"[scale:scale+1]
}

func lhistRow(slot, slots int, t types.LHist) row {
	lo := t.Min + int64(slot-1)*t.Step
	switch {
	case slot == 0:
		return row{openLo: true, hi: uint64(t.Min), signed: true, label: "(..., " + lhistLabel(t.Min, t.Step) + ")"}
	case slot == slots-1:
		return row{lo: uint64(lo), openHi: true, signed: true, label: "[" + lhistLabel(lo, t.Step) + ", ...)"}
	}
	r := row{lo: uint64(lo), hi: uint64(lo + t.Step), signed: true, label: "[" + lhistLabel(lo, t.Step) + ", " + lhistLabel(lo+t.Step, t.Step) + ")"}
	if t.Step == 1 {
		r.label = "[" + lhistLabel(lo, t.Step) + "]"
	}
	return r
}

func lhistLabel(n, step int64) string {
	const kilo, mega = 1 << 10, 1 << 20
	switch {
	case n == 0 || step%kilo != 0 || n%kilo != 0:
		return strconv.FormatInt(n, 10)
	case n%mega == 0:
		return strconv.FormatInt(n/mega, 10) + "M"
	}
	return strconv.FormatInt(n/kilo, 10) + "K"
}

// maxFitRows is how many rows a histogram whose rows are joined has at most, where joining helps: about a screen.
const maxFitRows = 40

// fitted returns a histogram with the finest buckets that make no more than maxFitRows rows, or with one for each power of two.
// Histograms that are not to fit a screen stay as they are.
func fitted(v value.Hist) value.Hist {
	t, ok := v.T.(types.Hist)
	if !ok || !t.Fit {
		return v
	}
	for first, end := span(v.Slots); end-first > maxFitRows && t.Bits > 0; first, end = span(v.Slots) {
		v, t = joined(v, t)
	}
	return v
}

// span returns the first slot that is not empty and the one behind the last; they are the same if all are.
func span(slots []uint64) (first, end int) {
	for i, n := range slots {
		if n == 0 {
			continue
		}
		if end == 0 {
			first = i
		}
		end = i + 1
	}
	return first, end
}

// joined returns a histogram with half as many buckets for each power of two, of negative numbers only once there are as many for others.
func joined(v value.Hist, t types.Hist) (value.Hist, types.Hist) {
	half := t
	half.Bits--
	slots := make([]uint64, half.Slots())
	for slot, n := range v.Slots {
		if n == 0 {
			continue
		}
		lo, _ := t.Range(slot)
		slots[half.Slot(int64(lo))] += n
	}
	return value.Hist{T: half, Slots: slots}, half
}

const barWidth = 52

// appendHist appends the rows of a histogram, each with a line end. The counts are divided by div unless it is 0.
func appendHist(b []byte, v value.Hist, div int) []byte {
	rs := rows(fitted(v))
	var top uint64
	for i := range rs {
		rs[i].count = divide(rs[i].count, div)
		top = max(top, rs[i].count)
	}
	for _, r := range rs {
		b = fmt.Appendf(b, "%-16s%8d |", r.label, r.count)
		n := 0
		if top > 0 {
			n = int(float64(r.count) / float64(top) * barWidth)
		}
		for i := range barWidth {
			if i < n {
				b = append(b, '@')
			} else {
				b = append(b, ' ')
			}
		}
		b = append(b, '|', '\n')
	}
	return b
}

func divide(n uint64, div int) uint64 {
	if div <= 1 {
		return n
	}
	return n / uint64(div)
}
