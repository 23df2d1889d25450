package symbol

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReplaced asks for the code of a program that a process runs in place of another one, right after it was told of that.
func TestReplaced(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	sleep, err = filepath.EvalSymlinks(sleep)
	require.NoError(t, err)
	cmd := exec.Command("sh", "-c", "read go; exec sleep 1000")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	pid := cmd.Process.Pid

	r := New(Options{})
	require.NotEmpty(t, r.process(pid).reread())
	_, err = io.WriteString(stdin, "\n")
	require.NoError(t, err)
	var code mapping
	require.Eventually(t, func() bool {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		require.NoError(t, err)
		for _, m := range parseMaps(string(data), &fileNames{}) {
			if m.path == sleep {
				code = m
			}
		}
		return code.end != 0
	}, time.Minute, time.Millisecond)
	r.process(pid).read = time.Now() // what was read is still believed
	r.Replaced(pid)
	_, _, module, _ := r.User(pid, code.start)
	require.Equal(t, sleep, module)
}

func TestReplacedUnknown(t *testing.T) {
	r := New(Options{})
	r.Replaced(os.Getpid())
	require.Empty(t, r.process(os.Getpid()).spaces, "nothing is read of a process that nobody asked for")
}

// TestFileBehindARoot reads a file by a path that leads nowhere, as that of a process which has just ended, and by another one.
func TestFileBehindARoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	data, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o755))
	info, err := os.Stat(path)
	require.NoError(t, err)
	c := &Cache{}
	stat := info.Sys().(*syscall.Stat_t)
	e := c.entry(identity{dev: uint64(stat.Dev), ino: stat.Ino, mtime: info.ModTime()})
	e.once.Do(func() { // the file is gone when it is opened
		e.err = &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		e.ready.Store(true)
	})
	_, err = c.Open(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = c.Open(path)
	require.NoError(t, err, "that is not remembered")
}
