package emit

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// spillPlacer gives the spill slots of a function their places.
type spillPlacer struct {
	live    [][]interval
	related [][]int // by slot, those between which and it values move
	place   []operand
}

// placeSpills gives every spill slot a place: on the stack as long as those take no more than room bytes, else in the scratch memory if
// they may be there, those that are used most on the stack.
func (fr *frame) placeSpills(c *code, room int) {
	p := &spillPlacer{live: liveRanges(c, spillSlots(c)), related: c.relatedSpills(), place: make([]operand, c.spills)}
	near, far := &spillPool{kind: operandSpill}, &spillPool{kind: operandFar}
	var movable []int
	for _, s := range byStart(p.live) {
		if fr.far && c.looseSpills[s] {
			movable = append(movable, s)
			continue
		}
		p.put(s, near, near.next(p.live[s]))
	}
	left := map[int]bool{}
	for _, s := range c.byWeight(movable) {
		i := near.first(p.live[s])
		if i == len(near.places) && i >= room/8 {
			left[s] = true
			continue
		}
		p.put(s, near, i)
	}
	for _, s := range movable {
		if left[s] {
			p.put(s, far, far.next(p.live[s]))
		}
	}
	fr.spillPlace, fr.spillBytes = p.place, 8*len(near.places)
	for i, o := range p.place {
		if o.kind == operandFar {
			p.place[i].imm = int64(fr.scratchSize) + 8*o.imm
		}
	}
	fr.scratchSize += 8 * len(far.places)
}

// put gives a slot a place in a pool: one between which and it values move, if it is free, else the one given.
func (p *spillPlacer) put(s int, pool *spillPool, place int) {
	for _, o := range p.related[s] {
		if at := p.place[o]; at.kind == pool.kind && pool.places[at.imm].free(p.live[s]) {
			place = int(at.imm)
			break
		}
	}
	pool.take(place, reg(s), p.live[s])
	p.place[s] = operand{kind: pool.kind, reg: noReg, imm: int64(place)}
	if pool.kind == operandSpill {
		p.place[s] = spillOperand(place)
	}
}

// spillPool is memory for spilled registers: places of 8 bytes, shared between spill slots that never hold a value at the same time.
type spillPool struct {
	kind   operandKind
	places []occupancy
	// As long as slots come in the order of their start, those places are busy that hold a value there, the others ready, sorted.
	ready []int
	busy  busyPlaces
}

// first returns the first place that is free over some ranges, the number of places if none is.
func (q *spillPool) first(ranges []interval) int {
	for i := range q.places {
		if q.places[i].free(ranges) {
			return i
		}
	}
	return len(q.places)
}

// next is first for a slot that starts no earlier than those before it: it does not look at the places that are busy.
func (q *spillPool) next(ranges []interval) int {
	if len(ranges) == 0 {
		return 0
	}
	start := ranges[0].from
	for len(q.busy) > 0 && q.busy[0].to <= start {
		q.setReady(heap.Pop(&q.busy).(busyPlace).place)
	}
	for k := 0; k < len(q.ready); {
		i := q.ready[k]
		if to := q.places[i].heldAt(start); to > start {
			q.ready = slices.Delete(q.ready, k, k+1)
			heap.Push(&q.busy, busyPlace{to, i})
			continue
		}
		if q.places[i].free(ranges) {
			return i
		}
		k++
	}
	return len(q.places)
}

func (q *spillPool) setReady(place int) {
	k, _ := slices.BinarySearch(q.ready, place)
	q.ready = slices.Insert(q.ready, k, place)
}

// take gives a place to a slot. It stays among the ready ones until somebody finds it busy.
func (q *spillPool) take(place int, owner reg, ranges []interval) {
	if place == len(q.places) {
		q.places = append(q.places, occupancy{})
		q.ready = append(q.ready, place)
	}
	q.places[place].add(owner, ranges)
}

// heldAt returns how long from pos on the register is taken, or pos if it is not.
func (o *occupancy) heldAt(pos int) int {
	if i := firstSegment(o.segments, pos); i < len(o.segments) && o.segments[i].from <= pos {
		return o.segments[i].to
	}
	return pos
}

// busyPlace is a place that holds a value up to a position.
type busyPlace struct{ to, place int }

// busyPlaces is a heap of places, that one first that is ready first.
type busyPlaces []busyPlace

func (h busyPlaces) Len() int           { return len(h) }
func (h busyPlaces) Less(i, j int) bool { return h[i].to < h[j].to }
func (h busyPlaces) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *busyPlaces) Push(x any) { *h = append(*h, x.(busyPlace)) }

// Pop implements heap.Interface.
func (h *busyPlaces) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// byWeight puts the slots first that are used more than others.
func (c *code) byWeight(slots []int) []int {
	weights := make([]float64, c.spills)
	for _, b := range c.blocks {
		per := math.Pow(10, float64(b.depth))
		for _, in := range b.insts {
			spillSlots(c).visit(in, func(s int, _ role) { weights[s] += per })
		}
	}
	return slices.SortedStableFunc(slices.Values(slots), func(x, y int) int { return cmp.Compare(weights[y], weights[x]) })
}

// byStart returns the indices of ranges in the order of their start, those without any last.
func byStart(ranges [][]interval) []int {
	start := func(i int) int {
		if len(ranges[i]) == 0 {
			return math.MaxInt
		}
		return ranges[i][0].from
	}
	indices := make([]int, len(ranges))
	for i := range indices {
		indices[i] = i
	}
	slices.SortStableFunc(indices, func(x, y int) int { return cmp.Compare(start(x), start(y)) })
	return indices
}

// relatedSpills returns, for each spill slot, those that it is copied from or to.
func (c *code) relatedSpills() [][]int {
	related := make([][]int, c.spills)
	for _, b := range c.blocks {
		for _, in := range b.insts {
			for _, m := range in.moves {
				if m.dst.kind == operandSpill && m.src.kind == operandSpill {
					x, y := int(m.dst.imm), int(m.src.imm)
					related[x] = append(related[x], y)
					related[y] = append(related[y], x)
				}
			}
		}
	}
	return related
}
