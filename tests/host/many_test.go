package host_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// many is gtrace with a script of many probes, with its limits of these lifted.
func many(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := command(t, scriptFile(t, script))
	cmd.Env = append(cmd.Env, "GTRACE_MAX_PROBES=100000", "GTRACE_MAX_BPF_PROGS=100000")
	return cmd
}

// limited makes a command run with so many open files, and without the right to have more.
func limited(t *testing.T, cmd *exec.Cmd, files int) *exec.Cmd {
	t.Helper()
	setpriv := testenv.Program(t, "setpriv")
	cmd.Args = append([]string{
		setpriv, "--bounding-set=-sys_resource", "--inh-caps=-sys_resource", "sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, files),
	}, cmd.Args...)
	cmd.Path = setpriv
	return cmd
}

func scriptFile(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.gt")
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	return path
}

// files counts the descriptors of a process by what they are.
func files(t *testing.T, pid int) map[string]int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, e := range entries {
		if at, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			kinds[at]++
		}
	}
	return kinds
}

const (
	fileProgram = "anon_inode:bpf-prog"
	fileLink    = "anon_inode:bpf_link"
	fileEvent   = "anon_inode:[perf_event]"
	fileTypes   = "anon_inode:btf"
	fileMap     = "anon_inode:bpf-map"
)

func TestManyProbesTakeADescriptorEach(t *testing.T) {
	const n = 300
	for _, c := range []struct {
		name, script string
		programs     int
	}{
		{"attach points of one probe", strings.Repeat("interval:ms:100,", n) + ` { @ = count(); @s[tid] = str(0, 200); print("fired"); }`, 1},
		{"probes", strings.Repeat(`interval:ms:100 { @ = count(); @s[tid] = str(0, 200); print("fired"); }`+"\n", n), n},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := launch(t, many(t, c.script))
			s.attached()
			have := files(t, s.cmd.Process.Pid)
			require.Equal(t, c.programs, have[fileProgram])
			require.Equal(t, n, have[fileLink])
			require.Zero(t, have[fileEvent])
			require.LessOrEqual(t, have[fileTypes], 1)
			require.Less(t, have[fileMap], 10, "maps of one program need none")
			require.True(t, s.stdout.await(s.ended, "fired"), "nothing fired; stderr:\n%s", s.stderr)
			r := s.interrupt()
			require.Zero(t, r.code, r.stderr)
			require.Contains(t, r.stderr, fmt.Sprintf("Attached %d probes", n))
			require.Contains(t, r.stdout, "@: ")
		})
	}
}

// TestFewDescriptors runs as many probes as there are descriptors for, but for some: links keep their programs.
func TestFewDescriptors(t *testing.T) {
	const n, room = 600, 1000
	s := launch(t, limited(t, many(t, strings.Repeat(`interval:ms:100 { @ = count(); print("fired"); }`+"\n", n)), room))
	s.attached()
	have := files(t, s.cmd.Process.Pid)
	require.Zero(t, have[fileProgram])
	require.Equal(t, n, have[fileLink])
	require.True(t, s.stdout.await(s.ended, "fired"), "nothing fired; stderr:\n%s", s.stderr)
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "@: ")
	require.NotContains(t, r.stderr, "ERROR")
}

func TestNoMoreDescriptors(t *testing.T) {
	const wayOut = ": too many open files: gtrace may have %d, and needs one or two for each program and probe: raise the limit (ulimit -n), or trace fewer probes"
	for _, c := range []struct {
		name, script string
		files        int
		want         string
	}{
		{"for programs", strings.Repeat("interval:s:1 { @ = count(); }\n", 300), 100, "ERROR: load interval:s:1" + wayOut},
		{"for probes", strings.Repeat("interval:s:1,", 300) + " { @ = count(); }", 100, "ERROR: attach interval:s:1" + wayOut},
		{"for tracepoints", "tracepoint:syscalls:* { @ = count(); }", 100, "ERROR: attach tracepoint:syscalls:"},
		{"which the script may not tolerate", `config = { missing_probes = "warn" } tracepoint:syscalls:* { @ = count(); }`, 100, "ERROR: attach tracepoint:syscalls:"},
		{"for maps", "BEGIN { @ = count(); }", 8, "too many open files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := launch(t, limited(t, many(t, c.script), c.files)).wait()
			require.Equal(t, 1, r.code, r.stderr)
			want := c.want
			if strings.Contains(want, "%d") {
				want = fmt.Sprintf(want, c.files)
			}
			require.Contains(t, r.stderr, want)
			require.Contains(t, r.stderr, fmt.Sprintf("gtrace may have %d,", c.files))
			require.NotContains(t, r.stderr, "bug in gtrace")
			require.Empty(t, r.stdout)
		})
	}
}

func TestProgramsOfOneTracepoint(t *testing.T) {
	const probe = "tracepoint:syscalls:sys_enter_getpid"
	r := run(t, "-e", strings.Repeat(probe+" { @ = count(); }\n", 65))
	require.Equal(t, 1, r.code)
	require.Equal(t, "ERROR: attach "+probe+": 64 programs are attached to it, and the kernel allows no more: put what they do into fewer probes\n", r.stderr)
}
