package symbol

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHierarchies(t *testing.T) {
	require.Equal(t, []hierarchy{
		{name: "unified", path: "/sys/fs/cgroup/unified", unified: true},
		{name: "cpu", path: "/sys/fs/cgroup/cpu"},
		{name: "pids", path: "/sys/fs/cgroup/pids"},
	}, hierarchies(`30 29 0:26 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids
31 29 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
32 29 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 29 0:29 / /proc rw - proc proc rw
broken
`))
}

func TestFindInode(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "a", "b"), 0o700))
	for _, path := range []string{"/", "/a", "/a/b"} {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		got, ok := findInode(root, info.Sys().(*syscall.Stat_t).Ino)
		require.True(t, ok)
		require.Equal(t, path, got)
	}
	_, ok := findInode(root, 1<<60)
	require.False(t, ok)
}

func TestWildcard(t *testing.T) {
	for filter, names := range map[string][]string{
		"": {"unified", "cpu", "cpuset"}, "*": {"unified", "cpu", "cpuset"}, "cpu": {"cpu"}, "cpu*": {"cpu", "cpuset"}, "u*d": {"unified"},
		"*e*": {"unified", "cpuset"}, "uni": nil, "c.u": nil,
	} {
		var got []string
		for _, name := range []string{"unified", "cpu", "cpuset"} {
			if wildcard(filter).MatchString(name) {
				got = append(got, name)
			}
		}
		require.Equal(t, names, got, filter)
	}
}
