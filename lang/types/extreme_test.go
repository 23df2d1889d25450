package types_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
)

func TestExtremeMask(t *testing.T) {
	minus := func(n int64) uint64 { return uint64(-n) }
	tests := []struct {
		t types.Type
		// worst to best
		numbers []uint64
	}{
		{types.Max{}, []uint64{0, 1, 7, math.MaxInt64, 1 << 63, math.MaxUint64}},
		{types.Min{}, []uint64{math.MaxUint64, 1 << 63, math.MaxInt64, 7, 1, 0}},
		{types.Max{Signed: true}, []uint64{1 << 63, minus(7), minus(1), 0, 1, math.MaxInt64}},
		{types.Min{Signed: true}, []uint64{math.MaxInt64, 1, 0, minus(1), minus(7), 1 << 63}},
	}
	for _, test := range tests {
		mask := types.ExtremeMask(test.t)
		require.Zero(t, test.numbers[0]^mask, "the worst of %s", test.t)
		for i, n := range test.numbers[1:] {
			require.Greater(t, n^mask, test.numbers[i]^mask, "%s of %d", test.t, n)
		}
	}
	require.Panics(t, func() { types.ExtremeMask(types.Int64) })
}
