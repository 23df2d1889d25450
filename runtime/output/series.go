package output

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gtrace/gtrace/runtime/value"
)

// graphWidth is the number of columns that numbers are drawn in; the first and the last are those of the frame.
const graphWidth = 53

// noData stands for the number of an interval that nothing was kept of.
const noData = "-"

// label is how the start of an interval is written.
type label struct{ head, layout string }

// labelOf is as exact as the interval asks for; where there is but one interval, nanoseconds are shown.
func labelOf(interval int64, rows int) label {
	switch {
	case rows < 2 || interval < int64(time.Microsecond):
		return label{"hh:mm:ss.ns", "15:04:05.000000000"}
	case interval >= int64(time.Second):
		return label{"hh:mm:ss", "15:04:05"}
	case interval >= int64(time.Millisecond):
		return label{"hh:mm:ss.ms", "15:04:05.000"}
	}
	return label{"hh:mm:ss.μs", "15:04:05.000000"}
}

// appendSeries draws a time series: a row for each interval from the first that something was kept of to the last of the map.
func appendSeries(b []byte, v value.Series) []byte {
	if v.End == 0 {
		return append(b, "<no data>\n"...)
	}
	starts := starts(v)
	g := newGraph(v)
	l := labelOf(v.T.Interval, len(starts))
	margin := strings.Repeat(" ", len(l.layout)+1)
	frame := strings.Repeat("_", graphWidth-2)
	b = g.appendBounds(append(b, margin...))
	pad := strings.Repeat(" ", len(margin)-len(l.head)) // bytes are counted, as bpftrace does it
	b = fmt.Appendf(b, "%s%s|%s|\n", l.head, pad, frame)
	at := map[int64]uint64{}
	for _, n := range v.Intervals {
		at[n.Start] = n.Bits
	}
	for _, start := range starts {
		b = append(time.Unix(0, start).AppendFormat(b, l.layout), ' ')
		bits, kept := at[start]
		b = g.appendRow(b, bits, kept)
	}
	b = fmt.Appendf(b, "%sv%sv\n%s", margin, frame, margin)
	return g.appendBounds(b)
}

// starts returns the starts of the intervals that are shown.
func starts(v value.Series) []int64 {
	first := v.End
	if len(v.Intervals) > 0 {
		first = v.Intervals[0].Start
	}
	var out []int64
	for at := first; at <= v.End; at += v.T.Interval {
		out = append(out, at)
	}
	return out
}

// graph is the range of numbers that is drawn.
type graph struct {
	empty    bool
	signed   bool
	min, max uint64
}

func newGraph(v value.Series) graph {
	g := graph{signed: v.T.Signed, empty: len(v.Intervals) == 0}
	for i, n := range v.Intervals {
		if i == 0 || g.less(n.Bits, g.min) {
			g.min = n.Bits
		}
		if i == 0 || g.less(g.max, n.Bits) {
			g.max = n.Bits
		}
	}
	if g.min == g.max { // a range is wanted; it ends where numbers do
		if g.less(g.min-1, g.min) {
			g.min--
		}
		if g.less(g.max, g.max+1) {
			g.max++
		}
	}
	return g
}

func (g graph) less(a, b uint64) bool {
	if g.signed {
		return int64(a) < int64(b)
	}
	return a < b
}

// column returns how far a number is from the left, in columns.
func (g graph) column(n uint64) float64 {
	return float64(n-g.min) / float64(g.max-g.min) * (graphWidth - 1)
}

// zero returns the column of the number 0, which is marked if it lies within the range.
func (g graph) zero() int {
	if g.empty || !g.signed || int64(g.min) >= 0 || int64(g.max) <= 0 {
		return -1
	}
	return int(math.Round(g.column(0)))
}

// appendBounds writes the least number at the left and the greatest at the right.
func (g graph) appendBounds(b []byte) []byte {
	low, high := "null", "null"
	if !g.empty {
		low, high = string(appendInt(nil, g.min, g.signed)), string(appendInt(nil, g.max, g.signed))
	}
	return fmt.Appendf(b, "%s%*s\n", low, graphWidth-len(low), high)
}

func (g graph) appendRow(b []byte, bits uint64, kept bool) []byte {
	row := []byte("|" + strings.Repeat(" ", graphWidth-2) + "|")
	if z := g.zero(); z >= 0 {
		row[z] = '.'
	}
	if !kept {
		return append(append(append(b, row...), " "+noData...), '\n')
	}
	row[int(g.column(bits))] = '*'
	b = append(append(b, row...), ' ')
	return append(appendInt(b, bits, g.signed), '\n')
}

// appendJSONSeries writes the intervals that something was kept of.
func appendJSONSeries(b []byte, v value.Series) []byte {
	b = append(b, '[')
	for i, n := range v.Intervals {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"interval_start":"`...)
		b = time.Unix(0, n.Start).AppendFormat(b, "2006-01-02 15:04:05.000000000")
		b = append(b, `","value":`...)
		b = append(appendJSONInt(b, n.Bits, v.T.Signed), '}')
	}
	return append(b, ']')
}
