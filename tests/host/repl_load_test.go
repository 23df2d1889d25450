package host_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// dialog is a session without a terminal that answers line by line.
type dialog struct {
	*session
	in   io.WriteCloser
	asks int
}

func converse(t *testing.T, args ...string) *dialog {
	t.Helper()
	cmd := command(t, args...)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	return &dialog{session: launchFor(t, cmd, 5*patience), in: in}
}

// do has inputs run, and returns once they have.
func (d *dialog) do(inputs ...string) {
	d.t.Helper()
	d.asks++
	mark := fmt.Sprintf("mark %d of the test", d.asks)
	_, err := fmt.Fprintf(d.in, "%s\nprint(%q)\n", strings.Join(inputs, "\n"), mark)
	require.NoError(d.t, err)
	require.True(d.t, d.stdout.await(d.ended, mark+"\n"), "no answer to %s; stderr:\n%s", inputs, d.stderr)
}

// ask is do for an input that prints, and returns what it printed.
func (d *dialog) ask(input string) string {
	d.t.Helper()
	before := len(d.stdout.String())
	d.do(input)
	text, _, _ := strings.Cut(d.stdout.String()[before:], "mark ")
	return strings.TrimSpace(text)
}

func (d *dialog) end() result {
	d.t.Helper()
	require.NoError(d.t, d.in.Close())
	return d.wait()
}

// Probes come and go while others count; each counts what happened while it was there, and no more.
func TestSessionProbesUnderLoad(t *testing.T) {
	w := testenv.NewWorker(t)
	d := converse(t)
	const probe = "tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @all = count(); @by[%d] = count(); }"
	want, attached, all := map[int]int{}, map[int]bool{}, 0
	work := func(n int) {
		w.Getppid(n)
		for id := range attached {
			want[id] += n
			all += n
		}
	}
	for id := 1; id <= 12; id++ {
		d.do(fmt.Sprintf(probe, w.TID(), id))
		attached[id] = true
		work(50 + id)
		switch id % 4 {
		case 0:
			d.do(fmt.Sprintf(":stop %d", id-1))
			delete(attached, id-1)
		case 1:
			d.do(fmt.Sprintf(":pause %d", id))
			delete(attached, id)
		case 2:
			d.do(fmt.Sprintf(":resume %d", id-1))
			attached[id-1] = true
		}
		work(31)
	}
	require.Equal(t, fmt.Sprintf("@all: %d", all), d.ask("@all"))
	for id, n := range want {
		require.Equal(t, strconv.Itoa(n), d.ask(fmt.Sprintf("(int64)@by[%d]", id)), "probe %d", id)
	}
	d.do(":stop all")
	w.Getppid(100)
	require.Equal(t, fmt.Sprintf("@all: %d", all), d.ask("@all"))
	r := d.end()
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, "ost")
}

// A thousand probes are entered, run and removed, and as many statements: memory, descriptors and what the kernel holds stay as they
// are.
func TestSessionStaysSmall(t *testing.T) {
	w := testenv.NewWorker(t)
	d := converse(t, "-q")
	round := func(from, to int) {
		for at := from; at < to; at += 50 {
			var inputs []string
			for i := at; i < at+50; i++ {
				inputs = append(inputs,
					fmt.Sprintf("rawtracepoint:sys_enter /tid == %d/ { @n[%d] = count(); printf(\"x\"); }", w.TID(), i%10),
					fmt.Sprintf("@s[%d] = %d; print(%d * 2)", i%10, i, i), fmt.Sprintf(":stop %d", i))
			}
			d.do(inputs...)
		}
	}
	round(1, 201)
	idle := func() map[string]int { // the last statement has printed, and is being removed
		time.Sleep(300 * time.Millisecond)
		return objectsOf(t, d.cmd.Process.Pid)
	}
	objects, memory := idle(), resident(t, d.cmd.Process.Pid)
	require.Equal(t, 2, objects["anon_inode:bpf-map"], "@n and @s")
	require.Zero(t, objects["anon_inode:bpf-prog"])
	round(201, 1001)
	require.Eventually(t, func() bool { return maps.Equal(objects, idle()) }, patience, time.Millisecond, "%v", objects)
	require.LessOrEqual(t, resident(t, d.cmd.Process.Pid), memory+16<<20, "resident memory")
	r := d.end()
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stderr)
}

func resident(t *testing.T, pid int) int {
	t.Helper()
	for line := range strings.Lines(mustRead(t, fmt.Sprintf("/proc/%d/status", pid))) {
		if f := strings.Fields(line); f[0] == "VmRSS:" {
			return mustAtoi(t, f[1]) << 10
		}
	}
	require.Fail(t, "no VmRSS")
	return 0
}

// objectsOf counts the descriptors of a process by what they are: files, maps, programs, links.
func objectsOf(t *testing.T, pid int) map[string]int {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	require.NoError(t, err)
	out := map[string]int{}
	for _, fd := range fds {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name())); err == nil {
			kind, _, _ := strings.Cut(to, "[")
			out[strings.TrimRight(kind+strings.TrimPrefix(to, kind), "0123456789[]")]++
		}
	}
	return out
}

// A killed session leaves nothing in the kernel.
func TestSessionKilled(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talk(t)
	c.enter(fmt.Sprintf("tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @kill_t = count(); }", w.TID()))
	c.enter("rawtracepoint:sys_enter { @kill_r = count(); }")
	c.enter("interval:s:1 { @kill_i = count(); }")
	c.enter("profile:hz:9 { @kill_p = count(); }")
	c.enter(fmt.Sprintf("uprobe:%s:main.main { @kill_u = count(); }", targetPath(t)))
	maps, programs := inKernel(t, "at_kill_")
	require.Equal(t, 5, maps)
	require.Equal(t, 5, programs)
	require.NoError(t, c.cmd.Process.Kill())
	require.Equal(t, 128+int(syscall.SIGKILL), c.leaves())
	require.Eventually(t, func() bool {
		maps, programs := inKernel(t, "at_kill_")
		return maps+programs == 0
	}, 30*time.Second, 200*time.Millisecond)
}

