package opt

import "github.com/gtrace/gtrace/codegen/ir"

// passBranch makes branches test what is there already: x rather than x != 0; nothing at all where a dominating branch on
// the same value has decided it. A branch that only chooses between 1 and 0 becomes the value of its condition.
func passBranch(f *ir.Func) bool {
	changed := false
	for _, b := range f.Blocks {
		if term := b.Terminator(); term.Op == ir.OpBranch {
			changed = stripZeroTest(term) || changed
		}
	}
	changed = foldDecided(f) || changed
	return foldDiamonds(f) || changed
}

// stripZeroTest turns a branch on x != 0 or x == 0 into one on x.
func stripZeroTest(term *ir.Value) bool {
	changed := false
	for {
		c := term.Args[0]
		if c.Op != ir.OpEq && c.Op != ir.OpNe || !isConst(c.Args[1], 0) {
			return changed
		}
		if c.Op == ir.OpEq {
			term.Targets[0], term.Targets[1] = term.Targets[1], term.Targets[0]
		}
		term.Args[0] = c.Args[0]
		changed = true
	}
}

// foldDecided turns branches on a condition that is known in their block into jumps. A test of a pointer stays: the
// verifier may need to see it again.
func foldDecided(f *ir.Func) bool {
	cfg := ir.NewCFG(f)
	d := &decider{cfg: cfg, entered: map[*ir.Block]decision{}, known: map[*ir.Value]int{}}
	for _, b := range cfg.Order {
		d.decides(b)
	}
	d.walk(f.Entry())
	return d.changed
}

// decision is which target a branch takes for a condition.
type decision struct {
	cond  *ir.Value
	taken int
}

// decider goes down the dominator tree with what is known of conditions.
type decider struct {
	cfg     *ir.CFG
	entered map[*ir.Block]decision // by the block that control gets to only so
	known   map[*ir.Value]int
	changed bool
}

// decides notes what is known in the targets of a block's branch.
func (d *decider) decides(b *ir.Block) {
	term := b.Terminator()
	if term.Op != ir.OpBranch || term.Args[0].Type != ir.I64 {
		return
	}
	for taken, t := range term.Targets {
		if len(d.cfg.Preds(t.Block)) == 1 {
			d.entered[t.Block] = decision{term.Args[0], taken}
		}
	}
}

func (d *decider) walk(b *ir.Block) {
	here, entered := d.entered[b]
	if entered {
		if _, before := d.known[here.cond]; before {
			entered = false
		} else {
			d.known[here.cond] = here.taken
		}
	}
	if term := b.Terminator(); term.Op == ir.OpBranch {
		if taken, ok := d.known[term.Args[0]]; ok {
			jumpTo(term, term.Targets[taken])
			d.changed = true
		}
	}
	for _, c := range d.cfg.Children(b) {
		d.walk(c)
	}
	if entered {
		delete(d.known, here.cond)
	}
}

// foldDiamonds replaces branches whose two sides meet at once, with arguments that are equal or 1 and 0, by a jump.
func foldDiamonds(f *ir.Func) bool {
	in := edgeCounts(f)
	changed := false
	for _, b := range f.Blocks {
		term := b.Terminator()
		if term.Op != ir.OpBranch {
			continue
		}
		targets := term.Targets
		then, els := skipEmpty(in, targets[0]), skipEmpty(in, targets[1])
		if then.Block == els.Block && foldDiamond(f, term, then, els) {
			changed = true
			in[targets[0].Block.ID]--
			in[targets[1].Block.ID]--
			in[then.Block.ID]++
		}
	}
	return changed
}

// skipEmpty follows an edge through a block of constants that nothing else leads to.
func skipEmpty(in []int, t ir.Target) ir.Target {
	b := t.Block
	term := b.Terminator()
	if term.Op != ir.OpJump || in[b.ID] != 1 || len(b.Params) > 0 {
		return t
	}
	for _, v := range b.Instrs[:len(b.Instrs)-1] {
		if v.Op != ir.OpConst {
			return t
		}
	}
	return term.Targets[0]
}

func foldDiamond(f *ir.Func, term *ir.Value, then, els ir.Target) bool {
	for i := range then.Args {
		x, y := then.Args[i], els.Args[i]
		if !sameValue(x, y) && !truthValues(x, y) {
			return false
		}
	}
	out := ir.Target{Block: then.Block}
	for i := range then.Args {
		out.Args = append(out.Args, mergedArg(f, term, then.Args[i], els.Args[i]))
	}
	jumpTo(term, out)
	return true
}

// truthValues reports whether x and y are 1 and 0 or 0 and 1.
func truthValues(x, y *ir.Value) bool {
	return isConst(x, 1) && isConst(y, 0) || isConst(x, 0) && isConst(y, 1)
}

// mergedArg returns the value that is x if the condition of the branch holds and y if not.
func mergedArg(f *ir.Func, term, x, y *ir.Value) *ir.Value {
	if sameValue(x, y) {
		if x.Op != ir.OpConst {
			return x
		}
		c := newConst(f, term, x.Imm, x.Type)
		beforeTerminator(term.Block, c)
		return c
	}
	cond := term.Args[0]
	if isConst(x, 1) && isCompare(cond.Op) {
		return cond
	}
	op := ir.OpNe
	if isConst(x, 0) {
		op = ir.OpEq
	}
	zero := newConst(f, term, 0, ir.I64)
	v := f.NewValue(op, ir.I64, cond, zero)
	v.Span = term.Span
	beforeTerminator(term.Block, zero, v)
	return v
}
