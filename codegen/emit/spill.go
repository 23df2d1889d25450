package emit

import "slices"

// spill takes the registers out of the code. Each gets a spill slot, or can be made again. Within a block and between calls, a
// part of it stands for it: a register that is loaded at the first use and stored at every definition. A part that has to be
// spilled as well is replaced around each instruction by a register that lives no longer, which cannot be spilled. Parallel
// moves read and write slots directly.
func spill(c *code, spilled map[reg]bool) {
	s := &spiller{code: c, slots: map[reg]operand{}, carried: map[reg]reg{}, parts: map[reg]reg{}}
	for r := firstVirtual; r < c.next; r++ {
		if !spilled[r] {
			continue
		}
		if o, ok := c.home[r]; ok {
			s.slots[r] = o
		} else if o, ok := c.remat[r]; ok {
			s.slots[r] = o
		} else {
			s.slots[r] = spillOperand(c.spills)
			c.spills++
			c.looseSpills = append(c.looseSpills, c.loose[r])
		}
	}
	for _, b := range c.blocks {
		s.out = make([]*inst, 0, len(b.insts)+8)
		clear(s.parts)
		for _, in := range b.insts {
			s.rewrite(in)
		}
		b.insts = s.out
	}
}

type spiller struct {
	code  *code
	slots map[reg]operand // what a spilled register is replaced by
	// carried are the registers that stand for a spilled one until the next instruction.
	carried map[reg]reg
	// parts are the registers that stand for a spilled one here.
	parts map[reg]reg
	out   []*inst
}

func (s *spiller) rewrite(in *inst) {
	if in.kind == instMove {
		s.rewriteMove(in)
		return
	}
	var after *inst
	local := map[reg]reg{}
	in.visit(func(r *reg, how role) {
		slot, ok := s.slots[*r]
		if !ok {
			return
		}
		old := *r
		t, known := local[old]
		if !known {
			t, known = s.standIn(old)
		}
		if !known {
			t = s.newReg(old)
			if how&roleUse != 0 {
				s.out = append(s.out, moveInst(in, regOperand(t), slot))
			}
		}
		delete(s.carried, old)
		local[old], *r = t, t
		switch {
		case how&roleDef == 0:
		case in.tied:
			s.carried[old] = t
		default:
			after = moveInst(in, slot, regOperand(t))
		}
	})
	s.out = append(s.out, in)
	if after != nil {
		s.out = append(s.out, after)
	}
	if in.kind == instCall {
		clear(s.parts)
	}
}

// standIn returns the register that holds a spilled one's value here, if there is one.
func (s *spiller) standIn(old reg) (reg, bool) {
	if t, ok := s.carried[old]; ok {
		return t, true
	}
	t, ok := s.parts[old]
	return t, ok
}

// newReg returns a register to stand for a spilled one: a part of it, unless it is a part itself.
func (s *spiller) newReg(old reg) reg {
	t := s.code.newReg()
	if _, ok := s.code.home[old]; ok {
		s.code.atomic[t] = true
		return t
	}
	s.code.home[t] = s.slots[old]
	s.parts[old] = t
	return t
}

// rewriteMove puts stand-ins or slots in the place of registers.
func (s *spiller) rewriteMove(in *inst) {
	for i := range in.moves {
		m := &in.moves[i]
		slot, ok := s.slots[m.src.reg]
		if !ok || !m.src.isReg() {
			continue
		}
		if t, ok := s.standIn(m.src.reg); ok {
			m.src = regOperand(t)
		} else {
			m.src = slot
		}
	}
	var after *inst
	for i := range in.moves {
		m := &in.moves[i]
		if slot, ok := s.slots[m.dst.reg]; ok && m.dst.isReg() {
			after = s.defineByMove(in, m, slot)
		}
	}
	in.moves = slices.DeleteFunc(in.moves, func(m move) bool {
		// What can be made again is not stored; a slot is not copied to itself.
		return !variable(m.dst) || m.dst == m.src
	})
	s.out = append(s.out, in)
	if after != nil {
		s.out = append(s.out, after)
	}
}

// defineByMove replaces the destination of a move. The result of a move that the next instruction goes on with stays in a
// register; so does that of a single move, which it returns the store for.
func (s *spiller) defineByMove(in *inst, m *move, slot operand) *inst {
	old := m.dst.reg
	delete(s.parts, old)
	_, part := s.code.home[old]
	switch {
	case in.tied:
		m.dst.reg = s.newReg(old)
		s.carried[old] = m.dst.reg
	case len(in.moves) == 1 && !part && m.src.isReg():
		m.dst.reg = s.newReg(old)
		return moveInst(in, slot, m.dst)
	default:
		m.dst = slot
	}
	return nil
}

func moveInst(at *inst, dst, src operand) *inst {
	return &inst{kind: instMove, moves: []move{{dst, src}}, span: at.span}
}
