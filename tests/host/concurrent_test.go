package host_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

// together runs a function on several threads at once, more than there are CPUs.
func together(threads int, f func(thread int)) {
	var all sync.WaitGroup
	for i := range threads {
		all.Go(func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			f(i)
		})
	}
	all.Wait()
}

func TestCountsOfManyThreadsAreExact(t *testing.T) {
	testenv.Privileged(t)
	const threads, calls = 8, 20_000
	s := start(t, "-e", fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /pid == %d/ {
		@count = count(); @plus++; ++@pre; @add += 3; @sub -= 2; @sum = sum(5);
		@kcount["k"] = count(); @kplus["k"]++; @kadd["k"] += 3; @ksum["k"] = sum(5); @avg = avg(7); @stats = stats(7); @h = hist(7);
	}`, os.Getpid()))
	together(threads, func(int) {
		for range calls {
			_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
		}
	})
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	const n = threads * calls
	for _, line := range []string{
		fmt.Sprintf("@count: %d\n", n), fmt.Sprintf("@plus: %d\n", n), fmt.Sprintf("@pre: %d\n", n), fmt.Sprintf("@add: %d\n", 3*n),
		fmt.Sprintf("@sub: -%d\n", 2*n), fmt.Sprintf("@sum: %d\n", 5*n), fmt.Sprintf("@kcount[k]: %d\n", n), fmt.Sprintf("@kplus[k]: %d\n", n),
		fmt.Sprintf("@kadd[k]: %d\n", 3*n), fmt.Sprintf("@ksum[k]: %d\n", 5*n), "@avg: 7\n",
		fmt.Sprintf("@stats: { .count = %d, .average = 7, .total = %d }\n", n, 7*n), fmt.Sprintf("[4, 8) %17d |@", n),
	} {
		require.Contains(t, r.stdout, line)
	}
}

// Threads that meet before each key make it at the same moment.
func TestKeysCreatedAtOnceAreExact(t *testing.T) {
	testenv.Privileged(t)
	threads := testenv.CPUs(t, 2) // one creates no keys at the same moment
	const keys = 3000
	s := start(t, "-e", fmt.Sprintf(`tracepoint:syscalls:sys_enter_getpriority /pid == %d/ {
		@count[args.who] = count(); @plus[args.who]++; @add[args.who] += 2; @sum[args.who] = sum(3); @two[args.who, "x"]++;
	}`, os.Getpid()))
	var arrived atomic.Int64
	together(threads, func(int) {
		for key := range keys {
			arrived.Add(1)
			for arrived.Load() < int64((key+1)*threads) {
			}
			priority(key)
		}
	})
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	want := map[string]int{"@count": 1, "@plus": 1, "@add": 2, "@sum": 3, "@two": 1}
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
		name, value, ok := strings.Cut(line, "[")
		require.True(t, ok, line)
		_, value, _ = strings.Cut(value, "]: ")
		require.Equal(t, want[name]*threads, mustAtoi(t, value), line)
		seen++
	}
	require.Equal(t, keys*len(want), seen)
}

func TestTwoAtOnce(t *testing.T) {
	w := testenv.NewWorker(t)
	program := fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @ = count(); @h = hist(3); printf("x\n"); }`, w.TID())
	a := start(t, "-e", program)
	b := start(t, "-e", program)
	w.Getppid(500)
	first := a.interrupt()
	w.Getppid(100)
	second := b.interrupt()
	require.Contains(t, first.stdout, "@: 500\n")
	require.Equal(t, 500, strings.Count(first.stdout, "x\n"))
	require.Contains(t, second.stdout, "@: 600\n")
	require.Equal(t, 600, strings.Count(second.stdout, "x\n"))
}

// TestCountsOfInterruptedPrograms has an interrupt in the middle of many additions add to the same maps.
func TestCountsOfInterruptedPrograms(t *testing.T) {
	testenv.Privileged(t)
	const calls = 3000
	s := start(t, "-e", fmt.Sprintf(`rawtracepoint:sys_enter /pid == %d/ { for ($i : 0..200) { @all = count(); @sum = sum(2); } @runs++; }
		profile:us:100 { @all = count(); @sum = sum(2); @ticks++; }`, os.Getpid()))
	for range calls {
		_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	numbers := map[string]int{}
	for line := range strings.Lines(r.stdout) {
		var name string
		var n int
		if _, err := fmt.Sscanf(line, "%s %d", &name, &n); err == nil {
			numbers[name] = n
		}
	}
	require.GreaterOrEqual(t, numbers["@runs:"], calls)
	require.Equal(t, 200*numbers["@runs:"]+numbers["@ticks:"], numbers["@all:"])
	require.Equal(t, 2*numbers["@all:"], numbers["@sum:"])
}
