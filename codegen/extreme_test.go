package codegen_test

import (
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/target"
)

// TestExtremesOfPreemptedPrograms looks for the exchanges by which programs that threads can take from each other keep the best number. Others
// do without.
func TestExtremesOfPreemptedPrograms(t *testing.T) {
	const xchg = 0xe1 // BPF_XCHG
	exchanges := func(script string, on target.Recorded) (n int) {
		for _, in := range mustCompile(t, script, on, codegen.Options{}).Spec.Programs["gt_0"].Instructions {
			if in.OpCode.Class() == asm.StXClass && in.OpCode.Mode() == asm.AtomicMode && in.Constant == xchg {
				n++
			}
		}
		return n
	}
	const tries = 4
	require.Equal(t, 2*tries, exchanges(`uprobe:/bin/a:f { @most = max(arg0); @least[1] = min(arg0); }`, newest))
	require.Zero(t, exchanges(`uprobe:/bin/a:f { @most = max(arg0); @least[1] = min(arg0); }`, oldest))
	require.Zero(t, exchanges(`kprobe:f { @most = max(arg0); @least[1] = min(arg0); }`, newest))
}
