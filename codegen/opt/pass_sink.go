package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passSink moves pure values down to where they are needed, if control does not get there in every case or gets there less
// often, so that nothing is computed before it is known to be of use. Constants and addresses move in any case, to keep registers
// free. It comes after passGVN, which puts values into the
// block that dominates all their uses.
func passSink(f *ir.Func) bool {
	s := &sinker{f: f, cfg: ir.NewCFG(f), users: usersOf(f)}
	changed := false
	for i := len(s.cfg.Order) - 1; i >= 0; i-- {
		changed = s.block(s.cfg.Order[i]) || changed
	}
	return changed
}

type sinker struct {
	f     *ir.Func
	cfg   *ir.CFG
	exits *ir.Exits // made when it is first needed
	users [][]*ir.Value
}

// usersOf returns the instructions that use each value, by Value.ID, once for each operand.
func usersOf(f *ir.Func) [][]*ir.Value {
	users := make([][]*ir.Value, f.NumValues())
	f.EachInstr(func(v *ir.Value) {
		v.EachOperand(func(p **ir.Value) { users[(*p).ID] = append(users[(*p).ID], v) })
	})
	return users
}

// block moves what it can out of a block, from its end, so that users go before what they use.
func (s *sinker) block(b *ir.Block) bool {
	changed := false
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		v := b.Instrs[i]
		if !isPure(v) || v.Op == ir.OpCtx {
			continue
		}
		if to := s.destination(v); to != b {
			b.Instrs = slices.Delete(b.Instrs, i, i+1)
			insert(to, s.place(v, to), v)
			changed = true
		}
	}
	return changed
}

// destination returns the block that a value is best computed in.
func (s *sinker) destination(v *ir.Value) *ir.Block {
	var common *ir.Block
	for _, u := range s.users[v.ID] {
		if !s.cfg.Reachable(u.Block) {
			continue
		}
		if common == nil {
			common = u.Block
		} else {
			common = s.cfg.CommonDominator(common, u.Block)
		}
	}
	if common == nil || common == v.Block {
		return v.Block
	}
	best := common
	for b := common; b != v.Block; b = s.cfg.Idom(b) {
		if s.cfg.LoopDepth(b) < s.cfg.LoopDepth(best) {
			best = b
		}
	}
	switch {
	case s.cfg.LoopDepth(best) > s.cfg.LoopDepth(v.Block):
		return v.Block
	case len(v.Args) == 0 && v.Op != ir.OpCall: // costs nothing but a register while it waits
		return best
	case s.pays(v.Block, best):
		return best
	}
	return v.Block
}

// pays reports whether control can go on from a block without passing through another one, or passes that less often.
func (s *sinker) pays(from, to *ir.Block) bool {
	if s.cfg.LoopDepth(to) < s.cfg.LoopDepth(from) {
		return true
	}
	if s.exits == nil {
		s.exits = ir.NewExits(s.cfg, s.f)
	}
	return s.exits.Past(from, to)
}

// place returns the index of the first instruction of a block that uses v, or of its terminator.
func (s *sinker) place(v *ir.Value, b *ir.Block) int {
	users := map[*ir.Value]bool{}
	for _, u := range s.users[v.ID] {
		users[u] = true
	}
	for i, u := range b.Instrs {
		if users[u] {
			return i
		}
	}
	return len(b.Instrs) - 1
}
