package output

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

func TestQuantilesAreNearTheTrueOnes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	const bits = 5
	for range 50 {
		slots := make([]uint64, types.HistSlots(bits))
		var all []int64
		for range 1 + rng.IntN(1000) {
			n := int64(rng.Uint64() >> (1 + rng.IntN(63)))
			all = append(all, n)
			slots[types.HistSlot(n, bits)]++
		}
		slices.Sort(all)
		for _, p := range []float64{0.1, 0.5, 0.9, 0.99, 0.999} {
			want := all[max(0, int(math.Ceil(p*float64(len(all))))-1)]
			require.InDelta(t, want, quantileOf(slots, bits, p), float64(want)/32)
		}
	}
}

func TestQuantilesOfNothingAndOfNegativeNumbers(t *testing.T) {
	slots := make([]uint64, types.HistSlots(5))
	require.EqualValues(t, 0, quantileOf(slots, 5, 0.5))
	slots[0] = 3
	require.EqualValues(t, -1, quantileOf(slots, 5, 0.5))
}

func TestQuantilesArePrintedByName(t *testing.T) {
	h := value.Hist{T: types.Hist{Bits: 5, Quantiles: "50,999"}, Slots: make([]uint64, types.HistSlots(5))}
	h.Slots[types.HistSlot(7, 5)] = 9
	h.Slots[types.HistSlot(20, 5)] = 1
	require.Equal(t, "{ .p50 = 7, .p99.9 = 20 }", string(appendQuantiles(nil, quantiles(h))))
	require.Equal(t, `{"p50": 7, "p99.9": 20}`, string(appendJSONQuantiles(nil, quantiles(h))))
}
