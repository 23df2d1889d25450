package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// The verifier follows pointers among the arguments of raw tracepoints, and lets nobody compute with them: for scripts they are numbers.
func TestRawTracepointPointers(t *testing.T) {
	testenv.Privileged(t)
	testenv.BTF(t)
	for _, test := range []struct{ name, body, want string }{
		{"bits of an argument", `@[arg1 & 7] = 1;`, "@[0]: 1"},
		{"bits of a cast one", `@[(uint64)args.prev & 7, (int32)(uint64)args.prev == 0] = 1;`, "@[0, false]: 1"},
		{"multiplied", `$p = (uint64)args.next; @ = ($p * 3 - $p * 2) == $p ? 1 : 2;`, "@: 1"},
		{"followed", `$p = args.next; @[$p->pid == args.next.pid, args.next != 0] = 1;`, "@[true, true]: 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, ran(t, `rawtracepoint:sched_switch { `+test.body+` exit(); }`))
		})
	}
	t.Run("that may be null", func(t *testing.T) { // 6.12 and newer: it says so, and refuses even to add to it
		r := run(t, "--dry-run", "-e", `rawtracepoint:sched_pi_setprio { @[args.pi_task.pid, args.tsk.pid] = count(); }`)
		require.Zero(t, r.code, r.stderr)
	})
}
