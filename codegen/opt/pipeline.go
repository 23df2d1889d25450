package opt

import "github.com/gtrace/gtrace/codegen/ir"

// pass is one step of the pipeline. It edits a function and reports whether it changed anything.
type pass struct {
	name string
	run  func(*ir.Func) bool
}

// maxRounds bounds the rounds over the pipeline. Scripts settle after three or four; the bound is for pairs of passes that
// would undo each other's work, which is a bug, but no reason not to compile.
const maxRounds = 16

// cleanup are the passes that run until nothing changes, in this order: blocks are removed before parameters, so that a
// parameter sees only real edges; values are folded before they are numbered, so that equal ones look equal; what the others
// leave unused goes last.
func cleanup() []pass {
	return []pass{
		{"blocks", passBlocks},
		{"params", passParams},
		{"const", passConst},
		{"branch", passBranch},
		{"gvn", passGVN},
		{"memory", passMemory},
		{"dce", passDCE},
	}
}

// placement are the passes that move values to where they are needed. They come after the cleanup, since numbering values
// would only find them again, and each runs once.
func placement() []pass {
	return []pass{
		{"sink", passSink},
		{"fuse", passFuse},
	}
}

// Run optimises every function of a module. A valid module stays valid, and Run does the same for the same input.
func Run(m *ir.Module) {
	for _, f := range m.Funcs {
		runFunc(f)
	}
}

func runFunc(f *ir.Func) {
	for range maxRounds {
		changed := false
		for _, p := range cleanup() {
			changed = p.run(f) || changed
		}
		if !changed {
			break
		}
	}
	for _, p := range placement() {
		p.run(f)
	}
}
