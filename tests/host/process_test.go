package host_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

func TestCommand(t *testing.T) {
	target := targetPath(t)
	t.Run("ends with its command", func(t *testing.T) {
		r := run(t, "-c", target+" getppid 321", "-e", `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @ = count(); } END { printf("%d\n", cpid > 1); }`)
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, "1\n\n\n@: 321\n", r.stdout)
	})
	t.Run("traces from the first instruction", func(t *testing.T) {
		r := run(t, "-c", target+" call 10 1", "-e", "uprobe:"+target+":gtrace_target { @ = count(); }")
		require.Equal(t, "@: 10", strings.TrimSpace(r.stdout), r.stderr)
	})
	t.Run("quoted words", func(t *testing.T) {
		r := run(t, "-c", target+` text "two words"`, "-e", "uprobe:"+target+":gtrace_text { @[str(arg0)] = count(); }")
		require.Equal(t, "@[two words]: 1", strings.TrimSpace(r.stdout), r.stderr)
	})
	t.Run("is terminated by exit", func(t *testing.T) {
		begin := time.Now()
		r := run(t, "-c", target+" sleep", "-e", `interval:ms:100 { printf("%d\n", cpid); exit(); }`)
		require.Zero(t, r.code, r.stderr)
		require.Less(t, time.Since(begin), 10*time.Second)
		require.ErrorIs(t, syscall.Kill(mustAtoi(t, strings.TrimSpace(r.stdout)), 0), syscall.ESRCH)
	})
	t.Run("does not run if the script is wrong", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "made")
		require.Equal(t, 1, run(t, "-c", "touch "+file, "-e", `BEGIN { nonsense(); }`).code)
		require.NoFileExists(t, file)
	})
	t.Run("cannot be found", func(t *testing.T) {
		r := run(t, "-c", "/no/such/command", "-e", `interval:s:1 { }`)
		require.Equal(t, 1, r.code)
		require.Equal(t, "ERROR: -c /no/such/command: no such file or directory\n", r.stderr)
	})
}

func TestPID(t *testing.T) {
	p := waiting(t, "getppid", "77")
	s := start(t, "-p", strconv.Itoa(p.pid()), "-e", `tracepoint:syscalls:sys_enter_getppid { @ = count(); } rawtracepoint:sys_enter /args.id == 110/ { @raw = count(); }`)
	testenv.NewWorker(t).Getppid(1000) // of another process
	p.work()
	p.end()
	r := s.wait() // the process has ended, so gtrace does
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "@: 77\n@raw: 77", strings.TrimSpace(r.stdout))
}

func TestPIDOfUserProbe(t *testing.T) {
	mine, other := waiting(t, "call", "5", "1"), waiting(t, "call", "50", "1")
	s := start(t, "-p", strconv.Itoa(mine.pid()), "-e", `uprobe:`+targetPath(t)+`:gtrace_target { @ = count(); }`)
	other.work()
	mine.work()
	mine.end()
	require.Equal(t, "@: 5", strings.TrimSpace(s.wait().stdout))
}

