package probe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

// touchPages reads as many pages that nobody has touched: a fault for each.
func touchPages(t *testing.T, pages int) {
	t.Helper()
	size := os.Getpagesize()
	mem, err := unix.Mmap(-1, 0, pages*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	require.NoError(t, unix.Madvise(mem, unix.MADV_NOHUGEPAGE))
	for i := 0; i < len(mem); i += size {
		mem[i] = 1
	}
	require.NoError(t, unix.Munmap(mem))
}

func TestAttachSoftware(t *testing.T) {
	privileged(t)
	const pages = 5000
	s := probe.New(host.New())
	for _, test := range []struct {
		name, count string
		pid         int
		want        int
	}{
		{"every fault", "1", 0, pages},
		{"every fault of a process", "1", os.Getpid(), pages},
		{"every tenth of a process", "10", os.Getpid(), pages / 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			ms := mustResolve(t, s, check.ResolveOptions{PID: test.pid}, "software", "faults", test.count)
			require.Equal(t, "software:faults:"+test.count, ms[0].Probe.Name)
			var wg sync.WaitGroup
			n := count(t, s, ms, false, func() {
				wg.Go(func() { // another thread, maybe a new one
					runtime.LockOSThread()
					touchPages(t, pages)
				})
				wg.Wait()
			})
			require.GreaterOrEqual(t, int(n), test.want-1)
			require.LessOrEqual(t, int(n), test.want+test.want/5, "the test's own faults are few")
		})
	}
}

func TestAttachSoftwareDefaultCount(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{PID: os.Getpid()}, "s", "page-faults")
	require.Equal(t, "software:page-faults", ms[0].Probe.Name)
	n := count(t, s, ms, false, func() { touchPages(t, 5000) })
	require.InDelta(t, 50, n, 10, "one in a hundred")
}

func TestAttachHardware(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "hardware", "cycles", "1000000")
	prog := newCounter(t).program(t, s, probesOf(ms), true)
	c, err := s.Attach(context.Background(), prog, ms[0].Probe)
	if _, none := os.Stat("/sys/bus/event_source/devices/cpu"); none != nil {
		require.ErrorContains(t, err, "this machine has no such hardware counter")
		return
	}
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

// watched is what the tests watch: a word of its own page, so that nothing else moves it.
func watched(t *testing.T) *int64 {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(mem)) })
	mem[0] = 1
	return (*int64)(unsafe.Pointer(&mem[0]))
}

// resolveWatch returns the watchpoint of a word. Machines without debug registers skip the test.
func resolveWatch(t *testing.T, s *probe.Set, word *int64, mode string, pid int) []attach.Match {
	t.Helper()
	ms := mustResolve(t, s, check.ResolveOptions{PID: pid}, "watchpoint", fmt.Sprintf("%#x", uintptr(unsafe.Pointer(word))), "8", mode)
	require.Len(t, ms, 1)
	prog := newCounter(t).program(t, s, probesOf(ms), true)
	c, err := s.Attach(context.Background(), prog, ms[0].Probe)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOENT) {
		testenv.Skip(t, testenv.Host, "needs debug registers")
	}
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return ms
}

func TestAttachWatchpoint(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	word := watched(t)
	var sink int64
	work := func() {
		done := make(chan struct{})
		go func() { // a new thread
			runtime.LockOSThread()
			for i := range int64(20) {
				*word = i
			}
			close(done)
		}()
		<-done
		for range 30 {
			sink += *word
		}
	}
	for _, test := range []struct {
		name, mode string
		pid        int
		want       uint64
	}{
		{"writes", "w", 0, 20},
		{"writes of a process", "w", os.Getpid(), 20},
		{"all accesses", "rw", 0, 50},
		{"all accesses in another order", "wr", os.Getpid(), 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, count(t, s, resolveWatch(t, s, word, test.mode, test.pid), false, work))
		})
	}
}

func TestWatchpointsAllInUse(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := resolveWatch(t, s, watched(t), "w", 0)
	prog := newCounter(t).program(t, s, probesOf(ms), true)
	var err error
	for range 100 { // no CPU has as many
		c, aerr := s.Attach(context.Background(), prog, ms[0].Probe)
		if err = aerr; err != nil {
			break
		}
		defer c.Close()
	}
	require.ErrorContains(t, err, "all debug registers of the CPU are in use")
}

func TestWatchpointErrors(t *testing.T) {
	s := mustRecord(t)
	p, ok := s.Provider("w")
	require.True(t, ok)
	if host.New().Arch() != "amd64" {
		testenv.Skip(t, testenv.Host, "needs amd64, whose modes are tested")
	}
	for _, test := range []struct {
		parts         [3]string
		part          int
		message, hint string
	}{
		{[3]string{"abc", "8", "w"}, 1, "Invalid function/address argument: invalid integer: abc", ""},
		{[3]string{"0x1ffffffffffffffff", "8", "w"}, 1, "Invalid function/address argument: overflow error: 0x1ffffffffffffffff", ""},
		{[3]string{"0", "8", "w"}, 1, "watchpoint must be attached to a non-zero address", ""},
		{[3]string{"0x1000", "3", "w"}, 2, "watchpoint length must be one of (1,2,4,8)", ""},
		{[3]string{"0x1000", "8", ""}, 3, "watchpoint mode must be combination of (r,w,x)", "supported modes: x,w,rw"},
		{[3]string{"0x1000", "8", "q"}, 3, "watchpoint mode must be combination of (r,w,x)", "supported modes: x,w,rw"},
		{[3]string{"0x1000", "8", "ww"}, 3, "watchpoint modes may not be duplicated", "supported modes: x,w,rw"},
		{[3]string{"0x1000", "8", "r"}, 3, "invalid watchpoint mode: r", "supported modes: x,w,rw"},
		{[3]string{"0x1000", "8", "rwx"}, 3, "invalid watchpoint mode: rwx", "supported modes: x,w,rw"},
		{[3]string{"0x1000", "4", "x"}, 2, "watchpoint length must be 8 for mode x on this architecture", ""},
		{[3]string{"0x1004", "8", "w"}, 1, "watchpoint address 0x1004 is not a multiple of its length 8", "the CPU can only watch aligned places"},
	} {
		_, err := p.Resolve(attach.Point{Type: "w", Parts: test.parts[:]}, check.ResolveOptions{})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr, "%v", test.parts)
		require.Equal(t, test.part, perr.Part, "%v", test.parts)
		require.Equal(t, test.message, perr.Message, "%v", test.parts)
		require.Equal(t, test.hint, perr.Hint, "%v", test.parts)
	}
}
