package stdlib_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// comm(pid) is refused where the kernel has the function but not for these programs; where it lacks it, the lowering says so.
func TestCommOfAnother(t *testing.T) {
	comm, ok := stdlib.New().Signature("comm")
	require.True(t, ok)
	kfunc := func(exists, allowed bool) func(string) (bool, bool) {
		return func(name string) (bool, bool) {
			require.Equal(t, "bpf_task_from_pid", name)
			return exists, allowed
		}
	}
	pid := []types.Arg{{Type: types.Uint32}}
	for _, c := range []struct {
		name string
		args []types.Arg
		env  types.Env
		want string
	}{
		{"own", nil, types.Env{Provider: "begin", Kfunc: kfunc(true, false)}, ""},
		{"allowed", pid, types.Env{Provider: "tracepoint", Kfunc: kfunc(true, true)}, ""},
		{"no such kernel", pid, types.Env{Provider: "kprobe", Kfunc: kfunc(false, false)}, ""},
		{"no machine", pid, types.Env{Provider: "kprobe"}, ""},
		{
			"not allowed", pid,
			types.Env{Provider: "uprobe", Kfunc: kfunc(true, false)},
			"Syntax comm(PID) is not supported in this probe type yet. Type: uprobe",
		},
		{
			"at the begin", pid,
			types.Env{Provider: "begin", Kfunc: kfunc(true, false)},
			"Syntax comm(PID) is not supported in this probe type yet. Type: special",
		},
		{"text", []types.Arg{{Type: types.String{Size: 4}}}, types.Env{}, "Only integer supported for comm()'s pid"},
	} {
		got, err := comm.ResultOf(c.args, c.env)
		if c.want != "" {
			require.EqualError(t, err, c.want, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		require.Equal(t, types.String{Size: 16}, got, c.name)
	}
}
