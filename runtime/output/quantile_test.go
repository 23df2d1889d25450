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
	h := value.Hist{T: t, Slots: make([]uint64, types.HistSlots(t.Bits))}
	for _, n := range numbers {
		h.Slots[types.HistSlot(n, t.Bits)]++
	}
	if len(numbers) > 0 {
		h.Min, h.Max = slices.Min(numbers), slices.Max(numbers)
	}
	return h
}

func TestQuantilesAreNearTheTrueOnes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	const bits = 5
	for range 50 {
		var all []int64
		for range 1 + rng.IntN(1000) {
			all = append(all, int64(rng.Uint64()>>(1+rng.IntN(63))))
		}
		h := counted(types.Hist{Bits: bits}, all...)
		slices.Sort(all)
		for _, p := range []float64{0.1, 0.5, 0.9, 0.99, 0.999} {
			want := all[max(0, int(math.Ceil(p*float64(len(all))))-1)]
			require.InDelta(t, want, quantileOf(h, bits, p), float64(want)/64)
		}
	}
}

func TestQuantilesLieBetweenTheBounds(t *testing.T) {
	h := types.Hist{Bits: 5}
	require.EqualValues(t, 0, quantileOf(counted(h), 5, 0.5))
	require.EqualValues(t, -7, quantileOf(counted(h, -9, -8, -7), 5, 0.5), "numbers below zero share a bucket")
	require.EqualValues(t, -1, quantileOf(counted(h, -9, 5, -7), 5, 0.5))
	require.EqualValues(t, 4096, quantileOf(counted(h, 832, 4096, 4096), 5, 0.99), "the bucket goes on to 4223")
	require.EqualValues(t, 1000001, quantileOf(counted(h, 1000001), 5, 0.001))
}

func TestQuantilesArePrintedByName(t *testing.T) {
	h := counted(types.Hist{Bits: 5, Quantiles: "count,min,50,99.9,max"}, 3000, 3000, 9000)
	require.Equal(t, "{ .count = 3, .min = 3000, .p50 = 3000, .p99.9 = 9000, .max = 9000 }", string(appendQuantiles(nil, quantiles(h, 0))))
	require.Equal(t, `{"count": 3, "min": 3000, "p50": 3000, "p99.9": 9000, "max": 9000}`, string(appendJSONQuantiles(nil, quantiles(h, 0))))
	require.Equal(t, "{ .count = 3, .min = 3, .p50 = 3, .p99.9 = 9, .max = 9 }", string(appendQuantiles(nil, quantiles(h, 1000))),
		"a divisor is for the numbers, not for how many they are")
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
		{"all there is", []int64{-5, 0, 1, 1 << 20, math.MaxInt64}, 65, "[4E, 8E)               1", "[1]                    2"},
	} {
		text := string(appendHist(nil, counted(types.Hist{Bits: 5, Fit: true}, test.numbers...), 0))
		require.Equal(t, test.rows, strings.Count(text, "\n"), "%s:\n%s", test.name, text)
		require.Contains(t, text, test.has, test.name)
		require.NotContains(t, text, test.not, test.name)
		exact := string(appendHist(nil, counted(types.Hist{Bits: 5}, test.numbers...), 0))
		require.GreaterOrEqual(t, strings.Count(exact, "\n"), test.rows, "hist(n, 5) prints every row, as bpftrace does")
	}
}
