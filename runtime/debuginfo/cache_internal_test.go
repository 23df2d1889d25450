package debuginfo

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCacheForgetsWhatIsNotUsed(t *testing.T) {
	c := Cache{files: map[string]*cached{}}
	now := time.Now()
	use := func(path string, bytes int, at time.Time) {
		if c.files[path] == nil {
			c.files[path] = &cached{path: path, info: &Info{size: bytes}}
		}
		c.use(c.files[path], at)
	}
	for i := range 5 {
		use(fmt.Sprint(i), maxBytes/4, now)
	}
	require.Len(t, c.files, 5, "all are in use")
	use("0", 0, now.Add(2*idle))
	use("new", maxBytes/4, now.Add(2*idle))
	require.Len(t, c.files, 3)
	require.Contains(t, c.files, "0")
	require.Contains(t, c.files, "4")
	require.Contains(t, c.files, "new")
	require.Equal(t, 3*(maxBytes/4+missing), c.bytes)
	use("large", 2*maxBytes, now.Add(4*idle))
	require.Len(t, c.files, 1, "the last one stays")
	for i := range maxBytes / missing * 2 {
		c.files[fmt.Sprint("/none/", i)] = &cached{path: fmt.Sprint("/none/", i)}
		c.use(c.files[fmt.Sprint("/none/", i)], now.Add(time.Duration(i)*idle))
	}
	require.LessOrEqual(t, len(c.files), maxBytes/missing, "what is not there is bounded, too")
}
