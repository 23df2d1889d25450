package probe_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

func privileged(t *testing.T) {
	t.Helper()
	testenv.Privileged(t)
	require.NoError(t, rlimit.RemoveMemlock())
}

// mustResolve expands an attach point of the running machine.
func mustResolve(t *testing.T, s *probe.Set, opts check.ResolveOptions, kind string, parts ...string) []attach.Match {
	t.Helper()
	p, ok := s.Provider(kind)
	require.True(t, ok, "probe type %s", kind)
	ms, err := p.Resolve(attach.Point{Type: kind, Parts: parts}, opts)
	require.NoError(t, err)
	return ms
}

func probesOf(ms []attach.Match) []attach.Probe {
	var out []attach.Probe
	for _, m := range ms {
		out = append(out, m.Probe)
	}
	return out
}

// counter is a map of one number and the code that adds to it.
type counter struct{ m *ebpf.Map }

func newCounter(t *testing.T) counter {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return counter{m}
}

func (c counter) value(t *testing.T) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, c.m.Lookup(uint32(0), &n))
	return n
}

// program counts the times that it runs in this process, or all times if anyone is set.
func (c counter) program(t *testing.T, s *probe.Set, ps []attach.Probe, anyone bool) *ebpf.Program {
	t.Helper()
	var ins asm.Instructions
	if !anyone {
		ins = append(ins,
			asm.FnGetCurrentPidTgid.Call(),
			asm.RSh.Imm(asm.R0, 32),
			asm.JNE.Imm(asm.R0, int32(os.Getpid()), "out"),
		)
	}
	ins = append(ins,
		asm.LoadMapValue(asm.R1, c.m.FD(), 0),
		asm.Mov.Imm(asm.R2, 1),
		asm.AddAtomic.Mem(asm.R1, asm.R2, asm.DWord, 0),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	)
	spec := &ebpf.ProgramSpec{Name: "count", License: "GPL", Instructions: ins}
	require.NoError(t, s.Configure(spec, ps))
	prog, err := ebpf.NewProgram(spec)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, prog.Close()) })
	return prog
}

// count attaches to all probes, does the work and returns how often the program ran.
func count(t *testing.T, s *probe.Set, ms []attach.Match, anyone bool, work func()) uint64 {
	t.Helper()
	c := newCounter(t)
	ps := probesOf(ms)
	prog := c.program(t, s, ps, anyone)
	done := s.AttachMany(context.Background(), prog, ps)
	require.Empty(t, done.Failures)
	require.Equal(t, len(ps), done.Probes)
	work()
	require.NoError(t, done.Closer.Close())
	n := c.value(t)
	work()
	require.Equal(t, n, c.value(t), "still attached")
	return n
}

func TestAttachTracepoint(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "t", "syscalls", "sys_enter_getppid*")
	require.Len(t, ms, 1)
	n := count(t, s, ms, false, func() {
		for range 1000 {
			os.Getppid()
		}
	})
	require.EqualValues(t, 1000, n)
}

func TestAttachRawTracepoint(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{NeedArgs: true}, "rawtracepoint", "sys_exit")
	n := count(t, s, ms, false, func() {
		for range 100 {
			os.Getppid()
		}
	})
	require.GreaterOrEqual(t, n, uint64(100))
}

func TestAttachInterval(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "interval", "ms", "10")
	begin := time.Now()
	n := count(t, s, ms, true, func() { time.Sleep(505 * time.Millisecond) })
	// A busy machine takes its time to attach and detach, and ticks that come too late are left out.
	require.LessOrEqual(t, n, uint64(time.Since(begin)/(10*time.Millisecond))+1)
	require.Greater(t, n, uint64(20))
}

func TestAttachProfile(t *testing.T) {
	privileged(t)
	h := host.New()
	s := probe.New(h)
	cpus, err := h.OnlineCPUs()
	require.NoError(t, err)
	ms := mustResolve(t, s, check.ResolveOptions{}, "profile", "hz", "100")
	begin := time.Now()
	n := count(t, s, ms, true, func() { time.Sleep(500 * time.Millisecond) })
	// A virtual CPU that its host does not run misses samples; none can see more than its share.
	require.LessOrEqual(t, int(n), (int(time.Since(begin)/(10*time.Millisecond))+1)*len(cpus))
	require.GreaterOrEqual(t, int(n), 20)
}

func TestTrigger(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	c := newCounter(t)
	prog := c.program(t, s, probesOf(mustResolve(t, s, check.ResolveOptions{}, "BEGIN")), true)
	require.NoError(t, probe.Trigger(prog))
	require.NoError(t, probe.Trigger(prog))
	require.EqualValues(t, 2, c.value(t))
}

