package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passFuse moves a comparison that only one branch uses right before that branch, so that the two can become one
// instruction. It must run last: what other passes put between them would part them again.
func passFuse(f *ir.Func) bool {
	uses := ir.UseCounts(f)
	cfg := ir.NewCFG(f)
	changed := false
	for _, b := range cfg.Order {
		term := b.Terminator()
		if term.Op != ir.OpBranch {
			continue
		}
		cond := term.Args[0]
		if !isCompare(cond.Op) || uses[cond.ID] != 1 || cfg.LoopDepth(b) > cfg.LoopDepth(cond.Block) {
			continue
		}
		if cond.Block == b && b.Instrs[len(b.Instrs)-2] == cond {
			continue
		}
		from := cond.Block
		from.Instrs = slices.DeleteFunc(from.Instrs, func(v *ir.Value) bool { return v == cond })
		beforeTerminator(b, cond)
		changed = true
	}
	return changed
}
