package peer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/peer"
	"github.com/gtrace/gtrace/tests/testenv"
)

// unwindCases walk the stacks of a program without frame pointers. Their output depends on the compiler, and is compared with what
// bpftrace prints for the same program. The C library's own frames are left out: of a function's names either may be shown.
var unwindCases = []peer.Case{
	{Name: "printed", Work: "call 2", Script: `uprobe:WORKER:walk_6 { print(dw_ustack(7)); printf("%s|%s|\n", dw_ustack(1), dw_ustack(perf, 3)); print((1, dw_ustack(raw, 7))); }`},
	{Name: "keys and values", Work: "call 3", Script: `uprobe:WORKER:walk_6 { @[dw_ustack(7), dw_ustack(raw, 2)] = count(); @v = dw_ustack(perf, 4); @same = ustack(1); @same = dw_ustack(1); }`},
	{Name: "numbers of frames", Work: "call 1", Script: `uprobe:WORKER:walk_6 { print((len(dw_ustack), len(dw_ustack(3)), len(dw_ustack(perf)))); }`},
	{Name: "JSON", Work: "call 1", Args: []string{"-f", "json"}, Script: `uprobe:WORKER:walk_6 { print(dw_ustack(perf, 7)); @[dw_ustack(3)] = count(); }`},
	{Name: "stack mode of the config", Work: "call 1", Script: `config = { stack_mode = perf } uprobe:WORKER:walk_6 { print(dw_ustack(7)); print(dw_ustack(raw, 2)); }`},
	{Name: "a thread", Work: "thread 2", Script: `uprobe:WORKER:walk_6 { @[dw_ustack(7)] = count(); }`},
	{Name: "at the return", Work: "call 2", Script: `uretprobe:WORKER:walk_4 { @[dw_ustack(4)] = count(); }`},
	{Name: "in the midst of a function", Work: "call 2", Script: `uprobe:WORKER:walk_3+5 { @[dw_ustack(4)] = count(); }`},
	{Name: "from a tracepoint", Work: "call 2", Script: `tracepoint:syscalls:sys_enter_getpgid /pid == cpid/ { @[dw_ustack(raw, 8)] = count(); }`},
	{Name: "from a raw tracepoint", Work: "call 2", Script: `rawtracepoint:sys_enter /pid == cpid && arg1 == 121/ { @[dw_ustack(raw, 8)] = count(); }`},
	{Name: "code of which nothing is known", Work: "frameless 1", Script: `uprobe:WORKER:walk_6 { @ = len(dw_ustack); }`},
}

func TestUnwindPeer(t *testing.T) {
	testenv.Asked(t, testenv.Peer)
	testenv.Privileged(t)
	theirs, ours := testenv.Bpftrace(t), []string{testenv.Gtrace(t)}
	worker := testenv.NoFramePointers(t, "-static")
	for _, c := range unwindCases {
		t.Run(c.Name, func(t *testing.T) {
			want, err := peer.Run(t.Context(), theirs, worker, &c)
			require.NoError(t, err)
			require.Zero(t, want.Exit, want.Stderr)
			got, err := peer.Run(t.Context(), ours, worker, &c)
			require.NoError(t, err)
			require.Equal(t, want.Stdout, got.Stdout, "%s\nstderr: %q", c.Script, got.Stderr)
		})
	}
}
