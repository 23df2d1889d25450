package codegen

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// TestTooLong wants the limit in the message, before the instructions are made, and programs within it left alone.
func TestTooLong(t *testing.T) {
	program := func(loads int) *ir.Func {
		b := ir.NewBuilder("gt_0")
		for range loads {
			b.Load(b.Ctx(), 0, 8, false)
		}
		b.Return(b.Const(0))
		return b.Func
	}
	probes := []object.Program{{Name: "gt_0", Probes: []attach.Probe{{Name: "begin"}}}}
	require.NoError(t, tooLong(&ir.Module{Funcs: []*ir.Func{program(maxInstructions)}}, probes))
	err := tooLong(&ir.Module{Funcs: []*ir.Func{program(maxInstructions + 1)}}, probes)
	require.EqualError(t, err, "the action of begin is too long: it has more than 1000000 instructions, which is what the kernel takes; "+
		"split it into several probes, or use a loop")
}
