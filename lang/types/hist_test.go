package types_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
)

// Every slot's range must hold exactly the numbers that are counted in it: its ends belong to it, and the number below and
// the number above do not.
func TestHistSlotsMatchRanges(t *testing.T) {
	for k := range 6 {
		h := types.Hist{Bits: k}
		next := rangesFrom(t, h, h.Zero(), 0, h.Slot(math.MaxInt64))
		require.Equal(t, uint64(1)<<63, next, "k=%d: the slots end where int64 does", k)
		require.Less(t, h.Slot(math.MaxInt64), h.Slots())
		require.Zero(t, h.Slot(-1))
		require.Zero(t, h.Slot(math.MinInt64))
	}
}

// rangesFrom checks the ranges of slots up to last of which the first begins with lo, and returns where they end.
func rangesFrom(t *testing.T, h types.Hist, slot int, lo uint64, last int) uint64 {
	t.Helper()
	for ; slot <= last; slot++ {
		from, to := h.Range(slot)
		require.Equal(t, lo, from, "%+v slot=%d: ranges leave no gap", h, slot)
		require.Positive(t, to-from)
		require.Equal(t, slot, h.Slot(int64(from)), "%+v", h)
		require.Equal(t, slot, h.Slot(int64(to-1)), "%+v", h)
		lo = to
	}
	return lo
}

func TestLogLinearSlotsMatchRanges(t *testing.T) {
	for k := range 6 {
		h := types.Hist{Bits: k, Fit: true}
		require.Zero(t, rangesFrom(t, h, h.Zero(), 0, h.Slots()-1), "k=%d: the slots end where uint64 does: 2^64 wraps to 0", k)
		h.Signed = true
		require.Equal(t, uint64(1)<<63, rangesFrom(t, h, 0, 1<<63, h.Slots()-1), "k=%d: from the least number to the largest", k)
	}
}

// edges are the numbers at which an index could go wrong.
func edges() []int64 {
	out := []int64{math.MinInt64, math.MinInt64 + 1, 0, math.MaxInt64}
	for e := range 63 {
		for d := int64(-1); d <= 1; d++ {
			out = append(out, 1<<e+d, -(1<<e + d))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The middle of a bucket, which stands for the numbers in it, is no further from them than a 64th, below zero than a 32nd.
func TestLogLinearSlotsOfEdges(t *testing.T) {
	h := types.Hist{Bits: 5, Quantiles: "50", Signed: true}
	last := -1
	for _, n := range edges() {
		slot := h.Slot(n)
		require.GreaterOrEqual(t, slot, last, "%d: slots are in the order of numbers", n)
		require.Less(t, slot, h.Slots(), "%d", n)
		last = slot
		l, u := h.Range(slot)
		lo, hi := int64(l), int64(u-1)
		require.LessOrEqual(t, lo, n)
		require.LessOrEqual(t, n, hi)
		share := 32.0
		if n < 0 {
			share = 16
		}
		require.LessOrEqual(t, float64(hi-lo), math.Abs(float64(n))/share, "%d: [%d, %d]", n, lo, hi)
	}
	require.Equal(t, h.Slots()-1, last)
	require.Zero(t, h.Slot(math.MinInt64))
	require.Equal(t, h.Zero(), h.Slot(-1)+1)
}

// Numbers without sign need no more memory than hist(n, 5), negative ones half of that.
func TestSizeOfLogLinearHistograms(t *testing.T) {
	require.Equal(t, types.Sizeof(types.Hist{Bits: 5}), types.Sizeof(types.Hist{Bits: 5, Fit: true}))
	require.Equal(t, 8*(1+1920)+16, types.Sizeof(types.Hist{Bits: 5, Quantiles: "50"}), "15 KB")
	require.Equal(t, 8*(960+1888), types.Sizeof(types.Hist{Bits: 5, Fit: true, Signed: true}))
}

func TestBoundsOfHistograms(t *testing.T) {
	for _, signed := range []bool{false, true} {
		h := types.Hist{Bits: 5, Quantiles: "50", Signed: signed}
		l, g := h.BoundMasks()
		var least, greatest uint64
		for _, n := range []uint64{3, 1 << 63, 9} {
			least, greatest = max(least, n^l), max(greatest, n^g)
		}
		lo, hi := h.Bounds(least, greatest)
		if signed {
			require.Equal(t, [2]uint64{1 << 63, 9}, [2]uint64{lo, hi})
		} else {
			require.Equal(t, [2]uint64{3, 1 << 63}, [2]uint64{lo, hi})
		}
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
		require.Equal(t, c.want, types.Hist{Bits: c.k}.Slot(c.n), "%d k=%d", c.n, c.k)
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
