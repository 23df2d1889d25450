package event

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// cpu is what a CPU keeps of an interval.
func cpu(number, meta, interval uint64) []byte {
	var b []byte
	for _, n := range []uint64{number, meta, interval} {
		b = binary.NativeEndian.AppendUint64(b, n)
	}
	return b
}

func TestMergeIntervals(t *testing.T) {
	minus := func(n int64) uint64 { return uint64(-n) }
	for _, c := range []struct {
		name string
		agg  string
		cpus [][]byte
		want kept
	}{
		{"nothing", "", [][]byte{cpu(0, 0, 0), cpu(0, 0, 0)}, kept{}},
		{"the last number", "", [][]byte{cpu(5, 100, 7), cpu(6, 99, 7), cpu(9, 200, 6)}, kept{7, 5}},
		{"sum", "sum", [][]byte{cpu(5, 1, 7), cpu(6, 2, 7), cpu(9, 1, 6), cpu(0, 0, 0)}, kept{7, 11}},
		{"avg", "avg", [][]byte{cpu(minus(5), 1, 7), cpu(minus(6), 2, 7)}, kept{7, minus(3)}},
		{"max", "max", [][]byte{cpu(minus(5), 1, 7), cpu(minus(6), 1, 7)}, kept{7, minus(5)}},
		{"min", "min", [][]byte{cpu(minus(5), 1, 7), cpu(minus(6), 1, 7)}, kept{7, minus(6)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, merge(c.cpus, types.TSeries{Agg: c.agg, Signed: true}))
		})
	}
}

// All keys end with the interval that is the last of any; what is older than the series is long is left out.
func TestSeriesShareTheLastInterval(t *testing.T) {
	s := &series{t: types.TSeries{Interval: 10, Num: 3}, find: map[string]*seriesKey{}}
	d := &Decoder{LeapNanoseconds: 1}
	key := func(n byte) []byte { return []byte{n, 0, 0, 0, 0, 0, 0, 0} }
	require.NoError(t, s.add(d, types.Uint64, key(1), [][]byte{cpu(30, 1, 103)}))
	require.NoError(t, s.add(d, types.Uint64, key(1), [][]byte{cpu(10, 1, 101)}))
	require.NoError(t, s.add(d, types.Uint64, key(2), [][]byte{cpu(20, 1, 102)}))
	require.NoError(t, s.add(d, types.Uint64, key(2), [][]byte{cpu(4, 1, 104)}))
	require.Len(t, s.keys, 2)
	require.Equal(t, value.Series{T: s.t, End: 1029, Intervals: []value.Interval{{Start: 1019, Bits: 30}}}, s.value(d, s.keys[0]))
	require.Equal(t, value.Series{T: s.t, End: 1029, Intervals: []value.Interval{{Start: 1009, Bits: 20}, {Start: 1029, Bits: 4}}},
		s.value(d, s.keys[1]))
}
