package host_test

import (
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/tests/testenv"
)

func kfuncCall(name string) asm.Instruction {
	return asm.Instruction{OpCode: asm.Call.Op(asm.ImmSource), Src: asm.PseudoKfuncCall, Constant: -1}.WithReference(name)
}

// The kernel's own description has the function under the number that the call gets; what the compiler made stays as it is.
func TestLinkKfuncs(t *testing.T) {
	testenv.Privileged(t)
	testenv.BTF(t)
	insns := asm.Instructions{asm.Mov.Imm(asm.R1, 1), kfuncCall("vfs_read"), asm.Return()}
	linked, err := host.New().LinkKfuncs(insns)
	require.NoError(t, err)
	require.EqualValues(t, -1, insns[1].Constant)
	require.Equal(t, insns[0].Constant, linked[0].Constant)
	spec, err := btf.LoadKernelSpec()
	require.NoError(t, err)
	fn, err := spec.TypeByID(btf.TypeID(linked[1].Constant))
	require.NoError(t, err)
	require.Equal(t, "vfs_read", fn.TypeName())

	_, err = host.New().LinkKfuncs(asm.Instructions{kfuncCall("gtrace_no_such_function")})
	require.ErrorIs(t, err, btf.ErrNotFound)
	require.ErrorContains(t, err, "gtrace_no_such_function")
}

func TestKfuncOfProgramKinds(t *testing.T) {
	testenv.Privileged(t)
	testenv.Kernel(t, "6.2", "bpf_task_from_pid")
	h := host.New()
	for range 2 { // the second answer is remembered
		exists, allowed := h.Kfunc(attach.KindTracing, "bpf_task_from_pid")
		require.True(t, exists)
		require.True(t, allowed)
	}
	exists, allowed := h.Kfunc(attach.KindTracing, "vfs_read")
	require.True(t, exists)
	require.False(t, allowed)
	exists, allowed = h.Kfunc(attach.KindTracing, "gtrace_no_such_function")
	require.False(t, exists)
	require.False(t, allowed)
}