func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			w := testenv.NewWorker(t)
			s := start(t, "-e", fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @ = count(); } END { printf("end\n"); }`, w.TID()))
			w.Getppid(12)
			s.signal(sig)
			r := s.wait()
			require.Zero(t, r.code, r.stderr)
			require.Equal(t, "end\n\n\n@: 12\n", r.stdout)
		})
	}
}

// Whoever types a script or waits for a large one to compile gets the prompt back with Ctrl-C.
func TestInterruptBeforeAnythingIsAttached(t *testing.T) {
	cmd := command(t, "-")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	s := launch(t, cmd)
	_, err = stdin.Write(bytes.Repeat([]byte("// a comment\n"), 20_000)) // more than a pipe takes: gtrace reads
	require.NoError(t, err)
	s.signal(syscall.SIGINT)
	r := s.wait()
	require.Equal(t, 130, r.code, r.stderr)
	require.Empty(t, r.stdout+r.stderr)
}

func TestClosedPipeEndsIt(t *testing.T) {
	cmd := command(t, "-e", `interval:ms:5 { printf("line\n"); }`)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = w
	require.NoError(t, cmd.Start())
	require.NoError(t, w.Close())
	_, err = r.Read(make([]byte, 5))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(patience):
		require.NoError(t, cmd.Process.Kill())
		require.Fail(t, "gtrace goes on though nobody reads")
	}
}

var idLine = regexp.MustCompile(`(?m)^(prog_id|link_id):\s*(\d+)$`)

// kernelObjects returns the programs and links that a process holds.
func kernelObjects(t *testing.T, pid int) (progs, links []int) {
	t.Helper()
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	require.NoError(t, err)
	for _, path := range infos {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // closed meanwhile
		}
		for _, m := range idLine.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "link_id" {
				links = append(links, mustAtoi(t, m[2]))
			} else {
				progs = append(progs, mustAtoi(t, m[2]))
			}
		}
	}
	return progs, links
}

func gone(progs, links []int) bool {
	for _, id := range progs {
		if p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id)); err == nil {
			_ = p.Close()
			return false
		}
	}
	for _, id := range links {
		if l, err := link.NewFromID(link.ID(id)); err == nil {
			_ = l.Close()
			return false
		}
	}
	return true
}

func TestKilledLeavesNothing(t *testing.T) {
	testenv.Kernel(t, "5.15", "perf event links")
	s := start(t, "-e", `tracepoint:syscalls:sys_enter_getppid { @ = count(); } rawtracepoint:sched_switch { @s = count(); }
		uprobe:`+targetPath(t)+`:gtrace_target { @u = count(); } interval:s:10 { @i++; } profile:hz:9 { @p = count(); }`)
	progs, links := kernelObjects(t, s.cmd.Process.Pid)
	require.GreaterOrEqual(t, len(progs), 5)
	require.GreaterOrEqual(t, len(links), 5)
	require.False(t, gone(progs, links))
	s.signal(syscall.SIGKILL)
	require.Equal(t, 128+9, s.wait().code)
	require.Eventually(t, func() bool { return gone(progs, links) }, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, "0", tracefsEvents(t))
}

// tracefsEvents counts the probes that somebody defined in tracefs; gtrace defines none where the kernel has links.
func tracefsEvents(t *testing.T) string {
	t.Helper()
	n := 0
	for _, name := range []string{"kprobe_events", "uprobe_events"} {
		b, err := os.ReadFile(filepath.Join(testenv.Tracefs(t), name))
		if err != nil {
			continue // a kernel without them
		}
		n += strings.Count(string(b), "gtrace")
	}
	return strconv.Itoa(n)
}

func TestMissingPrivileges(t *testing.T) {
	nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	for _, program := range []string{
		`BEGIN { printf("hi\n"); }`, `tracepoint:syscalls:sys_enter_openat { @ = count(); }`, `tracepoint:syscalls:* { @ = count(); }`,
		`interval:s:1 { }`, `profile:hz:99 { @[kstack] = count(); }`, `rawtracepoint:sched_switch { }`, `uprobe:` + targetPath(t) + `:gtrace_target { }`,
	} {
		t.Run(program, func(t *testing.T) {
			cmd := command(t, "-e", program)
			cmd.SysProcAttr = nobody
			requireReadable(t, cmd)
			r := launch(t, cmd).wait()
			require.Equal(t, 1, r.code)
			require.Equal(t, "ERROR: not permitted: tracing needs CAP_BPF and CAP_PERFMON; run as root or grant the capability\n", r.stderr)
			require.Empty(t, r.stdout)
		})
	}
	t.Run("a wrong script is told to everybody", func(t *testing.T) {
		cmd := command(t, "-e", `BEGIN { nonsense(); }`)
		cmd.SysProcAttr = nobody
		requireReadable(t, cmd)
		r := launch(t, cmd).wait()
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "Unknown function: 'nonsense'")
	})
	t.Run("stages", func(t *testing.T) {
		cmd := command(t, "-d", "asm", "-e", `BEGIN { @ = 1; }`)
		cmd.SysProcAttr = nobody
		requireReadable(t, cmd)
		r := launch(t, cmd).wait()
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stdout, "exit")
	})
}

// requireReadable skips the test if others than root may not run the binary where it is.
func requireReadable(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	for dir := filepath.Dir(cmd.Path); dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		require.NoError(t, err)
		if info.Mode().Perm()&1 == 0 {
			testenv.Skip(t, testenv.Host, "nobody but root may enter "+dir)
		}
	}
}