// inKernel counts the maps in the kernel whose names begin with a prefix, and the programs that use them.
func inKernel(t *testing.T, prefix string) (maps, programs int) {
	t.Helper()
	mine := map[ebpf.MapID]bool{}
	for id, err := ebpf.MapGetNextID(0); err == nil; id, err = ebpf.MapGetNextID(id) {
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			continue // it has gone
		}
		info, err := m.Info()
		m.Close()
		mine[id] = err == nil && strings.HasPrefix(info.Name, prefix)
		if mine[id] {
			maps++
		}
	}
	id, err := ebpf.ProgramGetNextID(0)
	for ; err == nil; id, err = ebpf.ProgramGetNextID(id) {
		p, err := ebpf.NewProgramFromID(id)
		if err != nil {
			continue
		}
		info, err := p.Info()
		p.Close()
		if err != nil {
			continue
		}
		ids, _ := info.MapIDs()
		for _, m := range ids {
			if mine[m] {
				programs++
				break
			}
		}
	}
	require.True(t, errors.Is(err, os.ErrNotExist), err)
	return maps, programs
}

// Ctrl-C ends a long listing, and the session goes on.
func TestSessionInterruptsOutput(t *testing.T) {
	c := talk(t)
	c.keys(":list -v tracepoint:*\r")
	c.shows("tracepoint:")
	c.keys(ctrlC)
	c.until(atPrompt)
	c.keys("2 + 3\r")
	c.until(func(s string) bool { return strings.HasSuffix(s, "\n5\ngtrace>") })
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// Ctrl-C ends the printing of a large map on a slow terminal at once.
func TestSessionInterruptsALargeMap(t *testing.T) {
	c := talk(t)
	c.enter(":set max_map_keys=50000")
	c.enter("for ($i : 0..40000) { @m[$i] = 1; }")
	c.reading.Lock()
	c.keys("@m\r")
	time.Sleep(500 * time.Millisecond) // the terminal is full
	c.keys(ctrlC)
	time.Sleep(200 * time.Millisecond)
	c.reading.Unlock()
	c.until(func(s string) bool { return strings.Contains(s, "Left out ") && atPrompt(s) })
	s := c.display.String()
	left := 0
	_, text, _ := strings.Cut(s, "Left out ")
	_, err := fmt.Sscanf(text, "%d lines of output.", &left)
	require.NoError(t, err)
	require.Positive(t, left)
	shown := strings.Count(s, "]: 1\n")
	require.InDelta(t, 40000, shown+left, 1, "the line that was cut")
	c.enter(":drop @m")
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// What a session does not read in time waits in the ring buffer, and what finds no room there is counted.
func TestSessionCountsWhatIsLost(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talk(t)
	c.enter(":set perf_rb_pages=1")
	c.enter(fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @n++; printf("event %%d of many\n", @n); }`, w.TID()))
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGSTOP))
	w.Getppid(5000)
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGCONT))
	c.shows("event 10 of many")
	time.Sleep(300 * time.Millisecond)
	s := c.enter(":probes")
	_, text, found := strings.Cut(s, "(lost: ")
	require.True(t, found, s)
	lost := 0
	_, err := fmt.Sscanf(text, "%d events", &lost)
	require.NoError(t, err)
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
	s = c.display.String()
	require.Equal(t, 5000, strings.Count(s, " of many\n")+lost)
	require.Contains(t, s, fmt.Sprintf("Lost %d events", lost))
}

// The cost of a probe is counted by the kernel.
func TestSessionCost(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talk(t)
	c.enter(fmt.Sprintf("tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @n = count(); }", w.TID()))
	c.keys(":cost 2s\r")
	time.Sleep(500 * time.Millisecond)
	w.Getppid(1000)
	s := c.until(func(s string) bool { return strings.HasSuffix(s, "sys_enter_getppid\ngtrace>") })
	f := strings.Fields(lastLine(strings.TrimSuffix(s, "\ngtrace>")))
	require.Equal(t, "[1]", f[0], s)
	require.GreaterOrEqual(t, mustAtoi(t, f[1]), 1000, s)
	require.Positive(t, mustAtoi(t, f[3]), s)
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// Without CAP_SYS_ADMIN, what needs it is said.
func TestSessionWithoutSysAdmin(t *testing.T) {
	testenv.Privileged(t)
	setpriv := testenv.Program(t, "setpriv")
	if v, err := os.ReadFile("/proc/sys/kernel/bpf_stats_enabled"); err != nil || strings.TrimSpace(string(v)) != "0" {
		testenv.Skip(t, testenv.Host, "needs kernel.bpf_stats_enabled = 0")
	}
	bin := filepath.Join(t.TempDir(), "gtrace")
	text, err := os.ReadFile(testenv.Gtrace(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(bin, text, 0o755))
	cmd := exec.Command(setpriv, "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", bin)
	cmd.Env = append(os.Environ(), "GTRACE_COLOR=never")
	cmd.Stdin = strings.NewReader("interval:s:1 { @ = count(); }\n:cost 10ms\n1 + 1\n")
	r := launch(t, cmd).wait()
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "2\n")
	require.Contains(t, r.stderr, "ERROR: counting program runs needs the capability CAP_SYS_ADMIN, or the sysctl kernel.bpf_stats_enabled=1")
}
