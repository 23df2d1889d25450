package probe

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFollowIn(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "usr/lib/deep"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "usr/lib/libx.so.1.2"), nil, 0o644))
	for link, target := range map[string]string{
		"lib": "usr/lib", "absolute": "/usr/lib", "usr/lib/libx.so.1": "libx.so.1.2", "usr/lib/up": "../../lib/libx.so.1",
		"usr/lib/out": "../../../../../../etc/passwd", "usr/lib/deep/etc": "/etc", "a": "b", "b": "a",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, link)))
	}
	for path, want := range map[string]string{
		"/usr/lib/libx.so.1.2":      "/usr/lib/libx.so.1.2",
		"/lib/libx.so.1":            "/usr/lib/libx.so.1.2",
		"/absolute/libx.so.1":       "/usr/lib/libx.so.1.2",
		"/absolute/./up":            "/usr/lib/libx.so.1.2",
		"/lib/out":                  "/etc/passwd", // of the root
		"/lib/deep/etc/passwd":      "/etc/passwd",
		"/nosuch/../lib//libx.so.1": "/usr/lib/libx.so.1.2",
		"/../../usr/lib/libx.so.1":  "/usr/lib/libx.so.1.2",
		"/nosuch/file":              "/nosuch/file",
		"/":                         "",
		"/lib/deep/../libx.so.1":    "/usr/lib/libx.so.1.2",
	} {
		require.Equal(t, want, followIn(root, path), path)
	}
	require.Contains(t, []string{"/a", "/b"}, followIn(root, "/a"), "links in a circle")
}
