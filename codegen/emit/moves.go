package emit

import "slices"

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
	// held are the registers that the move at hand needs, borrowed what gives back those that hold something else.
	held     []reg
	borrowed []move
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
		return m.frame.spillPlace[o.imm]
	default:
		return o
	}
}

func variable(o operand) bool {
	return o.kind == operandReg || o.kind == operandSpill || o.kind == operandFar
}

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
		if !slices.Contains(m.held, r) && m.alloc.regs[r].free(here) {
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
		if m.unwritten[r] && !slices.Contains(m.held, r) && m.alloc.regs[r].free(before) {
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

// maxExtra is how many extra places there can be: for a cycle, and for two registers that are borrowed.
const maxExtra = 3

func (m *mover) extra(i int) operand {
	m.emergency = max(m.emergency, i+1)
	return spillOperand(m.first + i)
}

// put makes one move. Moves into memory go through a register unless the source is one, or a constant that can be stored.
func (m *mover) put(x move) {
	if x.dst.isReg() {
		m.load(x.dst.reg, x.src)
		delete(m.unwritten, x.dst.reg)
		return
	}
	m.held, m.borrowed = m.held[:0], m.borrowed[:0]
	src := x.src
	switch {
	case src.isReg():
		m.held = append(m.held, src.reg)
	case !src.immediate():
		src = regOperand(m.borrow())
		m.load(src.reg, x.src)
	}
	m.store(x.dst, src)
	for i := len(m.borrowed) - 1; i >= 0; i-- {
		m.out = append(m.out, m.borrowed[i])
	}
	m.held = m.held[:0]
}

// load moves anything into a register.
func (m *mover) load(r reg, src operand) {
	if src.kind != operandFar {
		m.out = append(m.out, move{regOperand(r), src})
		return
	}
	if base, ok := m.baseReg(); ok {
		src.reg = base
	} else {
		src.reg = r
		m.out = append(m.out, move{src: operand{kind: operandBase}, dst: regOperand(r)})
	}
	m.out = append(m.out, move{regOperand(r), src})
}

// store moves a register or a constant into memory.
func (m *mover) store(dst, src operand) {
	if dst.kind == operandFar {
		base, ok := m.baseReg()
		if !ok {
			base = m.borrow()
			m.out = append(m.out, move{src: operand{kind: operandBase}, dst: regOperand(base)})
		}
		dst.reg = base
	}
	m.out = append(m.out, move{dst, src})
}

// baseReg returns the register that holds the address of the scratch memory here, before and after the move.
func (m *mover) baseReg() (reg, bool) {
	s := m.code.scratch
	if s == noReg || m.alloc.assign[s] == noReg {
		return noReg, false
	}
	for _, r := range m.alloc.ranges[s] {
		if r.from <= m.pos && m.pos+2 <= r.to {
			return m.alloc.assign[s], true
		}
	}
	return noReg, false
}

// borrow returns a register for the move at hand. Where every register holds a value, it saves one, still if the move before did so.
func (m *mover) borrow() reg {
	r, ok := m.idleReg()
	if !ok {
		r = m.anyReg()
		saved := m.extra(1 + len(m.borrowed))
		if n := len(m.out); n > 0 && m.out[n-1] == (move{regOperand(r), saved}) {
			m.out = m.out[:n-1]
		} else {
			m.out = append(m.out, move{saved, regOperand(r)})
		}
		m.borrowed = append(m.borrowed, move{regOperand(r), saved})
	}
	m.held = append(m.held, r)
	return r
}

// anyReg returns a register that the move at hand does not need.
func (m *mover) anyReg() reg {
	base, _ := m.baseReg()
	for _, r := range order {
		if r != base && !slices.Contains(m.held, r) {
			return r
		}
	}
	panic("BUG: emit: a move needs all registers")
}
