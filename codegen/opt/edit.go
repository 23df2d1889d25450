package opt

import "github.com/gtrace/gtrace/codegen/ir"

// constant returns the value of a constant.
func constant(v *ir.Value) (int64, bool) { return v.Imm, v.Op == ir.OpConst }

func isConst(v *ir.Value, n int64) bool { return v.Op == ir.OpConst && v.Imm == n }

// sameValue reports whether two values are equal for sure: one value, or the same constant.
func sameValue(x, y *ir.Value) bool {
	return x == y || x.Op == ir.OpConst && y.Op == ir.OpConst && x.Imm == y.Imm && x.Type == y.Type
}

// isCompare reports whether an op yields 0 or 1.
func isCompare(op ir.Op) bool {
	return op == ir.OpEq || op == ir.OpNe || op == ir.OpULt || op == ir.OpULe || op == ir.OpSLt || op == ir.OpSLe
}

// isPure reports whether a value is the same wherever and however often it is computed.
func isPure(v *ir.Value) bool {
	switch {
	case v.Op == ir.OpLoad:
		return v.Stable
	case v.Op == ir.OpCall:
		return v.Helper.Info().Effect == ir.EffectPure
	}
	return v.Op.Info().Pure
}

// isRemovable reports whether an unused value can go.
func isRemovable(v *ir.Value) bool {
	switch {
	case v.Op == ir.OpLoad:
		return true
	case v.Op == ir.OpCall:
		return v.Helper.Info().Effect != ir.EffectWrite
	}
	return v.Op.Info().Pure
}

// insert puts values before the instruction at index i of a block.
func insert(b *ir.Block, i int, vs ...*ir.Value) {
	for _, v := range vs {
		v.Block = b
	}
	b.Instrs = append(b.Instrs[:i:i], append(vs, b.Instrs[i:]...)...)
}

// beforeTerminator puts values at the end of a block.
func beforeTerminator(b *ir.Block, vs ...*ir.Value) { insert(b, len(b.Instrs)-1, vs...) }

// newConst returns the constant n for the code of v.
func newConst(f *ir.Func, v *ir.Value, n int64, t ir.Type) *ir.Value {
	c := f.NewValue(ir.OpConst, t)
	c.Imm, c.Span = n, v.Span
	return c
}

// edges returns the incoming edges of every block, by Block.ID.
func edges(f *ir.Func) [][]*ir.Target {
	in := make([][]*ir.Target, f.NumBlocks())
	for _, b := range f.Blocks {
		targets := b.Targets()
		for i := range targets {
			id := targets[i].Block.ID
			in[id] = append(in[id], &targets[i])
		}
	}
	return in
}

// edgeCounts returns how many edges lead to every block, by Block.ID.
func edgeCounts(f *ir.Func) []int {
	in := make([]int, f.NumBlocks())
	for _, b := range f.Blocks {
		for _, t := range b.Targets() {
			in[t.Block.ID]++
		}
	}
	return in
}

// removeParams takes parameters out of their blocks, and the arguments for them out of all edges.
func removeParams(f *ir.Func, dead map[*ir.Value]bool) {
	in := edges(f)
	for _, b := range f.Blocks {
		var params []*ir.Value
		for _, p := range b.Params {
			if !dead[p] {
				params = append(params, p)
			}
		}
		if len(params) == len(b.Params) {
			continue
		}
		for _, e := range in[b.ID] {
			var args []*ir.Value
			for i, p := range b.Params {
				if !dead[p] {
					args = append(args, e.Args[i])
				}
			}
			e.Args = args
		}
		b.Params = params
	}
}

// removeUnreachable takes out the blocks that control cannot get to.
func removeUnreachable(f *ir.Func) bool {
	cfg := ir.NewCFG(f)
	if len(cfg.Order) == len(f.Blocks) {
		return false
	}
	var blocks []*ir.Block
	for _, b := range f.Blocks {
		if cfg.Reachable(b) {
			blocks = append(blocks, b)
		}
	}
	f.Blocks = blocks
	return true
}

// jumpTo makes the terminator a jump along an edge.
func jumpTo(term *ir.Value, t ir.Target) {
	term.Op, term.Args, term.Targets = ir.OpJump, nil, []ir.Target{t}
}
