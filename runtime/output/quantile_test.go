package output

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// counted is what quantile keeps of numbers.
func counted(t types.Hist, numbers ...int64) value.Hist {
	h := value.Hist{T: t, Slots: make([]uint64, t.Slots())}
	for _, n := range numbers {
		h.Slots[t.Slot(n)]++
	}
	if len(numbers) > 0 {
		h.Min, h.Max = uint64(slices.Min(numbers)), uint64(slices.Max(numbers))
	}
	return h
}

func TestQuantilesAreNearTheTrueOnes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range 50 {
		typ := types.Hist{Bits: 5, Quantiles: "50", Signed: i%2 == 0}
		var all []int64
		for range 1 + rng.IntN(1000) {
			n := int64(rng.Uint64() >> (1 + rng.IntN(63)))
			if typ.Signed && rng.IntN(2) == 0 {
				n = ^n
			}
			all = append(all, n)
		}
		h := counted(typ, all...)
		slices.Sort(all)
		for _, p := range []float64{0.1, 0.5, 0.9, 0.99, 0.999} {
			want := all[max(0, int(math.Ceil(p*float64(len(all))))-1)]
			delta := float64(want) / 64
			if want < 0 {
				delta = float64(want) / -32
			}
			require.InDelta(t, want, int64(quantileOf(h, typ, p)), delta)
		}
	}
}

func TestQuantilesLieBetweenTheBounds(t *testing.T) {
	h := types.Hist{Bits: 5, Quantiles: "50", Signed: true}
	of := func(p float64, ns ...int64) int64 { return int64(quantileOf(counted(h, ns...), h, p)) }
	require.EqualValues(t, 0, of(0.5))
	require.EqualValues(t, -8, of(0.5, -9, -8, -7))
	require.EqualValues(t, -7, of(0.5, -9, 5, -7))
	require.EqualValues(t, -1030, of(0.01, -1030, 0), "the bucket begins with -1088")
	require.EqualValues(t, -1088, of(0.5, -1088, -1088), "the bucket goes on to -1025")
	require.EqualValues(t, math.MinInt64, of(0.5, math.MinInt64))
	require.EqualValues(t, 4096, of(0.99, 832, 4096, 4096), "the bucket goes on to 4223")
	require.EqualValues(t, 1000001, of(0.001, 1000001))
	h.Signed = false
	n := value.Hist{T: h, Slots: make([]uint64, h.Slots()), Min: 1<<63 + 5, Max: math.MaxUint64}
	n.Slots[h.Slot(-1)]++
	n.Slots[h.Slot(math.MinInt64+5)]++
	require.Equal(t, uint64(1<<63+1<<57-1), quantileOf(n, h, 0.5), "numbers without sign")
}

func TestQuantilesArePrintedByName(t *testing.T) {
	h := counted(types.Hist{Bits: 5, Quantiles: "count,min,50,99.9,max"}, 3000, 3000, 9000)
	require.Equal(t, "{ .count = 3, .min = 3000, .p50 = 3000, .p99.9 = 9000, .max = 9000 }", string(appendQuantiles(nil, quantiles(h, 0))))
	require.Equal(t, `{"count": 3, "min": 3000, "p50": 3000, "p99.9": 9000, "max": 9000}`, string(appendJSONQuantiles(nil, quantiles(h, 0))))
	require.Equal(t, "{ .count = 3, .min = 3, .p50 = 3, .p99.9 = 9, .max = 9 }", string(appendQuantiles(nil, quantiles(h, 1000))),
		"a divisor is for the numbers, not for how many they are")
	h = counted(types.Hist{Bits: 5, Quantiles: "count,min,50,max", Signed: true}, -3500, -3500, -999)
	require.Equal(t, "{ .count = 3, .min = -3, .p50 = -3, .max = 0 }", string(appendQuantiles(nil, quantiles(h, 1000))), "rounded to zero")
	h = value.Hist{T: types.Hist{Quantiles: "min,max"}, Min: math.MaxUint64, Max: math.MaxUint64}
	require.Equal(t, `{"min": "18446744073709551615", "max": "18446744073709551615"}`, string(appendJSONQuantiles(nil, quantiles(h, 0))))
}

func TestWideHistogramsAreJoinedToFit(t *testing.T) {
	for _, test := range []struct {
		name     string
		numbers  []int64
		rows     int
		has, not string
	}{
		{"narrow", []int64{64, 66, 100}, 19, "[64, 66)", "[64, 68)"},
		{"wider", []int64{64, 66, 300}, 35, "[64, 68)               2", "[64, 66)"},
		{"some below zero", []int64{-40, -39, -33, -5, -1, 0, 3}, 40, "[-40, -38)             2", "[-40, -36)"},
		{"wide below zero", []int64{-1024, -1000, -1, 0, 1}, 38, "[-1024, -896)          2", "[-1K"},
		{"all there is", []int64{math.MinInt64, -5, 0, 1, 1 << 20, math.MaxInt64}, 128, "[4E, 8E)               1", "[1]                    2"},
	} {
		text := string(appendHist(nil, counted(types.Hist{Bits: 5, Fit: true, Signed: true}, test.numbers...), 0))
		require.Equal(t, test.rows, strings.Count(text, "\n"), "%s:\n%s", test.name, text)
		require.Contains(t, text, test.has, test.name)
		require.NotContains(t, text, test.not, test.name)
		if test.numbers[0] < 0 {
			continue // one row to hist(n, 5)
		}
		exact := string(appendHist(nil, counted(types.Hist{Bits: 5}, test.numbers...), 0))
		require.GreaterOrEqual(t, strings.Count(exact, "\n"), test.rows, "hist(n, 5) prints every row, as bpftrace does")
	}
}
