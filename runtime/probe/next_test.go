package probe_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

// TestNext checks that every probe type that the machine has says what its attach points can be.
func TestNext(t *testing.T) {
	testenv.Privileged(t)
	testenv.Tracefs(t)
	set := probe.New(host.New())
	kinds := set.Types()
	require.True(t, slices.IsSortedFunc(kinds, func(a, b probe.Type) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}))
	var names []string
	for _, k := range kinds {
		names = append(names, k.Name)
		if k.Files {
			continue
		}
		tree, err := set.Next(k.Name)
		require.NoError(t, err, k.Name)
		for _, b := range tree {
			require.True(t, slices.IsSorted(b.Last))
			require.True(t, slices.IsSorted(b.More))
		}
	}
	require.Subset(t, names, []string{"begin", "end", "interval", "profile", "tracepoint", "rawtracepoint", "software"})
	tree, err := set.Next("tracepoint")
	require.NoError(t, err)
	require.Contains(t, tree[""].More, "sched")
	require.Contains(t, tree["sched"].Last, "sched_switch")
	tree, err = set.Next("interval")
	require.NoError(t, err)
	require.Contains(t, tree[""].More, "hz")
	require.Empty(t, tree[""].Last)
	_, err = set.Next("nosuch")
	require.ErrorContains(t, err, "nosuch")
	binary := testenv.Gtrace(t)
	tree, err = set.NextIn("uprobe", binary)
	require.NoError(t, err)
	require.Contains(t, tree[""].Last, "main.main")
	_, err = set.NextIn("uprobe", "/no/such/file")
	require.ErrorContains(t, err, "/no/such/file")
}
