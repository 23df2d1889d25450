package output_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// newSeries makes a series of one number after the other; nil is an interval without one.
func newSeries(t types.TSeries, end int64, numbers ...any) value.Series {
	s := value.Series{T: t, End: end}
	for i, n := range numbers {
		if n, ok := n.(int); ok {
			start := end - int64(len(numbers)-1-i)*t.Interval
			s.Intervals = append(s.Intervals, value.Interval{Start: start, Bits: uint64(n)})
		}
	}
	return s
}

// What is expected is what bpftrace 0.27.1 prints.
func TestTimeSeries(t *testing.T) {
	zone := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = zone })
	end := time.Date(2026, 11, 22, 22, 39, 52, 100e6, time.UTC).UnixNano()
	tenth := types.TSeries{Interval: 100e6, Num: 20, Signed: true}
	for _, c := range []struct {
		name   string
		series value.Series
		want   string
	}{
		{"nothing kept", value.Series{T: tenth}, `
@:
<no data>
`},
		{"one interval", newSeries(tenth, end, 1), `
@:
                   0                                                   2
hh:mm:ss.ns        |___________________________________________________|
22:39:52.100000000 |                         *                         | 1
                   v___________________________________________________v
                   0                                                   2

`},
		{"zero within the range", newSeries(tenth, end, -10, 0, nil, 20, nil, 40), `
@:
             -10                                                40
hh:mm:ss.ms  |___________________________________________________|
22:39:51.600 *         .                                         | -10
22:39:51.700 |         *                                         | 0
22:39:51.800 |         .                                         | -
22:39:51.900 |         .                    *                    | 20
22:39:52.000 |         .                                         | -
22:39:52.100 |         .                                         * 40
             v___________________________________________________v
             -10                                                40

`},
		{"up to zero", newSeries(tenth, end, -4, -3, 0), `
@:
             -4                                                  0
hh:mm:ss.ms  |___________________________________________________|
22:39:51.900 *                                                   | -4
22:39:52.000 |            *                                      | -3
22:39:52.100 |                                                   * 0
             v___________________________________________________v
             -4                                                  0

`},
		{"one number, and long ago", newSeries(tenth, end, 2, nil, nil), `
@:
             1                                                   3
hh:mm:ss.ms  |___________________________________________________|
22:39:51.900 |                         *                         | 2
22:39:52.000 |                                                   | -
22:39:52.100 |                                                   | -
             v___________________________________________________v
             1                                                   3

`},
		{"none of the last", value.Series{T: tenth, End: end}, `
@:
                   null                                             null
hh:mm:ss.ns        |___________________________________________________|
22:39:52.100000000 |                                                   | -
                   v___________________________________________________v
                   null                                             null

`},
		{"seconds", newSeries(types.TSeries{Interval: 1500e6, Num: 5, Signed: true}, end, 5, 5), `
@:
         4                                                   6
hh:mm:ss |___________________________________________________|
22:39:50 |                         *                         | 5
22:39:52 |                         *                         | 5
         v___________________________________________________v
         4                                                   6

`},
		{"microseconds", newSeries(types.TSeries{Interval: 500e3, Num: 5, Signed: true}, end, 5, nil, 5), `
@:
                4                                                   6
hh:mm:ss.μs    |___________________________________________________|
22:39:52.099000 |                         *                         | 5
22:39:52.099500 |                                                   | -
22:39:52.100000 |                         *                         | 5
                v___________________________________________________v
                4                                                   6

`},
		{"the greatest number", newSeries(types.TSeries{Interval: 1, Num: 1}, end, -1), `
@:
                   18446744073709551614             18446744073709551615
hh:mm:ss.ns        |___________________________________________________|
22:39:52.100000000 |                                                   * 18446744073709551615
                   v___________________________________________________v
                   18446744073709551614             18446744073709551615

`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			p := output.NewText(output.Options{Out: &out})
			p.Map(value.Map{Name: "@", ValueType: c.series.T, Entries: []value.Entry{{Value: c.series}}}, 0, 0)
			require.NoError(t, p.Flush())
			require.Equal(t, c.want[1:], out.String())
		})
	}
}

func TestTimeSeriesAsJSON(t *testing.T) {
	zone := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = zone })
	end := time.Date(2026, 11, 22, 22, 37, 55, 0, time.UTC).UnixNano()
	tt := types.TSeries{Interval: 200e6, Num: 4, Signed: true}
	var out strings.Builder
	p := output.NewJSON(output.Options{Out: &out})
	p.Map(value.Map{Name: "@a", KeyType: types.Int64, ValueType: tt, Entries: []value.Entry{
		{Key: value.Int{T: types.Int64, Bits: 1}, Value: newSeries(tt, end, 30, nil, 70)},
		{Key: value.Int{T: types.Int64, Bits: 2}, Value: value.Series{T: tt, End: end}},
	}}, 0, 0)
	require.NoError(t, p.Flush())
	require.Equal(t, `{"type": "tseries", "data": {"@a": {"1": [{"interval_start":"2026-11-22 22:37:54.600000000","value":30},`+
		`{"interval_start":"2026-11-22 22:37:55.000000000","value":70}], "2": []}}}`+"\n", out.String())
}
