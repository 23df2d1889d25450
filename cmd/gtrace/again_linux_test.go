package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mustCopy copies a program to a folder of the test.
func mustCopy(t *testing.T, name string) string {
	t.Helper()
	from, err := exec.LookPath(name)
	require.NoError(t, err)
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "gt_program")
	require.NoError(t, os.WriteFile(path, data, 0o755))
	return path
}

// TestChildExecsAgain compares the process before and behind its second exec.
func TestChildExecsAgain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	kid, err := startChild(`sh -c 'cat /proc/$$/comm > "$0"' ` + out)
	require.NoError(t, err)
	t.Cleanup(kid.Stop)
	mine, err := nameOf("self")
	require.NoError(t, err)
	name, err := nameOf(strconv.Itoa(kid.PID))
	require.NoError(t, err)
	require.Equal(t, mine, name, "it has the name that it would have before its exec")
	stack := func() string {
		maps, err := os.ReadFile("/proc/" + strconv.Itoa(kid.PID) + "/maps")
		require.NoError(t, err)
		require.Contains(t, string(maps), "[stack]")
		return string(maps)
	}
	first, execs := stack(), 0
	kid.Start(childWatcher{
		execed: func() {
			execs++
			if second := stack(); first == second {
				t.Error("the process has the same memory")
			}
		},
		unseen: func(err error) { t.Error(err) },
	})
	<-kid.Done
	require.NoError(t, kid.Err)
	require.Equal(t, 1, execs)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "sh\n", string(text))
}

// TestChildThatCannotExecAgain removes the program while it is held: it goes on as it stands, with its own name.
func TestChildThatCannotExecAgain(t *testing.T) {
	program, out := mustCopy(t, "sh"), filepath.Join(t.TempDir(), "out")
	kid, err := startChild(program + ` -c 'cat /proc/$$/comm > "$0"; exit 3' ` + out)
	require.NoError(t, err)
	t.Cleanup(kid.Stop)
	require.NoError(t, os.Remove(program))
	var told error
	kid.Start(childWatcher{
		execed: func() { t.Error("there is no such program") },
		unseen: func(err error) { told = err },
	})
	<-kid.Done
	require.ErrorIs(t, told, syscall.ENOENT)
	require.ErrorContains(t, kid.Err, "exit status 3")
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "gt_program\n", string(text))
}

// TestChildThatIsStopped sends a signal that stops the process while it is held: it makes its exec and is stopped then.
func TestChildThatIsStopped(t *testing.T) {
	kid, err := startChild("sleep 1000")
	require.NoError(t, err)
	t.Cleanup(kid.Stop)
	require.NoError(t, syscall.Kill(kid.PID, syscall.SIGSTOP))
	execed := make(chan struct{})
	kid.Start(childWatcher{execed: func() { close(execed) }})
	<-execed
	require.Eventually(t, func() bool {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(kid.PID) + "/status")
		require.NoError(t, err)
		return strings.Contains(string(status), "State:\tT (stopped)")
	}, time.Minute, time.Millisecond)
	require.NoError(t, syscall.Kill(kid.PID, syscall.SIGKILL))
	<-kid.Done
	require.Error(t, kid.Err)
}

// TestChildThatIsTerminated sends a signal that ends the process while it is held: nothing of it runs.
func TestChildThatIsTerminated(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	kid, err := startChild("touch " + out)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(kid.PID, syscall.SIGTERM))
	kid.Start(childWatcher{})
	<-kid.Done
	require.ErrorIs(t, kid.Err, errEnded)
	require.NoFileExists(t, out)
}

func TestStackVectors(t *testing.T) {
	words := func(size int, values ...uint64) []byte {
		var b []byte
		for _, v := range values {
			b = append(b, binary.LittleEndian.AppendUint64(nil, v)[:size]...)
		}
		return b
	}
	for _, size := range []int{4, 8} {
		stack := words(size, 3, 0x10, 0x20, 0x30, 0, 0x40, 0x50, 0, 7, 7)
		args, env, err := stackVectors(bytes.NewReader(stack), size, 2)
		require.NoError(t, err)
		require.Equal(t, []uint64{0x20, 0x30}, args)
		require.Equal(t, []uint64{0x40, 0x50}, env)
		_, _, err = stackVectors(bytes.NewReader(stack), size, 4)
		require.Error(t, err, "there are but 3 words")
		_, _, err = stackVectors(bytes.NewReader(stack[:6*size]), size, 2)
		require.Error(t, err, "the environment does not end")
	}
}

func TestExecBlock(t *testing.T) {
	const at = 0x7fff0000
	block, call := execBlock(at, "/bin/a", "a", []uint64{0x20, 0x30}, []uint64{0x40})
	text := func(addr uint64) string {
		from := block[addr-at:]
		return string(from[:bytes.IndexByte(from, 0)])
	}
	list := func(addr uint64) (out []uint64) {
		for b := block[addr-at:]; ; b = b[8:] {
			p := binary.LittleEndian.Uint64(b)
			if p == 0 {
				return out
			}
			out = append(out, p)
		}
	}
	require.Equal(t, "/bin/a", text(call[0]))
	argv := list(call[1])
	require.Equal(t, "a", text(argv[0]))
	require.Equal(t, []uint64{0x20, 0x30}, argv[1:])
	require.Equal(t, []uint64{0x40}, list(call[2]))
}
