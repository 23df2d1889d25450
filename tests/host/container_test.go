package host_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// container is a process in a root, a mount namespace and a pid namespace of its own. What it runs is at a path at which this machine has
// another file.
type container struct {
	t    *testing.T
	path string
	pid  string
	in   io.WriteCloser
	out  *bufio.Reader
	cmd  *exec.Cmd
}

// contain starts a process that is to work count times.
func contain(t *testing.T, count int) *container {
	t.Helper()
	testenv.Privileged(t)
	unwinding(t) // it generates code
	decoy, err := os.CreateTemp("/tmp", "gtrace-contained-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.Remove(decoy.Name()) })
	other, err := os.ReadFile(mustBuild(t, "other", shortSource, "-DFUNC=contained", "-static"))
	require.NoError(t, err)
	_, err = decoy.Write(other)
	require.NoError(t, err)
	require.NoError(t, decoy.Chmod(0o755))
	require.NoError(t, decoy.Close())

	c := &container{t: t, path: decoy.Name(), cmd: exec.Command(testenv.Container(t), t.TempDir(), decoy.Name(), fmt.Sprint(count))}
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.out, c.cmd.Stderr = bufio.NewReader(out), os.Stderr
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() { _, _ = c.in.Close(), c.cmd.Wait() })
	c.says("ready")
	outer := c.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", outer, outer))
	require.NoError(t, err)
	c.pid = strings.TrimSpace(string(children))
	return c
}

func (c *container) says(what string) {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(c.t, err)
	require.Equal(c.t, what, strings.TrimSpace(line))
}

// work has it work.
func (c *container) work() {
	c.t.Helper()
	_, err := c.in.Write([]byte{'\n'})
	require.NoError(c.t, err)
	c.says("done")
}

// end ends it, after which nothing is left of its root.
func (c *container) end() {
	c.t.Helper()
	require.NoError(c.t, c.in.Close())
	require.NoError(c.t, c.cmd.Wait())
}

// TestContainer traces a process whose files are its own, by name and by all that happens.
func TestContainer(t *testing.T) {
	const stack = `@[\n\s+contained\+\d+\n\s+generated_function\+\d+\n\s+main\+\d+\n\]: 7\n`
	tests := []struct {
		name, script string
		pid, ended   bool
		want         string
	}{
		{"uprobe", `uprobe:PATH:contained { @[ustack(3)] = count(); @n[func, usym(reg("ip"))] = count(); }`, true, false, stack + `@n\[contained, contained\]: 7\n`},
		{"uretprobe", `uretprobe:PATH:contained { @ = count(); }`, true, false, `@: 7\n`},
		{"static probe", `usdt:PATH:container:works { @[arg0 < 7] = count(); }`, true, false, `@\[true\]: 7\n`},
		{"static probe of its files", `usdt:*:container:works { @ = sum(arg0); }`, true, false, `@: 21\n`},
		{"stacks", `tracepoint:syscalls:sys_enter_getppid /pid == PID/ { @ = ustack; }`, false, false, `@:\s+syscall\+\d+\n\s+generated_function\+\d+\n\s+main\+\d+\n`},
		// Its files are gone with it, and those that this machine has at these paths are others.
		{"stacks of one that is gone", `tracepoint:syscalls:sys_enter_getppid /pid == PID/ { @ = ustack; }`, false, true, `@:\s+0x[0-9a-f]+\n\s+0x[0-9a-f]+\n\s+0x[0-9a-f]+\n`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := contain(t, 7)
			args := []string{"-e", strings.NewReplacer("PATH", c.path, "PID", c.pid).Replace(test.script)}
			if test.pid {
				args = append(args, "-p", c.pid)
			}
			s := start(t, args...)
			c.work()
			if test.ended {
				c.end()
			}
			r := s.interrupt()
			require.Zero(t, r.code, r.stderr)
			require.Regexp(t, strings.ReplaceAll(test.want, "@[", `@\[`), r.stdout)
		})
	}
}
