package emit

import (
	"math"
	"slices"
	"sort"

	"github.com/gtrace/gtrace/codegen/ir"
)

// slotLiveness finds out where slots live. Blocks are numbers in reverse postorder.
type slotLiveness struct {
	succs, preds [][]int32
	// loops are the disjoint ranges of blocks that backward jumps go over, sorted.
	loops []interval
	// cycles are, by loop, the blocks that control can get to from its first block and back, by their ranges, once a slot needs them.
	cycles []*cycle
	// begins are the positions of the blocks: each has one, and its instructions one each from there on. One more is the end of them all.
	begins []int

	// For the slot at hand, plus 1: the blocks that use it, that may run after one, and that one may run after.
	touched, started, needed []int32
	reached, work            []int32
}

func newSlotLiveness(f *ir.Func, u *slotUses) *slotLiveness {
	n := len(u.order)
	l := &slotLiveness{
		succs: make([][]int32, n), preds: make([][]int32, n), begins: make([]int, n+1),
		touched: make([]int32, n), started: make([]int32, n), needed: make([]int32, n),
	}
	number := make(map[*ir.Block]int32, n)
	for i, b := range u.order {
		number[b] = int32(i)
		l.begins[i+1] = l.begins[i] + len(b.Instrs) + 1
	}
	for i, b := range u.order {
		for _, t := range b.Instrs[len(b.Instrs)-1].Targets {
			to := number[t.Block]
			l.succs[i] = append(l.succs[i], to)
			l.preds[to] = append(l.preds[to], int32(i))
			if int(to) <= i {
				l.loops = append(l.loops, interval{int(to), i})
			}
		}
	}
	l.loops = joined(l.loops)
	l.cycles = make([]*cycle, len(l.loops))
	return l
}

// joined returns the unions of ranges that overlap, both ends included, sorted.
func joined(ranges []interval) []interval {
	slices.SortFunc(ranges, func(x, y interval) int { return x.from - y.from })
	var out []interval
	for _, r := range ranges {
		if n := len(out); n > 0 && r.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, r.to)
			continue
		}
		out = append(out, r)
	}
	return out
}

// window returns the blocks that can lie on a way from one use to another: those between them, and the loops they are in.
func (l *slotLiveness) window(touches []blockTouch) interval {
	w := interval{math.MaxInt, -1}
	for _, t := range touches {
		w.from, w.to = min(w.from, t.block), max(w.to, t.block)
	}
	if i := l.loop(w.from); i >= 0 {
		w.from = l.loops[i].from
	}
	if i := l.loop(w.to); i >= 0 {
		w.to = l.loops[i].to
	}
	return w
}

// loop returns which of the loops a block is in, or -1.
func (l *slotLiveness) loop(block int) int {
	i := sort.Search(len(l.loops), func(i int) bool { return l.loops[i].to >= block })
	if i < len(l.loops) && l.loops[i].from <= block {
		return i
	}
	return -1
}

// cycle is a set of blocks of which each can run after each: what one of them uses lives in all of them.
type cycle struct {
	blocks map[int]bool
	ranges []interval
}

// cycleOf returns the cycle that all uses of a slot are in, nil if they are not in one.
func (l *slotLiveness) cycleOf(touches []blockTouch) *cycle {
	i := l.loop(touches[0].block)
	if i < 0 {
		return nil
	}
	if l.cycles[i] == nil {
		l.cycles[i] = l.newCycle(l.loops[i])
	}
	c := l.cycles[i]
	for _, t := range touches {
		if !c.blocks[t.block] {
			return nil
		}
	}
	return c
}

// newCycle finds the cycle that the first block of a loop is in.
func (l *slotLiveness) newCycle(loop interval) *cycle {
	within := func(edges [][]int32) map[int]bool {
		found, work := map[int]bool{loop.from: true}, []int{loop.from}
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			for _, to := range edges[b] {
				if to := int(to); to >= loop.from && to <= loop.to && !found[to] {
					found[to] = true
					work = append(work, to)
				}
			}
		}
		return found
	}
	after, before := within(l.succs), within(l.preds)
	c := &cycle{blocks: map[int]bool{}}
	for b := loop.from; b <= loop.to; b++ {
		if after[b] && before[b] {
			c.blocks[b] = true
			c.ranges = append(c.ranges, interval{l.begins[b], l.begins[b+1]})
		}
	}
	c.ranges = adjoined(c.ranges)
	return c
}

// live returns the ranges of positions in which a slot lives.
func (l *slotLiveness) live(slot int32, touches []blockTouch) []interval {
	if c := l.cycleOf(touches); c != nil {
		return c.ranges
	}
	w, mark := l.window(touches), slot+1
	if w.to-w.from > wideWindow {
		return []interval{l.whole(w, touches)}
	}
	for _, t := range touches {
		l.touched[t.block] = mark
	}
	l.spread(touches, l.preds, l.needed, mark, w)
	l.spread(touches, l.succs, l.started, mark, w) // last, so that reached is what has started
	var ranges []interval
	for _, b := range l.reached {
		if l.needed[b] == mark && l.touched[b] != mark {
			ranges = append(ranges, interval{l.begins[b], l.begins[b+1]})
		}
	}
	for _, t := range touches {
		r := interval{l.begins[t.block] + t.first, l.begins[t.block] + t.last + 1}
		if l.started[t.block] == mark {
			r.from = l.begins[t.block]
		}
		if l.needed[t.block] == mark {
			r.to = l.begins[t.block+1]
		}
		ranges = append(ranges, r)
	}
	slices.SortFunc(ranges, func(x, y interval) int { return x.from - y.from })
	return adjoined(ranges)
}

// wideWindow is from how many blocks between its first and last use on a slot counts as living in all of them. To find those out in which it
// does takes the time to go over them, for each of maybe thousands of slots.
const wideWindow = 128

// whole returns the range from the first to the last use of a slot, or to the ends of the loops that those are in.
func (l *slotLiveness) whole(w interval, touches []blockTouch) interval {
	r := interval{l.begins[w.from], l.begins[w.to+1]}
	if first := touches[0]; l.loop(first.block) < 0 {
		r.from += first.first
	}
	if last := touches[len(touches)-1]; l.loop(last.block) < 0 {
		r.to = l.begins[last.block] + last.last + 1
	}
	return r
}

// adjoined makes one of sorted, disjoint ranges where one ends and the next begins.
func adjoined(ranges []interval) []interval {
	out := ranges[:1]
	for _, r := range ranges[1:] {
		if last := &out[len(out)-1]; last.to == r.from {
			last.to = r.to
		} else {
			out = append(out, r)
		}
	}
	return slices.Clone(out)
}

// spread marks the blocks of a window that the edges lead to from the uses of a slot.
func (l *slotLiveness) spread(touches []blockTouch, edges [][]int32, marked []int32, mark int32, w interval) {
	l.reached, l.work = l.reached[:0], l.work[:0]
	for _, t := range touches {
		l.work = append(l.work, int32(t.block))
	}
	for len(l.work) > 0 {
		b := l.work[len(l.work)-1]
		l.work = l.work[:len(l.work)-1]
		for _, to := range edges[b] {
			if int(to) < w.from || int(to) > w.to || marked[to] == mark {
				continue
			}
			marked[to] = mark
			l.reached = append(l.reached, to)
			l.work = append(l.work, to)
		}
	}
}
