package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passBlocks straightens control flow: it removes unreachable blocks, leads edges past blocks that do nothing but go on, or
// whose branch is decided by the arguments of the edge, and joins blocks with their only successor.
func passBlocks(f *ir.Func) bool {
	changed := removeUnreachable(f)
	changed = threadJumps(f) || changed
	changed = removeUnreachable(f) || changed
	return mergeBlocks(f) || changed
}

// threadJumps redirects edges. Loop headers stay, so that loops keep one entry.
func threadJumps(f *ir.Func) bool {
	changed := false
	headers := loopHeaders(ir.NewCFG(f), f)
	uses := foreignUses(f)
	for _, b := range f.Blocks {
		for tries := 0; tries < len(f.Blocks); tries++ {
			if !threadBlock(b, headers, uses) {
				break
			}
			changed = true
		}
	}
	return changed
}

// foreignUses reports for each value, by ID, whether a block other than its own uses it.
func foreignUses(f *ir.Func) []bool {
	foreign := make([]bool, f.NumValues())
	f.EachInstr(func(v *ir.Value) {
		v.EachOperand(func(p **ir.Value) {
			if (*p).Block != v.Block {
				foreign[(*p).ID] = true
			}
		})
	})
	return foreign
}

// threadBlock redirects the first edge out of b that can go further at once.
func threadBlock(b *ir.Block, headers, foreign []bool) bool {
	term := b.Terminator()
	for i := range term.Targets {
		t := term.Targets[i]
		if t.Block == b || headers[t.Block.ID] || !passable(t.Block, foreign) {
			continue
		}
		next, ok := through(t)
		if !ok || next.Block == t.Block || next.Block == b {
			continue
		}
		if redirect(term, i, next) {
			return true
		}
	}
	return false
}

// loopHeaders reports for each block, by ID, whether it starts a loop.
func loopHeaders(cfg *ir.CFG, f *ir.Func) []bool {
	headers := make([]bool, f.NumBlocks())
	for _, b := range cfg.Order {
		headers[b.ID] = slices.ContainsFunc(cfg.Preds(b), func(p *ir.Block) bool { return cfg.Dominates(b, p) })
	}
	return headers
}

// passable reports whether a block computes nothing that is needed outside it and has no effect.
func passable(b *ir.Block, foreign []bool) bool {
	for _, p := range b.Params {
		if foreign[p.ID] {
			return false
		}
	}
	for _, v := range b.Instrs[:len(b.Instrs)-1] {
		if !isRemovable(v) || foreign[v.ID] {
			return false
		}
	}
	return b.Terminator().Op != ir.OpReturn
}

// through returns the edge on which control leaves the target of an edge, if the arguments decide it.
func through(t ir.Target) (ir.Target, bool) {
	term := t.Block.Terminator()
	out := term.Targets[0]
	if term.Op == ir.OpBranch {
		n, ok := evalOnEdge(t, term.Args[0], maxEvalDepth)
		if !ok {
			return ir.Target{}, false
		}
		if n == 0 {
			out = term.Targets[1]
		}
	}
	next := ir.Target{Block: out.Block}
	for _, x := range out.Args {
		y := onEdge(t, x)
		if y.Block == t.Block {
			return ir.Target{}, false
		}
		next.Args = append(next.Args, y)
	}
	return next, true
}

// onEdge returns what a value of the edge's block is if control comes over the edge.
func onEdge(t ir.Target, x *ir.Value) *ir.Value {
	if i := slices.Index(t.Block.Params, x); i >= 0 {
		return t.Args[i]
	}
	return x
}

// maxEvalDepth bounds the operations that evalOnEdge follows back.
const maxEvalDepth = 6

// evalOnEdge computes a value of the edge's block from constant arguments.
func evalOnEdge(t ir.Target, x *ir.Value, depth int) (int64, bool) {
	x = onEdge(t, x)
	if n, ok := constant(x); ok {
		return n, true
	}
	if x.Block != t.Block || depth == 0 || !canEval(x.Op) {
		return 0, false
	}
	var args [2]int64
	for i, a := range x.Args {
		n, ok := evalOnEdge(t, a, depth-1)
		if !ok {
			return 0, false
		}
		args[i] = n
	}
	return eval(x.Op, int(x.Width), args[0], args[1]), true
}

// redirect changes an edge. Two edges to one block cannot stay: they become a jump if they carry the same arguments.
func redirect(term *ir.Value, i int, next ir.Target) bool {
	if term.Op == ir.OpBranch {
		if other := term.Targets[1-i]; other.Block == next.Block {
			if !slices.EqualFunc(other.Args, next.Args, sameValue) {
				return false
			}
			jumpTo(term, next)
			return true
		}
	}
	term.Targets[i] = next
	return true
}

// mergeBlocks appends blocks to their only predecessor where that has no other successor.
func mergeBlocks(f *ir.Func) bool {
	in := edges(f)
	var renames ir.Renames
	gone := map[*ir.Block]bool{}
	for _, b := range f.Blocks {
		for !gone[b] {
			term := b.Terminator()
			if term.Op != ir.OpJump {
				break
			}
			t := term.Targets[0]
			if t.Block == b || t.Block == f.Entry() || len(in[t.Block.ID]) != 1 {
				break
			}
			for i, p := range t.Block.Params {
				renames.Replace(p, t.Args[i])
			}
			appendBlock(b, t.Block)
			gone[t.Block] = true
		}
	}
	if len(gone) == 0 {
		return false
	}
	f.Blocks = slices.DeleteFunc(f.Blocks, func(b *ir.Block) bool { return gone[b] })
	renames.Apply(f)
	return true
}

// appendBlock replaces the terminator of b by the instructions of next.
func appendBlock(b, next *ir.Block) {
	b.Instrs = b.Instrs[:len(b.Instrs)-1]
	for _, v := range next.Instrs {
		v.Block = b
	}
	b.Instrs = append(b.Instrs, next.Instrs...)
}
