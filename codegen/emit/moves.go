package emit

import (
	"cmp"
	"math"
	"slices"
)

// Parallel moves become sequences: first every move whose destination nobody still has to read; when only cycles are left,
// one value goes to a free register to break its cycle; last the values that read nothing. When there is no free register,
// memory at the end of the frame stands in.

// mover turns the parallel moves of a function into sequences of moves with real registers and spill places.
type mover struct {
	code  *code
	alloc *allocation
	frame *frame
	// emergency is the number of extra places that are needed.
	emergency int
	first     int // number of the first extra place
	pos       int // of the instruction at hand
	out       []move
	// unwritten are the destinations of the parallel move at hand that did not get their value yet.
	unwritten map[reg]bool
}

// resolveMoves returns the sequence for every move instruction and grows the frame if needed.
func resolveMoves(c *code, a *allocation, fr *frame) map[*inst][]move {
	m := &mover{code: c, alloc: a, frame: fr, first: fr.spillBytes / 8}
	sequences := map[*inst][]move{}
	n := 0
	for _, b := range c.blocks {
		for _, in := range b.insts {
			if in.kind == instMove {
				m.pos, m.out = 2*n, nil
				m.sequence(in)
				sequences[in] = m.out
			}
			n++
		}
	}
	fr.spillBytes += 8 * m.emergency
	return sequences
}

// locate replaces virtual registers by real ones and spill slots by their places.
func (m *mover) locate(o operand) operand {
	switch o.kind {
	case operandReg:
		return regOperand(m.alloc.assign[o.reg])
	case operandSpill:
		return spillOperand(m.frame.spillPlace[o.imm])
	default:
		return o
	}
}

func variable(o operand) bool { return o.kind == operandReg || o.kind == operandSpill }

func (m *mover) sequence(in *inst) {
	var pending, constants []move
	m.unwritten = map[reg]bool{}
	for _, x := range in.moves {
		x = move{m.locate(x.dst), m.locate(x.src)}
		if x.dst.isReg() {
			m.unwritten[x.dst.reg] = true
		}
		switch {
		case x.dst == x.src:
		case variable(x.src):
			pending = append(pending, x)
		default:
			constants = append(constants, x)
		}
	}
	for len(pending) > 0 {
		i := slices.IndexFunc(pending, func(x move) bool {
			return !slices.ContainsFunc(pending, func(y move) bool { return y.src == x.dst })
		})
		if i >= 0 {
			m.put(pending[i])
			pending = slices.Delete(pending, i, i+1)
			continue
		}
		// Only cycles are left. Save the value that the first move would overwrite.
		saved, temp := pending[0].dst, m.temporary()
		m.put(move{temp, saved})
		for i := range pending {
			if pending[i].src == saved {
				pending[i].src = temp
			}
		}
	}
	for _, x := range constants {
		m.put(x)
	}
}

// freeReg returns a register that holds nothing here.
func (m *mover) freeReg() (reg, bool) {
	here := []interval{{m.pos, m.pos + 2}}
	for _, r := range order {
		if m.alloc.regs[r].free(here) {
			return r, true
		}
	}
	return noReg, false
}

// idleReg returns a register for one moment: one that holds nothing here, or one that gets its value later in this parallel
// move and held nothing before. If there is none, every register holds a value.
func (m *mover) idleReg() (reg, bool) {
	if r, ok := m.freeReg(); ok {
		return r, true
	}
	before := []interval{{m.pos, m.pos + 1}}
	for _, r := range order {
		if m.unwritten[r] && m.alloc.regs[r].free(before) {
			return r, true
		}
	}
	return noReg, false
}

// temporary returns a place that holds nothing here, for the one value that breaks a cycle. Cycles are broken one after the
// other, so one is enough.
func (m *mover) temporary() operand {
	if r, ok := m.freeReg(); ok && !m.spillsAround() {
		return regOperand(r)
	}
	return m.extra(0)
}

// spillsAround reports whether the free register has to be kept for moves between places in memory.
func (m *mover) spillsAround() bool { return m.code.spills > 0 }

func (m *mover) extra(i int) operand {
	m.emergency = max(m.emergency, i+1)
	return spillOperand(m.first + i)
}

// put makes one move. Moves into memory go through a register unless the source is one, or a constant that can be stored.
func (m *mover) put(x move) {
	if x.dst.isReg() || x.src.isReg() || x.src.immediate() {
		m.out = append(m.out, x)
		if x.dst.isReg() {
			delete(m.unwritten, x.dst.reg)
		}
		return
	}
	if r, ok := m.idleReg(); ok {
		m.out = append(m.out, move{regOperand(r), x.src}, move{x.dst, regOperand(r)})
		return
	}
	// Every register holds a value: borrow one, still if the move before did so.
	r, saved := regOperand(r0), m.extra(1)
	if n := len(m.out); n > 0 && m.out[n-1] == (move{r, saved}) {
		m.out = m.out[:n-1]
	} else {
		m.out = append(m.out, move{saved, r})
	}
	m.out = append(m.out, move{r, x.src}, move{x.dst, r}, move{r, saved})
}

// placeSpills shares places between the spill slots that never hold a value at the same time, those first between which values
// move.
func (fr *frame) placeSpills(c *code) {
	fr.spillPlace = make([]int, c.spills)
	for s := range fr.spillPlace {
		fr.spillPlace[s] = -1
	}
	related := c.relatedSpills()
	var places []occupancy
	live := liveRanges(c, spillSlots(c))
	for _, s := range byStart(live) {
		ranges, i := live[s], -1
		for _, o := range related[s] {
			if fr.spillPlace[o] >= 0 && places[fr.spillPlace[o]].free(ranges) {
				i = fr.spillPlace[o]
				break
			}
		}
		if i < 0 {
			i = slices.IndexFunc(places, func(o occupancy) bool { return o.free(ranges) })
		}
		if i < 0 {
			i = len(places)
			places = append(places, occupancy{})
		}
		places[i].add(reg(s), ranges)
		fr.spillPlace[s] = i
	}
	fr.spillBytes = 8 * len(places)
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
