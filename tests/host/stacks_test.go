package host_test

import (
	"fmt"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

const (
	// turns is the number of calls on each path, so there are 2^turns paths.
	turns = 16
	// stackRounds and roundStacks are how many stacks a run sees, in all 54,000: several times what the kernel's map holds.
	stackRounds = 9
	roundStacks = 6000
)

// left and right call each other, and in the end the kernel, on the way that the bits of a number say.
//
//go:noinline
func left(path, depth int) int { return turn(left, right, path, depth) }

//go:noinline
func right(path, depth int) int { return turn(left, right, path, depth) }

func turn(left, right func(path, depth int) int, path, depth int) int {
	switch {
	case depth == 0:
		_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
		return 0
	case path>>(depth-1)&1 == 0:
		return left(path, depth-1) + 1
	}
	return right(path, depth-1) + 1
}

// paths is a thread that goes paths.
type paths struct {
	tid      int
	from, to chan int
}

func newPaths(t *testing.T) *paths {
	t.Helper()
	p := &paths{from: make(chan int), to: make(chan int)}
	tid := make(chan int)
	go func() {
		goruntime.LockOSThread()
		tid <- unix.Gettid()
		for first := range p.from {
			for i := first; i < first+roundStacks; i++ {
				left(i, turns)
			}
			p.to <- first
		}
	}()
	t.Cleanup(func() { close(p.from) })
	p.tid = <-tid
	return p
}

func (p *paths) round(n int) {
	p.from <- n * roundStacks
	<-p.to
}

// pathOf returns the path that the addresses of a stack tell.
func pathOf(t *testing.T, stack string) int {
	t.Helper()
	path, n := 0, 0
	for line := range strings.Lines(stack) {
		addr, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
		if err != nil {
			continue
		}
		frames := goruntime.CallersFrames([]uintptr{uintptr(addr)})
		for f, more := frames.Next(); ; f, more = frames.Next() {
			name := f.Function[strings.LastIndexByte(f.Function, '.')+1:]
			if n < turns && (name == "left" || name == "right") {
				if name == "right" {
					path |= 1 << n
				}
				n++
			}
			if !more {
				break
			}
		}
	}
	require.Equal(t, turns, n, "frames of %s", stack)
	return path
}

// requireRound checks that a printed map has each stack of a round once, and no other.
func requireRound(t *testing.T, round int, text string) {
	t.Helper()
	seen := map[int]bool{}
	for stack := range strings.SplitSeq(text, "@s[") {
		frames, count, ok := strings.Cut(stack, "]: ")
		if !ok {
			continue
		}
		count, _, _ = strings.Cut(count, "\n")
		require.Equal(t, "1", count)
		path := pathOf(t, frames)
		require.False(t, seen[path], "path %d twice", path)
		require.Equal(t, round, path/roundStacks)
		seen[path] = true
	}
	require.Len(t, seen, roundStacks, "round %d", round)
}

// roomForStacks waits until the kernel's map of stacks has room for a round.
func roomForStacks(t *testing.T, name string) {
	t.Helper()
	var m *ebpf.Map
	for id, err := ebpf.MapGetNextID(0); err == nil; id, err = ebpf.MapGetNextID(id) {
		if candidate, err := ebpf.NewMapFromID(id); err == nil {
			if info, err := candidate.Info(); err == nil && info.Name == name {
				m = candidate
				break
			}
			candidate.Close()
		}
	}
	require.NotNil(t, m, "no map %s", name)
	defer m.Close()
	require.Eventually(t, func() bool {
		n := 0
		var key, next uint64
		for err := m.NextKey(nil, &next); err == nil; err = m.NextKey(key, &next) {
			key = next
			n++
		}
		return n+roundStacks <= int(m.MaxEntries())
	}, patience, 10*time.Millisecond)
}

const takeStacks = `tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @s[ustack(raw, %d)] = count(); }`

// A long run sees more stacks than the kernel's map can hold: none is lost, and none is taken for another one.
func TestManyStacks(t *testing.T) {
	testenv.Privileged(t)
	p := newPaths(t)
	s := start(t, "-e", "config = { max_map_keys = 10000 } "+fmt.Sprintf(takeStacks, p.tid, 41)+
		` self:signal:SIGUSR1 { print(@s); clear(@s); printf("end of round %d\n", @n); @n++; } END { clear(@n); }`)
	before := 0
	for round := range stackRounds {
		p.round(round)
		s.signal(syscall.SIGUSR1)
		require.True(t, s.stdout.await(s.ended, fmt.Sprintf("end of round %d\n", round)))
		text := s.stdout.String()
		requireRound(t, round, text[before:])
		before = len(text)
		roomForStacks(t, "gt_stacks_41")
	}
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, "Lost")
}

// While gtrace does not get to run at all, stacks wait in the kernel, more than the map has room for that always has its memory.
func TestStacksWait(t *testing.T) {
	testenv.Privileged(t)
	testenv.Kernel(t, "6.1", "allocation of map entries by tracing programs")
	p := newPaths(t)
	s := start(t, "-e", "config = { max_map_keys = 60000 } "+fmt.Sprintf(takeStacks, p.tid, 43))
	s.signal(syscall.SIGSTOP)
	for round := range stackRounds {
		p.round(round)
	}
	s.signal(syscall.SIGCONT)
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, "Lost")
	require.Equal(t, stackRounds*roundStacks, strings.Count(r.stdout, "]: 1\n"))
	require.NotContains(t, r.stdout, "[\n]", "each has its frames")
}

// So does a session whose probes come and go, and which keeps some of the stacks.
func TestManyStacksOfASession(t *testing.T) {
	testenv.Privileged(t)
	p := newPaths(t)
	d := converse(t, "-q")
	first := ""
	for round := range stackRounds {
		d.do("config = { max_map_keys = 10000 } " + fmt.Sprintf(takeStacks, p.tid, 42) + fmt.Sprintf(" tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @last = ustack(raw, 42); }", p.tid))
		p.round(round)
		requireRound(t, round, d.ask("print(@s)"))
		if round == 0 {
			d.do("@first = @last")
			first = d.ask("@first")
		}
		d.do(fmt.Sprintf(":stop %s", "all"), ":clear @s")
		roomForStacks(t, "gt_stacks_42")
	}
	require.Equal(t, roundStacks-1, pathOf(t, first))
	require.Equal(t, first, d.ask("@first"))
	r := d.end()
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, "ost")
}
