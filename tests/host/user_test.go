package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// whileTarget runs a program, in which TARGET stands for the target's path and PID for its process, while the target works.
func whileTarget(t *testing.T, program string, work ...string) string {
	t.Helper()
	p := waiting(t, work...)
	s := start(t, "-e", strings.NewReplacer("TARGET", targetPath(t), "PID", fmt.Sprint(p.pid())).Replace(program))
	p.work()
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	return strings.TrimSpace(r.stdout)
}

func TestUserProbes(t *testing.T) {
	tests := []struct {
		name, program string
		work          []string
		want          string
	}{
		{
			"arguments", `uprobe:TARGET:gtrace_target { @n = count(); @a = sum(arg0); @b = max(arg1); }`,
			[]string{"call", "100", "7"},
			"@a: 4950\n@b: 7\n@n: 100",
		},
		{"predicate", `uprobe:TARGET:gtrace_target /arg0 >= 90 && pid == PID/ { @ = count(); }`, []string{"call", "100", "7"}, "@: 10"},
		{"return value", `uretprobe:TARGET:gtrace_target { @[retval] = count(); }`, []string{"call", "3", "10"}, "@[10]: 1\n@[11]: 1\n@[12]: 1"},
		{
			"entry and return of one call", `uprobe:TARGET:gtrace_target { @a[tid] = arg0; } uretprobe:TARGET:gtrace_target /retval == @a[tid] + 5/ { @ = count(); } END { clear(@a); }`,
			[]string{"call", "64", "5"},
			"@: 64",
		},
		{"text", `uprobe:TARGET:gtrace_text { @[str(arg0), str(arg0, 4)] = count(); }`, []string{"text", "hello world"}, "@[hello world, hel]: 1"},
		{"returned text", `uretprobe:TARGET:gtrace_text { printf("%s|%d\n", str(retval), pid == PID); }`, []string{"text", "a b"}, "a b|1"},
		{"wildcard", `uprobe:TARGET:gtrace_* { @[probe] = count(); }`, []string{"call", "9", "1"}, "@[uprobe:TARGET:gtrace_target]: 9"},
		{"func", `uprobe:TARGET:gtrace_target { @[func] = count(); }`, []string{"call", "9", "1"}, "@[gtrace_target]: 9"},
		{"offset", `uprobe:TARGET:gtrace_target+3 { @ = count(); }`, []string{"call", "9", "1"}, "@: 9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.ReplaceAll(whileTarget(t, test.program, test.work...), targetPath(t), "TARGET")
			require.Equal(t, test.want, got)
		})
	}
}

func TestStacks(t *testing.T) {
	t.Run("user", func(t *testing.T) {
		got := whileTarget(t, `uprobe:TARGET:gtrace_target { @[ustack] = count(); }`, "call", "5", "1")
		require.Regexp(t, `(?s)^@\[\n +gtrace_target\+0\n.* +main\.main\+\d+\n.*\]: 5$`, got)
	})
	t.Run("kernel", func(t *testing.T) {
		got := traced(t, `tracepoint:syscalls:sys_enter_getppid /tid == TID/ { @[kstack] = count(); }`, func(w *testenv.Worker) { w.Getppid(6) })
		require.Regexp(t, `(?s)^@\[\n.* +do_syscall_64\+\d+\n +entry_SYSCALL_64_after_hwframe\+\d+\n\]: 6$`, got)
	})
	t.Run("kernel, two frames", func(t *testing.T) {
		got := traced(t, `tracepoint:syscalls:sys_enter_getppid /tid == TID/ { @[kstack(2)] = count(); }`, func(w *testenv.Worker) { w.Getppid(6) })
		require.Len(t, strings.Split(got, "\n"), 4, got)
	})
}

func TestManyUserProbes(t *testing.T) {
	testenv.Kernel(t, "6.6", "uprobe.multi links")
	const program = `uprobe:TARGET:runtime.* { @ = count(); }`
	script := strings.ReplaceAll(program, "TARGET", targetPath(t))
	r := run(t, "-e", script)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "max_probes")
	r = run(t, "--dry-run", "-e", `config = { max_probes = 5000 } `+script)
	require.Zero(t, r.code, r.stderr)
	var n int
	_, err := fmt.Sscanf(r.stderr, "Attached %d probes", &n)
	require.NoError(t, err, r.stderr)
	require.Greater(t, n, 1000)
}
