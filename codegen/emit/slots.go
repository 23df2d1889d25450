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
	// ranges are, by slot, where it lives, but for those that live everywhere.
	ranges [][]interval
	// starts are the positions at which ranges begin, sorted, and starting the slots that do there.
	starts   []int
	starting [][]int32
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
// other end of a slot is aligned as well. It stops as soon as that is over limit.
func (a *slotAnalysis) color(slots []*ir.Slot, limit int, place func(s *ir.Slot, from int)) int {
	c := newColoring(a)
	var all, global, taken []placedSlot
	size := 0
	for _, s := range slots {
		if size > limit {
			break
		}
		taken = taken[:0]
		if a.everywhere[s.ID] {
			taken = append(taken, all...)
		} else {
			taken = c.conflicts(int32(s.ID), append(taken, global...))
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
		c.put(int32(s.ID), at)
		all = append(all, at)
		if a.everywhere[s.ID] {
			global = append(global, at)
		}
		place(s, from)
		size = max(size, from+n)
	}
	return size
}

// coloring finds the placed slots that are in conflict with another one: those that live where a range of it begins, and those of which a range
// begins inside one of it. The first are kept by start, each at the nodes of a binary tree over the starts that together are those it lives at.
type coloring struct {
	a      *slotAnalysis
	placed []placedSlot // by slot; one that ends at 0 is none
	seen   []int32      // by slot: the last one plus 1 that it was found for
	nodes  [][]int32
}

func newColoring(a *slotAnalysis) *coloring {
	return &coloring{
		a: a, placed: make([]placedSlot, len(a.slots)), seen: make([]int32, len(a.slots)), nodes: make([][]int32, 2*len(a.starts)),
	}
}

// put notes where a slot is.
func (c *coloring) put(slot int32, at placedSlot) {
	c.placed[slot] = at
	n := len(c.a.starts)
	for _, r := range c.a.ranges[slot] {
		from, to := c.a.startsIn(r)
		for i, j := from+n, to+n; i < j; i, j = i/2, j/2 {
			if i%2 == 1 {
				c.nodes[i] = append(c.nodes[i], slot)
				i++
			}
			if j%2 == 1 {
				j--
				c.nodes[j] = append(c.nodes[j], slot)
			}
		}
	}
}

// conflicts adds those to a list that a slot is in conflict with.
func (c *coloring) conflicts(slot int32, taken []placedSlot) []placedSlot {
	add := func(slots []int32) {
		for _, o := range slots {
			if c.placed[o].to > 0 && c.seen[o] != slot+1 {
				c.seen[o] = slot + 1
				taken = append(taken, c.placed[o])
			}
		}
	}
	for _, r := range c.a.ranges[slot] {
		from, to := c.a.startsIn(r)
		for i := from + len(c.a.starts); i > 0; i /= 2 {
			add(c.nodes[i])
		}
		for i := from; i < to; i++ {
			add(c.a.starting[i])
		}
	}
	return taken
}

// startsIn returns the starts that a range goes over, by index.
func (a *slotAnalysis) startsIn(r interval) (from, to int) {
	from, _ = slices.BinarySearch(a.starts, r.from)
	to, _ = slices.BinarySearch(a.starts, r.to)
	return from, to
}

// analyzeSlots finds out which slots live at the same time. A slot lives where an instruction that used it may have run and
// one that uses it may still run. Uses are instructions with the address, or a value made from it, as operand; a slot whose
// address is stored lives everywhere.
func analyzeSlots(f *ir.Func) *slotAnalysis {
	n := len(f.Slots)
	a := &slotAnalysis{slots: f.Slots, used: make([]bool, n), everywhere: make([]bool, n), ranges: make([][]interval, n)}
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
			a.ranges[s] = l.live(int32(s), u.touches[s])
		}
	}
	a.findStarts()
	return a
}

func (a *slotAnalysis) findStarts() {
	for _, ranges := range a.ranges {
		for _, r := range ranges {
			a.starts = append(a.starts, r.from)
		}
	}
	slices.Sort(a.starts)
	a.starts = slices.Compact(a.starts)
	a.starting = make([][]int32, len(a.starts))
	for s, ranges := range a.ranges {
		for _, r := range ranges {
			i, _ := slices.BinarySearch(a.starts, r.from)
			a.starting[i] = append(a.starting[i], int32(s))
		}
	}
}
