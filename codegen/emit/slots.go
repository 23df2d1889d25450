package emit

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// slotAnalysis knows which slots of a function are in use at the same time. All of it takes time and memory by what there is
// to know: a slot that a few neighbouring blocks use costs no more in a large function than in a small one.
type slotAnalysis struct {
	slots []*ir.Slot
	used  []bool
	// everywhere are the slots whose address is stored; they are in conflict with all others.
	everywhere []bool
	// conflicts has, by slot, those that live where it does, but for those that live everywhere.
	conflicts [][]int32
	pairs     map[[2]int32]bool
}

func (a *slotAnalysis) total() int {
	n := 0
	for i, s := range a.slots {
		if a.used[i] {
			n += s.Size
		}
	}
	return n
}

// placedSlot is a slot that has its position.
type placedSlot struct{ from, to int }

// color gives every slot the lowest position where it overlaps no slot that it is in conflict with, and returns the number of
// bytes taken. A position is a distance from one end of the memory; sizes are rounded up to the alignment, so that the
// other end of a slot is aligned as well.
func (a *slotAnalysis) color(slots []*ir.Slot, place func(s *ir.Slot, from int)) int {
	placed := make([]placedSlot, len(a.slots))
	var all, global, taken []placedSlot
	size := 0
	for _, s := range slots {
		taken = taken[:0]
		if a.everywhere[s.ID] {
			taken = append(taken, all...)
		} else {
			taken = append(taken, global...)
			for _, o := range a.conflicts[s.ID] {
				if placed[o].to > 0 {
					taken = append(taken, placed[o])
				}
			}
		}
		slices.SortFunc(taken, func(x, y placedSlot) int { return x.from - y.from })
		n, from := alignUp(s.Size, slotAlign(s)), 0
		for _, p := range taken {
			if from+n <= p.from {
				break
			}
			from = max(from, alignUp(p.to, slotAlign(s)))
		}
		at := placedSlot{from, from + n}
		placed[s.ID] = at
		all = append(all, at)
		if a.everywhere[s.ID] {
			global = append(global, at)
		}
		place(s, from)
		size = max(size, from+n)
	}
	return size
}

// analyzeSlots finds out which slots live at the same time. A slot lives where an instruction that used it may have run and
// one that uses it may still run. Uses are instructions with the address, or a value made from it, as operand; a slot whose
// address is stored lives everywhere.
func analyzeSlots(f *ir.Func) *slotAnalysis {
	n := len(f.Slots)
	a := &slotAnalysis{
		slots: f.Slots, used: make([]bool, n), everywhere: make([]bool, n), conflicts: make([][]int32, n), pairs: map[[2]int32]bool{},
	}
	if n == 0 {
		return a
	}
	u := findSlotUses(f)
	l := newSlotLiveness(f, u)
	for s := range n {
		if u.escaped[s] {
			a.used[s], a.everywhere[s] = true, true
			continue
		}
		if len(u.touches[s]) > 0 {
			a.used[s] = true
			l.live(int32(s), u.touches[s])
		}
	}
	for _, entries := range l.entries {
		a.overlaps(entries)
	}
	a.pairs = nil
	return a
}

// overlaps records which slots live at the same time in a block. Of two that both live when it begins, where all ways into it
// agree, another block has recorded that.
func (a *slotAnalysis) overlaps(entries []slotEntry) {
	slices.SortStableFunc(entries, func(x, y slotEntry) int { return x.from - y.from })
	var active, partial []slotEntry
	for _, e := range entries {
		active = slices.DeleteFunc(active, func(o slotEntry) bool { return o.to < e.from })
		with := active
		if e.started && e.full {
			with = partial
		}
		for _, o := range with {
			a.conflict(e.slot, o.slot)
		}
		active = append(active, e)
		if e.started && !e.full {
			partial = append(partial, e)
		}
	}
}

func (a *slotAnalysis) conflict(x, y int32) {
	pair := [2]int32{min(x, y), max(x, y)}
	if x == y || a.pairs[pair] {
		return
	}
	a.pairs[pair] = true
	a.conflicts[x] = append(a.conflicts[x], y)
	a.conflicts[y] = append(a.conflicts[y], x)
}
