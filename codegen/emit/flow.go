package emit

import (
	"slices"

	"github.com/cilium/ebpf/asm"
)

// layout returns the blocks that can be reached from entry in reverse postorder, those marked last at the end, and sets ids
// and loop depths. The first target of a branch comes right after it where possible.
func layout(entry *block) []*block {
	seen := map[*block]bool{}
	var post []*block
	var walk func(b *block)
	walk = func(b *block) {
		seen[b] = true
		for _, to := range b.laidOut() {
			if !seen[to] {
				walk(to)
			}
		}
		post = append(post, b)
	}
	walk(entry)
	var order, last []*block
	for i := len(post) - 1; i >= 0; i-- {
		if post[i].last {
			last = append(last, post[i])
		} else {
			order = append(order, post[i])
		}
	}
	order = append(order, last...)
	for i, b := range order {
		b.id = i
	}
	markLoops(order)
	return order
}

// laidOut returns the successors with the one that should come right after the block last. A bit test cannot be inverted, so
// its second target has to.
func (b *block) laidOut() []*block {
	succs := slices.Clone(b.succs())
	if b.end().jump != asm.JSet {
		slices.Reverse(succs)
	}
	return succs
}

// maxDepth is the deepest loop that counts for weights.
const maxDepth = 4

// markLoops sets the depth of every block: the number of backward jumps over it.
func markLoops(order []*block) {
	for _, b := range order {
		for _, to := range b.succs() {
			if to.id > b.id {
				continue
			}
			for _, in := range order[to.id : b.id+1] {
				in.depth = min(in.depth+1, maxDepth)
			}
		}
	}
}

// dropDeadMoves removes assignments to virtual registers that nothing reads.
func (c *code) dropDeadMoves() {
	for changed := true; changed; {
		changed = false
		used := make([]bool, c.next)
		c.visitAll(func(r *reg, how role) {
			if how&roleUse != 0 {
				used[*r] = true
			}
		})
		for _, b := range c.blocks {
			for _, in := range b.insts {
				changed = in.dropMoves(used) || changed
			}
		}
	}
}

func (c *code) visitAll(fn func(r *reg, how role)) {
	for _, b := range c.blocks {
		for _, in := range b.insts {
			in.visit(fn)
		}
	}
}

func (in *inst) dropMoves(used []bool) bool {
	if in.kind != instMove {
		return false
	}
	kept := in.moves[:0]
	for _, m := range in.moves {
		if m.dst.kind == operandReg && m.dst.reg.virtual() && !used[m.dst.reg] {
			continue
		}
		kept = append(kept, m)
	}
	changed := len(kept) != len(in.moves)
	in.moves = kept
	return changed
}
