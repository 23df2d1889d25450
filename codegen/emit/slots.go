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
	// starts are the positions at which ranges begin, sorted; leaves is their number, up to a power of two.
	starts []int
	leaves int
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

// color gives every slot the lowest position where it overlaps no slot that it is in conflict with, and returns the number of
// bytes taken. A position is a distance from one end of the memory; sizes are rounded up to the alignment, so that the
// other end of a slot is aligned as well. It stops as soon as that is over limit.
func (a *slotAnalysis) color(slots []*ir.Slot, limit int, place func(s *ir.Slot, from int)) int {
	var c coloring
	var all, global byteSet
	size := 0
	for _, s := range slots {
		if size > limit {
			break
		}
		everywhere := a.everywhere[s.ID]
		taken := all
		if !everywhere {
			if c.nodes == nil {
				c.nodes = make([]coloringNode, 2*a.leaves)
			}
			taken = c.taken(a, s.ID)
			taken.add(global)
		}
		n := alignUp(s.Size, slotAlign(s))
		from := taken.gap(n, slotAlign(s))
		at := interval{from, from + n}
		all.set(at)
		if everywhere {
			global.set(at)
		} else {
			c.put(a, s.ID, at)
		}
		place(s, from)
		size = max(size, at.to)
	}
	return size
}

// coloring knows which bytes are taken when: a binary tree over the starts of the ranges, in which a slot is at those nodes that together are the
// starts it lives at.
type coloring struct {
	nodes []coloringNode
	found byteSet
}

// coloringNode has the bytes of the slots that are at a node, and of those that are there or below.
type coloringNode struct{ here, below byteSet }

// put notes where a slot is.
func (c *coloring) put(a *slotAnalysis, slot int, at interval) {
	for _, r := range a.ranges[slot] {
		from, to := a.startsIn(r)
		eachNode(a.leaves, from, to, func(i int) {
			c.nodes[i].here.set(at)
			for ; i > 0; i /= 2 {
				c.nodes[i].below.set(at)
			}
		})
	}
}

// taken returns the bytes of the placed slots that a slot is in conflict with, for the time being: those at or below the nodes of the starts
// that it lives at, and at the nodes above, which are all above the first or the last start.
func (c *coloring) taken(a *slotAnalysis, slot int) byteSet {
	c.found = c.found[:0]
	for _, r := range a.ranges[slot] {
		from, to := a.startsIn(r)
		eachNode(a.leaves, from, to, func(i int) { c.found.add(c.nodes[i].below) })
		for i, j := a.leaves+from, a.leaves+to-1; i > 0; i, j = i/2, j/2 {
			c.found.add(c.nodes[i].here)
			if i != j {
				c.found.add(c.nodes[j].here)
			}
		}
	}
	return c.found
}

// eachNode calls fn with the nodes that together are some leaves of a binary tree.
func eachNode(leaves, from, to int, fn func(i int)) {
	for i, j := leaves+from, leaves+to; i < j; i, j = i/2, j/2 {
		if i%2 == 1 {
			fn(i)
			i++
		}
		if j%2 == 1 {
			j--
			fn(j)
		}
	}
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
	for a.leaves = 1; a.leaves < len(a.starts); a.leaves *= 2 {
	}
}
