package emit

import (
	"math"
	"slices"
	"sort"

	"github.com/gtrace/gtrace/codegen/ir"
)

// slotEntry says where in a block a slot lives: between two of its instructions, counted from 1; 0 is the begin of the block.
type slotEntry struct {
	slot     int32
	from, to int
	// started is set for a slot that lives when the block begins, full for one that lives at the end of all blocks before it.
	started, full bool
}

// slotLiveness finds the blocks that slots live in. Blocks are numbers in reverse postorder.
type slotLiveness struct {
	succs, preds [][]int32
	// loops are the disjoint ranges of blocks that backward jumps go over, sorted.
	loops   []interval
	entries [][]slotEntry // by block

	// For the slot at hand, plus 1: the blocks that use it, that may run after one, and that one may run after.
	touched, started, needed []int32
	reached, work            []int32
}

func newSlotLiveness(f *ir.Func, u *slotUses) *slotLiveness {
	n := len(u.order)
	l := &slotLiveness{
		succs: make([][]int32, n), preds: make([][]int32, n), entries: make([][]slotEntry, n),
		touched: make([]int32, n), started: make([]int32, n), needed: make([]int32, n),
	}
	number := make(map[*ir.Block]int32, n)
	for i, b := range u.order {
		number[b] = int32(i)
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
	if r, ok := l.loop(w.from); ok {
		w.from = r.from
	}
	if r, ok := l.loop(w.to); ok {
		w.to = r.to
	}
	return w
}

func (l *slotLiveness) loop(block int) (interval, bool) {
	i := sort.Search(len(l.loops), func(i int) bool { return l.loops[i].to >= block })
	if i < len(l.loops) && l.loops[i].from <= block {
		return l.loops[i], true
	}
	return interval{}, false
}

// live adds the entries of a slot.
func (l *slotLiveness) live(slot int32, touches []blockTouch) {
	w, mark := l.window(touches), slot+1
	for _, t := range touches {
		l.touched[t.block] = mark
	}
	l.spread(touches, l.preds, l.needed, mark, w)
	l.spread(touches, l.succs, l.started, mark, w) // last, so that reached is what has started
	for _, b := range l.reached {
		if l.needed[b] == mark && l.touched[b] != mark {
			l.add(int(b), slotEntry{slot: slot, to: math.MaxInt, started: true})
		}
	}
	for _, t := range touches {
		e := slotEntry{slot: slot, from: t.first, to: t.last, started: l.started[t.block] == mark}
		if e.started {
			e.from = 0
		}
		if l.needed[t.block] == mark {
			e.to = math.MaxInt
		}
		l.add(t.block, e)
	}
}

func (l *slotLiveness) add(block int, e slotEntry) {
	e.full = e.started
	for _, p := range l.preds[block] {
		e.full = e.full && (l.started[p] == e.slot+1 || l.touched[p] == e.slot+1)
	}
	l.entries[block] = append(l.entries[block], e)
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
