package opt

import "github.com/gtrace/gtrace/codegen/ir"

// passDCE removes unreachable blocks, values that nothing needs, parameters included, stores to slots that are never read,
// and slots without uses.
func passDCE(f *ir.Func) bool {
	changed := removeUnreachable(f)
	l := &liveness{
		in:     edges(f),
		slots:  analyzeSlots(f),
		live:   make([]bool, f.NumValues()),
		param:  make([]int, f.NumValues()),
		stores: map[*ir.Slot][]*ir.Value{},
	}
	l.roots(f)
	l.spread()
	changed = l.sweep(f) || changed
	return removeSlots(f) || changed
}

type liveness struct {
	in    [][]*ir.Target
	slots *slotUses
	live  []bool
	param []int // which of its block's a parameter is, by Value.ID
	work  []*ir.Value
	// stores that matter only once something reads their slot.
	stores map[*ir.Slot][]*ir.Value
}

// roots marks what must stay whatever uses it.
func (l *liveness) roots(f *ir.Func) {
	f.EachInstr(func(v *ir.Value) {
		if slot := l.slots.private(v); slot != nil && v.Op != ir.OpLoad {
			l.stores[slot] = append(l.stores[slot], v)
			return
		}
		if !isRemovable(v) {
			l.mark(v)
		}
	})
	for _, p := range f.Entry().Params {
		l.live[p.ID] = true
	}
	for _, b := range f.Blocks {
		for i, p := range b.Params {
			l.param[p.ID] = i
		}
	}
}

func (l *liveness) mark(v *ir.Value) {
	if !l.live[v.ID] {
		l.live[v.ID] = true
		l.work = append(l.work, v)
	}
}

// spread marks what live values need. An argument is needed if its parameter is.
func (l *liveness) spread() {
	for len(l.work) > 0 {
		v := l.work[len(l.work)-1]
		l.work = l.work[:len(l.work)-1]
		for _, x := range v.Args {
			l.mark(x)
		}
		if v.Op == ir.OpParam {
			l.markArgs(v)
		}
		if slot := l.slots.private(v); slot != nil && v.Op == ir.OpLoad {
			for _, s := range l.stores[slot] {
				l.mark(s)
			}
			delete(l.stores, slot)
		}
	}
}

func (l *liveness) markArgs(p *ir.Value) {
	for _, e := range l.in[p.Block.ID] {
		l.mark(e.Args[l.param[p.ID]])
	}
}

func (l *liveness) sweep(f *ir.Func) bool {
	changed := false
	dead := map[*ir.Value]bool{}
	for _, b := range f.Blocks {
		kept := b.Instrs[:0]
		for _, v := range b.Instrs {
			if l.live[v.ID] {
				kept = append(kept, v)
			}
		}
		changed = changed || len(kept) < len(b.Instrs)
		b.Instrs = kept
		for _, p := range b.Params {
			if !l.live[p.ID] {
				dead[p] = true
			}
		}
	}
	if len(dead) > 0 {
		removeParams(f, dead)
		changed = true
	}
	return changed
}

func removeSlots(f *ir.Func) bool {
	used := make([]bool, len(f.Slots))
	f.EachInstr(func(v *ir.Value) {
		if v.Op == ir.OpSlot {
			used[v.Slot.ID] = true
		}
	})
	var slots []*ir.Slot
	for i, s := range f.Slots {
		if used[i] {
			slots = append(slots, s)
		}
	}
	changed := len(slots) < len(f.Slots)
	for i, s := range slots {
		s.ID = i
	}
	f.Slots = slots
	return changed
}
