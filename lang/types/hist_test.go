package types_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
)

// Every slot's range must hold exactly the numbers that are counted in it: its ends belong to it, and the number below and
// the number above do not.
func TestHistSlotsMatchRanges(t *testing.T) {
	for k := range 6 {
		next := uint64(0)
		last := types.HistSlot(math.MaxInt64, k)
		for slot := 1; slot <= last; slot++ {
			lo, hi := types.HistRange(slot, k)
			require.Equal(t, next, lo, "k=%d slot=%d: ranges leave no gap", k, slot)
			require.Greater(t, hi, lo)
			require.Equal(t, slot, types.HistSlot(int64(lo), k), "k=%d", k)
			require.Equal(t, slot, types.HistSlot(int64(hi-1), k), "k=%d", k)
			if lo > 0 {
				require.Equal(t, slot-1, types.HistSlot(int64(lo-1), k), "k=%d", k)
			}
			next = hi
		}
		require.Equal(t, uint64(1)<<63, next, "k=%d: the slots end where int64 does", k)
		require.Less(t, last, types.HistSlots(k))
		require.Zero(t, types.HistSlot(-1, k))
		require.Zero(t, types.HistSlot(math.MinInt64, k))
	}
}

func TestHistRangeEndsAtTheTop(t *testing.T) {
	for k := range 6 {
		_, hi := types.HistRange(types.HistSlots(k)-1, k)
		require.Zero(t, hi, "2^64 wraps to 0 for k=%d", k)
	}
}

func TestHistSlotSamples(t *testing.T) {
	for _, c := range []struct {
		n    int64
		k    int
		want int
	}{
		{0, 0, 1},
		{1, 0, 2},
		{2, 0, 3},
		{3, 0, 3},
		{4, 0, 4},
		{7, 0, 4},
		{8, 0, 5},
		{3, 2, 4},
		{4, 2, 5},
		{5, 2, 6},
		{7, 2, 8},
		{8, 2, 9},
		{9, 2, 9},
		{10, 2, 10},
	} {
		require.Equal(t, c.want, types.HistSlot(c.n, c.k), "%d k=%d", c.n, c.k)
	}
}

func TestLHistSlot(t *testing.T) {
	h := types.LHist{Min: 10, Max: 30, Step: 5}
	require.Equal(t, 6, h.Slots())
	for _, c := range []struct {
		n    int64
		want int
	}{{-1, 0}, {9, 0}, {10, 1}, {14, 1}, {15, 2}, {29, 4}, {30, 5}, {math.MaxInt64, 5}} {
		require.Equal(t, c.want, h.Slot(c.n), "%d", c.n)
	}
}
