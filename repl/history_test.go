package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHistoryFile(t *testing.T) {
	env := map[string]string{}
	get := func(name string) string { return env[name] }
	require.Empty(t, HistoryFile(get))
	env["HOME"] = "/home/a"
	require.Equal(t, "/home/a/.local/state/gtrace/history", HistoryFile(get))
	env["XDG_STATE_HOME"] = "relative"
	require.Equal(t, "/home/a/.local/state/gtrace/history", HistoryFile(get))
	env["XDG_STATE_HOME"] = "/state"
	require.Equal(t, "/state/gtrace/history", HistoryFile(get))
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "gtrace", "history")
	h, err := openHistory(path)
	require.NoError(t, err)
	require.True(t, h.add("one"))
	require.False(t, h.add("one"))
	require.False(t, h.add("  "))
	require.True(t, h.add("two"))
	other, err := openHistory(path)
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two"}, other.lines)
	require.NoError(t, os.Chmod(path, 0o644))
	other, err = openHistory(path)
	require.NoError(t, err)
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())
	require.NoError(t, os.Remove(path))
	require.True(t, other.add("three"))
	fi, err = os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	long := strings.Repeat("x", 1000)
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "%d %s\n", i, long)
	}
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	h, err := openHistory(path)
	require.NoError(t, err)
	require.Len(t, h.lines, maxHistory)
	require.True(t, strings.HasPrefix(h.lines[maxHistory-1], "1999 "))
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, fi.Size(), int64(maxHistoryFile))
	require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())
}

func TestHistoryThatCannotBeKept(t *testing.T) {
	h, err := openHistory(filepath.Join("/proc/nosuch", "history"))
	require.ErrorContains(t, err, "the history is not kept")
	require.True(t, h.add("kept in memory"))
	h, err = openHistory(t.TempDir())
	require.Error(t, err)
	require.True(t, h.add("x"))
	h, err = openHistory("")
	require.NoError(t, err)
	require.True(t, h.add("x"))
}
