package host_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/tests/testenv"
)

func privileged(t *testing.T) *host.Host {
	t.Helper()
	testenv.Privileged(t)
	return host.New()
}

func TestRunningTracepoints(t *testing.T) {
	h := privileged(t)
	events, err := h.Tracepoints()
	require.NoError(t, err)
	require.NotEmpty(t, events)
	for _, e := range events {
		s, err := h.TracepointArgs(e.Category, e.Name, types.SpaceKernel)
		require.NoError(t, err, e.String())
		end := 0
		for _, f := range s.Fields {
			require.NotEmpty(t, f.Name, e.String())
			require.GreaterOrEqual(t, f.Offset, 8, "%s %s", e, f.Name)
			if !f.DataLoc {
				end = max(end, f.Offset+types.Sizeof(f.Type))
			}
		}
		require.LessOrEqual(t, end, s.Size, e.String())
	}
}

func TestRunningTypes(t *testing.T) {
	h := privileged(t)
	testenv.BTF(t)
	got, err := h.TypeByName("struct", "task_struct")
	require.NoError(t, err)
	task := got.(*types.Struct)
	task.Complete(task)
	names := map[string]types.Field{}
	for _, f := range task.Fields {
		names[f.Name] = f
		require.LessOrEqual(t, f.Offset+types.Sizeof(f.Type), task.Size, f.Name)
	}
	require.Equal(t, types.Type(types.Int32), names["tgid"].Type)
	require.Equal(t, types.Type(types.Array{Elem: types.Int8, Len: 16, Text: 16}), names["comm"].Type)
}

func TestRunningFeatures(t *testing.T) {
	h := privileged(t)
	for _, f := range target.All() {
		err := h.HaveFeature(f)
		require.True(t, err == nil || errors.Is(err, host.ErrNotSupported), "%s: %v", f, err)
	}
	require.NoError(t, h.CheckPrivileges())
}
