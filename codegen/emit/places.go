package emit

import (
	"cmp"
	"math"
	"slices"
)

// spillPool is memory for spilled registers: places of 8 bytes, shared between spill slots that never hold a value at the same time.
type spillPool struct {
	kind   operandKind
	places []occupancy
	limit  int
}

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
	near := &spillPool{kind: operandSpill, limit: math.MaxInt}
	far := &spillPool{kind: operandFar, limit: math.MaxInt}
	slots := byStart(p.live)
	if room != math.MaxInt {
		slots = c.byWeight(slots)
	}
	for _, s := range slots {
		if near.limit = math.MaxInt; c.looseSpills[s] && fr.far {
			near.limit = room / 8
		}
		if !p.put(s, near) {
			p.put(s, far)
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

// put gives a slot a place in a pool, first one between which and it values move, and reports whether there was any.
func (p *spillPlacer) put(s int, pool *spillPool) bool {
	i := -1
	for _, o := range p.related[s] {
		if at := p.place[o]; at.kind == pool.kind && pool.places[at.imm].free(p.live[s]) {
			i = int(at.imm)
			break
		}
	}
	if i < 0 {
		i = slices.IndexFunc(pool.places, func(o occupancy) bool { return o.free(p.live[s]) })
	}
	if i < 0 && len(pool.places) >= pool.limit {
		return false
	}
	if i < 0 {
		i = len(pool.places)
		pool.places = append(pool.places, occupancy{})
	}
	pool.places[i].add(reg(s), p.live[s])
	p.place[s] = operand{kind: pool.kind, reg: noReg, imm: int64(i)}
	if pool.kind == operandSpill {
		p.place[s] = spillOperand(i)
	}
	return true
}

// byWeight puts the slots that have to be on the stack first, then those that are used more than others.
func (c *code) byWeight(slots []int) []int {
	weights := make([]float64, c.spills)
	for _, b := range c.blocks {
		per := math.Pow(10, float64(b.depth))
		for _, in := range b.insts {
			spillSlots(c).visit(in, func(s int, _ role) { weights[s] += per })
		}
	}
	for s := range weights {
		if !c.looseSpills[s] {
			weights[s] = math.Inf(1)
		}
	}
	slices.SortStableFunc(slots, func(x, y int) int { return cmp.Compare(weights[y], weights[x]) })
	return slots
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