func TestAttachKprobe(t *testing.T) {
	privileged(t)
	h := host.New()
	s := probe.New(h)
	if !testenv.HasKprobes() {
		for _, kind := range []string{"kprobe", "kretprobe"} {
			p, _ := s.Provider(kind)
			_, err := p.Resolve(attach.Point{Type: kind, Parts: []string{"vfs_read"}}, check.ResolveOptions{})
			require.ErrorContains(t, err, "needs a kernel with kprobes (CONFIG_KPROBE_EVENTS), which this one does not have")
		}
		return
	}
	work := func() {
		for range 100 {
			os.Getppid()
		}
	}
	for _, kind := range []string{"kprobe", "kretprobe"} {
		t.Run(kind, func(t *testing.T) {
			ms := mustResolve(t, s, check.ResolveOptions{}, kind, "__x64_sys_getppid")
			require.Len(t, ms, 1)
			require.EqualValues(t, 100, count(t, s, ms, false, work))
		})
		t.Run(kind+" wildcard", func(t *testing.T) {
			ms := mustResolve(t, s, check.ResolveOptions{}, kind, "*_sys_getp*id") // each system call has several names
			require.Greater(t, len(ms), 3)
			require.GreaterOrEqual(t, count(t, s, ms, false, work), uint64(100))
		})
	}
	t.Run("unknown", func(t *testing.T) {
		p, _ := s.Provider("k")
		_, err := p.Resolve(attach.Point{Type: "k", Parts: []string{"vfs_raed"}}, check.ResolveOptions{})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr)
		require.Equal(t, "No matches for kprobe vfs_raed.", perr.Message)
		require.Equal(t, "did you mean kprobe:vfs_read?", perr.Hint)
	})
	t.Run("refused", func(t *testing.T) {
		ms := mustResolve(t, s, check.ResolveOptions{}, "kprobe", "vfs_read")
		ps := probesOf(ms)
		ps[0].Func = "no_such_function"
		prog := newCounter(t).program(t, s, ps, true)
		_, err := s.Attach(context.Background(), prog, ps[0])
		require.ErrorContains(t, err, "not traceable")
	})
}

// target is a program in C whose functions are called as often as its argument says.
const targetSource = `
#include <stdlib.h>
__attribute__((noinline)) long first_of_two(long a) { __asm__ volatile(""); return a + 1; }
#ifdef __x86_64__
__asm__(".text\n.globl placed\n.type placed,@function\nplaced: push %rbp\nmov %rsp,%rbp\npop %rbp\nret\n.byte 6\nnop\n.size placed,.-placed");
#endif
__attribute__((noinline)) long second_of_two(long a) { __asm__ volatile(""); return a + 2; }
int main(int argc, char **argv) {
	long n = atol(argv[1]), sum = 0;
	for (long i = 0; i < n; i++)
		sum += first_of_two(i) + second_of_two(i) + second_of_two(sum);
	return sum == 0;
}
`

// mustBuildTarget compiles the target or skips the test.
func mustBuildTarget(t *testing.T) string {
	t.Helper()
	return mustBuild(t, targetSource)
}

// mustBuild compiles a program of C, the file target.c, or skips the test.
func mustBuild(t *testing.T, source string, flags ...string) string {
	t.Helper()
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "target.c"), []byte(source), 0o644))
	path := filepath.Join(dir, "target")
	out, err := exec.Command(cc, append([]string{"-O1", "-o", path, filepath.Join(dir, "target.c")}, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestAttachUprobe(t *testing.T) {
	privileged(t)
	testenv.Uprobes(t)
	h := host.New()
	path := mustBuildTarget(t)
	s := probe.New(h)
	bin, err := h.Binaries().Open(path)
	require.NoError(t, err)
	sym, ok := bin.ByName("first_of_two")
	require.True(t, ok)
	tests := []struct {
		name, kind, fn string
		probes         int
		want           uint64
	}{
		{"function", "uprobe", "first_of_two", 1, 7},
		{"return", "uretprobe", "second_of_two", 1, 14},
		{"wildcard", "uprobe", "*_of_two", 2, 21},
		{"wildcard return", "uretprobe", "*_of_two", 2, 21},
		{"address", "uprobe", fmt.Sprintf("0x%x", sym.Addr), 1, 7},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ms := mustResolve(t, s, check.ResolveOptions{}, test.kind, path, test.fn)
			require.Len(t, ms, test.probes)
			n := count(t, s, ms, true, func() { require.NoError(t, exec.Command(path, "7").Run()) })
			require.Equal(t, test.want, n)
		})
	}
}

func TestAttachUprobeOfProcess(t *testing.T) {
	privileged(t)
	testenv.Uprobes(t)
	h := host.New()
	path := mustBuildTarget(t)
	s := probe.New(h)
	ms := mustResolve(t, s, check.ResolveOptions{PID: os.Getpid()}, "uprobe", path, "first_of_two")
	n := count(t, s, ms, true, func() { require.NoError(t, exec.Command(path, "7").Run()) })
	require.Zero(t, n, "calls of another process were counted")
}

func TestAttachSeveralPoints(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "tracepoint", "syscalls", "sys_*_getppid")
	require.Len(t, ms, 2)
	require.Equal(t, ms[0].Context.ID, ms[1].Context.ID)
	n := count(t, s, ms, false, func() { os.Getppid() })
	require.EqualValues(t, 2, n)
}

// A user probe is a link of its own where the kernel has such: those are freed side by side. Older kernels have events, of which the
// program can be taken off before they are freed.
func TestUserProbesAreFreedSideBySide(t *testing.T) {
	privileged(t)
	h := host.New()
	s := probe.New(h)
	path := mustBuildStatic(t)
	for _, kind := range []string{"uprobe", "uretprobe"} {
		ps := probesOf(mustResolve(t, s, check.ResolveOptions{}, kind, path, "main"))
		require.Len(t, ps, 1)
		prog := newCounter(t).program(t, s, ps, true)
		c, err := s.Attach(context.Background(), prog, ps[0])
		require.NoError(t, err)
		_, event := c.(interface{ Disarm() error })
		require.Equal(t, h.Has(target.PerfLink) && !h.Has(target.UprobeMulti), event, "%T", c)
		require.NoError(t, c.Close())
	}
}
