package emit

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestByteSetGap compares with a search byte by byte.
func TestByteSetGap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var s, rest byteSet
		taken := map[int]bool{}
		for range r.IntN(12) {
			from := r.IntN(200)
			at := interval{from, from + r.IntN(70)}
			if set := &s; r.IntN(2) == 0 {
				set.set(at)
			} else {
				rest.set(at)
			}
			for i := at.from; i < at.to; i++ {
				taken[i] = true
			}
		}
		s.add(rest)
		n, align := 1+r.IntN(90), 1<<r.IntN(4)
		want := 0
		for i := 0; i < want+n; i++ {
			if taken[i] {
				want = alignUp(i+1, align)
				i = want - 1
			}
		}
		require.Equal(t, want, s.gap(n, align))
	}
}
