package codegen

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
)

// maxInstructions is how many instructions the kernel takes of a program.
const maxInstructions = 1_000_000

// tooLong says of a program that is sure to get more instructions than the kernel takes that it does, before they are made: that takes
// the most memory and time of all.
func tooLong(mod *ir.Module, programs []object.Program) error {
	for i, p := range programs {
		if leastInstructions(mod.Funcs[i]) > maxInstructions {
			return fmt.Errorf("the action of %s is too long: it has more than %d instructions, which is what the kernel takes; split it into several probes, or use a loop",
				firstProbe(p), maxInstructions)
		}
	}
	return nil
}

// leastInstructions counts the values of which each becomes one instruction or more.
func leastInstructions(f *ir.Func) (n int) {
	f.EachInstr(func(v *ir.Value) {
		switch v.Op {
		case ir.OpLoad, ir.OpStore, ir.OpAtomicAdd, ir.OpXchgAdd, ir.OpCall, ir.OpKfunc, ir.OpCallFunc, ir.OpBranch:
			n++
		default: // others can become part of those
		}
	})
	return n
}
