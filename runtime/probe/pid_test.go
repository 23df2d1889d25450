package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
)

// With -p, a probe is restricted to the process by the kernel or by a test in the program; intervals, iterators and what gtrace starts
// itself are not.
func TestPIDOfEveryType(t *testing.T) {
	path := mustBuildStatic(t)
	s := mustRecord(t)
	for _, test := range []struct {
		kind   string
		parts  []string
		filter string
		pid    int
	}{
		{"kprobe", []string{"vfs_read"}, "body", 0},
		{"kretprobe", []string{"vfs_read"}, "body", 0},
		{"tracepoint", []string{"sched", "sched_wakeup"}, "body", 0},
		{"rawtracepoint", []string{"sched_switch"}, "body", 0},
		{"uprobe", []string{path, "main"}, "attach", 7},
		{"uretprobe", []string{path, "main"}, "attach", 7},
		{"usdt", []string{path, "shop", "sale"}, "attach", 7},
		{"profile", []string{"hz", "9"}, "body", 7}, // both: before 5.13 processes that it starts are counted, too
		{"software", []string{"faults"}, "body", 7},
		{"hardware", []string{"cycles"}, "body", 7},
		{"watchpoint", []string{"0x1000", "8", "w"}, "body", 7},
		{"interval", []string{"s", "1"}, "", 0},
		{"self", []string{"signal", "SIGUSR1"}, "", 0},
		{"begin", nil, "", 0},
		{"end", nil, "", 0},
	} {
		m := mustResolve(t, s, check.ResolveOptions{PID: 7}, test.kind, test.parts...)[0]
		require.Equal(t, test.pid, m.Probe.PID, test.kind)
		require.Equal(t, test.filter, m.Context.PIDFilter, test.kind)
	}
}
