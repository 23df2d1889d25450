package host_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

func TestSelfSignal(t *testing.T) {
	s := start(t, "-e", `self:signal:SIGUSR1 { @n++; printf("%s %d\n", probe, @n); }`)
	for i := range 3 {
		s.signal(syscall.SIGUSR1)
		require.True(t, s.stdout.await(s.ended, fmt.Sprintf("self:signal:SIGUSR1 %d\n", i+1)), s.stdout)
	}
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "@n: 3\n")
	require.Contains(t, r.stderr, "Attached 1 probe\n")
}

// A signal that nobody asked for must not end gtrace.
func TestSignalWithoutProbe(t *testing.T) {
	s := start(t, "-e", `interval:ms:10 { @n++; if (@n > 50) { printf("alive\n"); exit(); } }`)
	s.signal(syscall.SIGUSR1)
	r := s.wait()
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "alive\n")
}

var duration = regexp.MustCompile(`\(\d+ (ns|μs|ms)\)|"duration": \d+`)

func TestTestProbes(t *testing.T) {
	const script = `begin { printf("first\n"); @ = 1; } test:good { printf("quiet\n"); return 0; } test:bad { printf("shown\n"); return 1; }
		test:error { errorf("wrong\n"); } test:leaves { exit(); } bench:b { } end { printf("last %d\n", @); }`
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"text", `[==========] Running 4 tests.
[ RUN      ] good
[       OK ] good TIME
[ RUN      ] bad
shown
[  FAILED  ] bad TIME
[ RUN      ] error
stdin:2:16-33: ERROR: wrong
[  FAILED  ] error TIME
[ RUN      ] leaves
[  FAILED  ] leaves TIME
[==========] 4 tests ran.
[  PASSED  ] 1 test.
[  FAILED  ] 3 tests, listed below:
[  FAILED  ] bad
[  FAILED  ] error
[  FAILED  ] leaves
last 1


`, []string{"--test"}},
		{"json", `{"type": "test_result", "data": {"good": {TIME, "passed": true, "output": "first\nquiet\n"}}}
{"type": "test_result", "data": {"bad": {TIME, "passed": false, "output": "shown\n"}}}
{"type": "test_result", "data": {"error": {TIME, "passed": false, "output": "stdin:2:16-33: ERROR: wrong\n"}}}
{"type": "test_result", "data": {"leaves": {TIME, "passed": false, "output": ""}}}
{"type": "printf", "data": "last 1\n"}
`, []string{"--mode", "test", "-f", "json"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, append(test.args, "-e", script)...)
			require.Equal(t, 1, r.code, r.stderr)
			require.Equal(t, test.want, duration.ReplaceAllString(r.stdout, "TIME"))
		})
	}
	r := run(t, "--test", "-e", `test:one { return 0; }`)
	require.Zero(t, r.code, r.stdout)
	require.Contains(t, r.stdout, "1 test ran.")
	r = run(t, "-e", `test:one { }`)
	require.Equal(t, 255, r.code)
	require.Contains(t, r.stderr, "ERROR: No probes attached; use --test to run test probes.\n")
}

func TestBenchProbes(t *testing.T) {
	const script = `bench:adds { @ = count(); } bench:fails { exit(); } bench:prints { printf("never seen\n"); }`
	r := run(t, "--bench", "-e", script)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "ERROR: Benchmark 'fails' failed.\n")
	require.Regexp(t, `^Benchmark {32}Time\(ns\) {7}Iterations\n-{66}\nadds {37}\d+ +\d+000\nprints {35}\d+ +\d+000\n\n*$`, r.stdout)
	r = run(t, "--bench", "-f", "json", "-e", `bench:adds { @ = count(); }`)
	require.Zero(t, r.code, r.stderr)
	require.Regexp(t, `^{"type": "benchmark_result", "data": {"adds": {"average": \d+, "iters": \d+000}}}\n$`, r.stdout)
	r = run(t, "--bench", "--test", "-e", script)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "--test and --bench cannot be used together")
}

func TestIter(t *testing.T) {
	testenv.Privileged(t)
	p := waiting(t, "getppid", "1")
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.pid()))
	require.NoError(t, err)
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.pid()))
	require.NoError(t, err)
	// Process ids are those of the initial namespace in the kernel, so the name has to do.
	leader := fmt.Sprintf("ctx.task.group_leader.comm == %q", strings.TrimSpace(string(comm)))
	for _, test := range []struct{ name, program, want string }{
		{"leader", `iter:task /LEADER && ctx.task.pid == ctx->task->tgid/ { printf("%s %s\n", probe, ctx->task->comm); @ = count(); }`, `iter:task gtrace-target-\S*\s+@: 1`},
		{"threads", `iter:task { if (LEADER) { @ = count(); } }`, fmt.Sprintf("@: %d", len(tasks))},
		{"files", `iter:task_file { if (LEADER && ctx.task.pid == ctx.task.tgid && ctx.fd < 3) { @[ctx.fd] = count(); } }`, `(@\[[012]\]: 1\n?){3}`},
		{"mappings", `iter:task_vma { if (LEADER && ctx.vma.vm_start < ctx.vma.vm_end) { @ = count(); } }`, `@: [1-9]\d*`},
		{"no end", `iter:task { if (ctx.task == 0) { printf("end\n"); } }`, ""},
		{"with others", `BEGIN { @ = 1; } iter:task { @ = 2; } END { printf("%d\n", @); clear(@); }`, "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Regexp(t, "^"+test.want+"$", ran(t, strings.ReplaceAll(test.program, "LEADER", leader)))
		})
	}
}
