package peer_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/peer"
)

// entry is the line of a map's key whose value is an integer.
var entry = regexp.MustCompile(`^(@\w*)\[.*\]: (-?\d+)$`)

// tie returns the first line of an output whose value is that of the same map's line before, or "".
func tie(output string) string {
	var last []string
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		m := entry.FindStringSubmatch(line)
		if m != nil && last != nil && m[0] != last[0] && m[1] == last[1] && m[2] == last[2] {
			return line
		}
		last = m
	}
	return ""
}

// bpftrace prints the keys of equal values in any order, so that a case with such would fail now and then.
func TestNoTies(t *testing.T) {
	require.Equal(t, "@b[2]: 1", tie("@a[1]: 1\n@b[1]: 1\n@b[2]: 1\n"))
	require.Empty(t, tie("@a[1]: 1\n@a[1]: 1\n"), "printed twice")
	require.Empty(t, tie("@a[1]: 1\n@b[1]: 1\n@b[2]: 2\nx\n@b[3]: 2\n"))
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		cases, err := peer.Read(path)
		require.NoError(t, err)
		for _, c := range cases {
			if c.Differs == "" {
				require.Empty(t, tie(c.Want.Stdout), "%s: %s", path, c.Name)
			}
		}
	}
}
