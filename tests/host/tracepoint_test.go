package host_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// sizes are of the writes that the tests of aggregations make.
var sizes = []int{1, 2, 3, 4, 8, 16, 100, 100, 4096}

func TestTracepoints(t *testing.T) {
	getppid := func(n int) func(*testenv.Worker) { return func(w *testenv.Worker) { w.Getppid(n) } }
	write := func(w *testenv.Worker) { w.Write(sizes...) }
	open := func(w *testenv.Worker) {
		for _, path := range []string{"/proc/self/status", "/proc/self/stat", "/proc/self/status"} {
			_ = w.Open(path, 2)
		}
	}
	tests := []struct {
		name, program string
		work          func(*testenv.Worker)
		want          string
	}{
		{"count by predicate on tid", `tracepoint:syscalls:sys_enter_getppid /tid == TID/ { @ = count(); }`, getppid(1234), "@: 1234"},
		{
			"entry and exit", `t:syscalls:sys_enter_getppid,t:syscalls:sys_exit_getppid /tid == TID/ { @[probe] = count(); }`, getppid(50),
			"@[tracepoint:syscalls:sys_enter_getppid]: 50\n@[tracepoint:syscalls:sys_exit_getppid]: 50",
		},
		{
			"wildcard", `tracepoint:syscalls:sys_enter_get* /tid == TID/ { @[probe, pid == tid] = count(); }`, getppid(70),
			"@[tracepoint:syscalls:sys_enter_getppid, false]: 70",
		},
		{
			"wildcard in the category", `tracepoint:sys*:sys_enter_getppid /tid == TID/ { @[probe] = count(); }`, getppid(3),
			"@[tracepoint:syscalls:sys_enter_getppid]: 3",
		},
		{"action in angle brackets", `tracepoint:syscalls:sys_enter_getppid /tid == TID/ < @ = count(); >`, getppid(7), "@: 7"},
		{
			"string argument", `tracepoint:syscalls:sys_enter_openat /tid == TID/ { @[str(args.filename)] = count(); }`, open,
			"@[/proc/self/stat]: 2\n@[/proc/self/status]: 4",
		},
		{
			"integer argument and key", `tracepoint:syscalls:sys_exit_write /tid == TID/ { @[args.ret] = count(); }`, write,
			"@[1]: 1\n@[2]: 1\n@[3]: 1\n@[4]: 1\n@[8]: 1\n@[16]: 1\n@[4096]: 1\n@[100]: 2",
		},
		{
			"several keys", `tracepoint:syscalls:sys_exit_write /tid == TID && args.ret > 99/ { @[args.ret, "k", args.ret == 100] = count(); }`, write,
			"@[4096, k, false]: 1\n@[100, k, true]: 2",
		},
		{
			"sum, min, max, avg, stats", `tracepoint:syscalls:sys_exit_write /tid == TID/ { @a = sum(args.ret); @b = min(args.ret); @c = max(args.ret);
			@d = avg(args.ret); @e = stats(args.ret); }`, write,
			"@a: 4330\n@b: 1\n@c: 4096\n@d: 481\n@e: { .count = 9, .average = 481, .total = 4330 }",
		},
		{
			"plain integers", `tracepoint:syscalls:sys_exit_write /tid == TID/ { @n++; @sum += args.ret; @last = args.ret; @max = args.ret > @max ? args.ret : @max; }`, write,
			"@last: 4096\n@max: 4096\n@n: 9\n@sum: 4330",
		},
		{
			"delete, clear, zero", `tracepoint:syscalls:sys_exit_write /tid == TID/ { @n[args.ret] = count(); delete(@n, 100); @c[args.ret] = 1; @z += args.ret; }
			END { clear(@c); zero(@z); delete(@n, 4096); delete(@n, 5); }`, write,
			"@n[1]: 1\n@n[2]: 1\n@n[3]: 1\n@n[4]: 1\n@n[8]: 1\n@n[16]: 1\n@z: 0",
		},
		{
			"scratch variables and branches", `tracepoint:syscalls:sys_exit_write /tid == TID/ { $x = args.ret * 2; if ($x > 100) { @large += $x; } else if ($x > 10) { @middle += $x } else { @small += $x } }`,
			write, "@large: 8592\n@middle: 48\n@small: 20",
		},
		{
			"two blocks of one probe", `tracepoint:syscalls:sys_enter_getppid /tid == TID/ { @a = count(); } tracepoint:syscalls:sys_enter_getppid /tid == TID/ { @b = count(); }`,
			getppid(33), "@a: 33\n@b: 33",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, traced(t, test.program, test.work))
		})
	}
}

func TestHistograms(t *testing.T) {
	got := traced(t, `tracepoint:syscalls:sys_exit_write /tid == TID/ { @h = hist(args.ret); @l[tid == TID] = lhist(args.ret, 0, 10, 5); }`,
		func(w *testenv.Worker) { w.Write(sizes...) })
	require.Equal(t, map[string]string{
		"[1]": "1", "[2, 4)": "2", "[4, 8)": "1", "[8, 16)": "1", "[16, 32)": "1", "[32, 64)": "0", "[64, 128)": "2", "[128, 256)": "0",
		"[256, 512)": "0", "[512, 1K)": "0", "[1K, 2K)": "0", "[2K, 4K)": "0", "[4K, 8K)": "1",
	}, rows(t, got, "@h:"))
	require.Equal(t, map[string]string{"[0, 5)": "4", "[5, 10)": "1", "[10, ...)": "4"}, rows(t, got, "@l[true]:"))
}

// rows returns the counts of a printed histogram by their intervals.
func rows(t *testing.T, text, title string) map[string]string {
	t.Helper()
	_, text, ok := strings.Cut(text, title+"\n")
	require.True(t, ok, "no %s in:\n%s", title, text)
	out := map[string]string{}
	for line := range strings.Lines(text) {
		end := strings.IndexAny(line, ")]")
		if end < 0 {
			break
		}
		out[line[:end+1]] = strings.Fields(line[end+1:])[0]
	}
	return out
}

func TestRawTracepoints(t *testing.T) {
	t.Run("count", func(t *testing.T) {
		require.Equal(t, "@: 250", traced(t, `rawtracepoint:sys_enter /tid == TID && args.id == 110/ { @ = count(); }`,
			func(w *testenv.Worker) { w.Getppid(250) }))
	})
	t.Run("arguments by number", func(t *testing.T) {
		require.Equal(t, "@: 40", traced(t, `rt:sys_exit /tid == TID && arg1 == 4096/ { @ = count(); }`,
			func(w *testenv.Worker) { w.Write(make4096(20)...) }))
	})
}

// make4096 returns n sizes of 4096.
func make4096(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = 4096
	}
	return out
}
