package output

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBootClock(t *testing.T) {
	t.Parallel()
	var c bootClock
	first := c.at(5000)
	for range 10_000 {
		require.Equal(t, first, c.at(5000), "times keep their distance")
	}
	require.Equal(t, 7*time.Microsecond, c.at(12_000).Sub(first))

	c.zero = c.zero.Add(-time.Hour)
	require.WithinDuration(t, first, c.at(5000), time.Second, "follows when the time of day is set")
}
