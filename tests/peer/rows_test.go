package peer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/peer"
)

// Every row of docs/conformance.md names cases, and all of them exist.
func TestRowsHaveCases(t *testing.T) {
	known := map[string]bool{}
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	for _, path := range paths {
		cases, err := peer.Read(path)
		require.NoError(t, err)
		for _, c := range cases {
			known[c.Name] = true
		}
	}
	require.GreaterOrEqual(t, len(known), 600)
	text, err := os.ReadFile("../../docs/conformance.md")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 2 || strings.TrimSpace(cells[0]) == "row" {
			continue
		}
		rows++
		for name := range strings.SplitSeq(cells[1], ";") {
			require.True(t, known[strings.TrimSpace(name)], "row %s: no case is named %q", cells[0], strings.TrimSpace(name))
		}
	}
	require.Greater(t, rows, 50)
}
