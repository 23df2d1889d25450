package host_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

// priority makes a system call that carries a number of the test's choice: args.who of sys_enter_getpriority.
func priority(who int) {
	_, _, _ = unix.RawSyscall(unix.SYS_GETPRIORITY, unix.PRIO_PROCESS, uintptr(who), 0)
}

// numbered makes n calls of getpriority for 0, 1, 2, …
func numbered(w *testenv.Worker, n int) {
	w.Do(func() {
		for i := range n {
			priority(i)
		}
	})
}

func TestEventsComeInOrder(t *testing.T) {
	const n = 5000
	got := traced(t, `tracepoint:syscalls:sys_enter_getpriority /tid == TID/ { printf("%d\n", args.who); }`, func(w *testenv.Worker) { numbered(w, n) })
	requireSequence(t, strings.Fields(got), n)
}

func requireSequence(t *testing.T, lines []string, n int) {
	t.Helper()
	require.Len(t, lines, n)
	for i, line := range lines {
		require.Equal(t, strconv.Itoa(i), line, "line %d", i)
	}
}

func TestOutputsKeepTheirOrder(t *testing.T) {
	got := traced(t, `tracepoint:syscalls:sys_enter_getpriority /tid == TID/ { @n = args.who; printf("p%d\n", args.who); print(args.who); print(@n); }`,
		func(w *testenv.Worker) { w.Do(func() { priority(7) }) })
	require.Equal(t, "p7\n7\n@n: 7\n\n\n@n: 7", got)
}

func TestExitUnderLoad(t *testing.T) {
	w := testenv.NewWorker(t)
	s := start(t, "-e", fmt.Sprintf(`tracepoint:syscalls:sys_enter_getpriority /tid == %d/ { printf("%%d\n", args.who); if (args.who == 999) { exit(5); } }
		END { printf("end\n"); }`, w.TID()))
	numbered(w, 3000)
	r := s.wait()
	require.Equal(t, 5, r.code, r.stderr)
	lines := strings.Fields(r.stdout)
	require.Equal(t, "end", lines[len(lines)-1])
	requireSequence(t, lines[:len(lines)-1], 1000)
}

func TestLostEventsAreCounted(t *testing.T) {
	const n = 60_000
	w := testenv.NewWorker(t)
	s := start(t, "-e", fmt.Sprintf(`config = { perf_rb_pages = 64 } tracepoint:syscalls:sys_enter_getpriority /tid == %d/ { printf("%%d\n", args.who); }`, w.TID()))
	s.signal(syscall.SIGSTOP) // nobody reads
	numbered(w, n)
	s.signal(syscall.SIGCONT)
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	m := regexp.MustCompile(`Lost (\d+) events`).FindStringSubmatch(r.stderr)
	require.NotNil(t, m, r.stderr)
	lost, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	received := len(strings.Fields(r.stdout))
	require.Equal(t, n, received+lost, "%d received, %d lost", received, lost)
	require.Positive(t, received)
}

func TestLostEventsInJSON(t *testing.T) {
	const n = 60_000
	w := testenv.NewWorker(t)
	s := start(t, "-f", "json", "-e", fmt.Sprintf(`config = { perf_rb_pages = 64 }
		tracepoint:syscalls:sys_enter_getpriority /tid == %d/ { printf("%%d\n", args.who); }`, w.TID()))
	s.signal(syscall.SIGSTOP)
	numbered(w, n)
	s.signal(syscall.SIGCONT)
	r := s.interrupt()
	require.Zero(t, r.code)
	out := r.stdout
	m := regexp.MustCompile(`\{"type": "lost_events", "count": (\d+), "data": \{"events": (\d+)\}\}`).FindStringSubmatch(out)
	require.NotNil(t, m)
	require.Equal(t, m[1], m[2])
	require.Equal(t, n, strings.Count(out, `"printf"`)+mustAtoi(t, m[1]))
}

func TestFullMapIsReported(t *testing.T) {
	tests := []struct{ name, update string }{
		{"assignment", "@[args.who] = 1"},
		{"count", "@[args.who] = count()"},
		{"increment", "@[args.who]++"},
		{"sum", "@[args.who] = sum(args.who)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := testenv.NewWorker(t)
			s := start(t, "-e", fmt.Sprintf(`config = { max_map_keys = 5 } tracepoint:syscalls:sys_enter_getpriority /tid == %d/ { %s; }`, w.TID(), test.update))
			numbered(w, 20)
			r := s.interrupt()
			require.Zero(t, r.code)
			require.Len(t, strings.Fields(strings.ReplaceAll(r.stdout, ": ", ":")), 5, r.stdout)
			require.Contains(t, r.stderr, "WARNING: Map full; can't update element")
			require.Contains(t, r.stderr, "(updates of @ lost: 15)")
		})
	}
}

func TestFailedReadsAreReported(t *testing.T) {
	const script = "BEGIN {\n  @ = str((uint8 *)1);\n  @n = *(uint64 *)8;\n}"
	r := run(t, "-e", script)
	require.Zero(t, r.code)
	require.NotContains(t, r.stderr, "WARNING")
	r = run(t, "-k", "-e", script)
	require.Zero(t, r.code)
	require.Regexp(t, `(?s)stdin:2:7-22: WARNING: .*Additional Info - helper: probe_read_kernel_str, retcode: -\d+\n  @ = str\(\(uint8 \*\)1\);\n      ~+\n`, r.stderr)
	require.Regexp(t, `(?s)stdin:3:\d+-20: WARNING: .*Additional Info - helper: probe_read_kernel, retcode: -\d+\n`, r.stderr)
}

func TestBeginAndEndInOrder(t *testing.T) {
	require.Equal(t, "1\n2\n3\n4", ran(t, `END { printf("3\n"); } BEGIN { printf("1\n"); } begin { printf("2\n"); } END { printf("4\n"); }`))
}

func TestExitCode(t *testing.T) {
	for code := range 3 {
		r := run(t, "-e", fmt.Sprintf(`BEGIN { exit(%d); printf("not reached\n"); } END { printf("end\n"); }`, code))
		require.Equal(t, code, r.code)
		require.Equal(t, "end", strings.TrimSpace(r.stdout))
	}
}

func mustAtoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
