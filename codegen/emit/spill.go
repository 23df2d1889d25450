package emit

import "slices"

// spill takes the registers out of the code. Moves read and write their spill slots directly; around other instructions a
// short-lived register is loaded before and stored after. What can be made again is made again instead of loaded.
func spill(c *code, spilled map[reg]bool) {
	s := &spiller{code: c, slots: map[reg]operand{}, carried: map[reg]reg{}}
	for r := firstVirtual; r < c.next; r++ {
		if !spilled[r] {
			continue
		}
		if o, ok := c.remat[r]; ok {
			s.slots[r] = o
			continue
		}
		s.slots[r] = spillOperand(c.spills)
		c.spills++
	}
	for _, b := range c.blocks {
		s.out = make([]*inst, 0, len(b.insts)+8)
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
	out     []*inst
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
			t, known = s.carried[old]
		}
		if !known {
			t = s.newReg()
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
}

func (s *spiller) newReg() reg {
	t := s.code.newReg()
	s.code.atomic[t] = true
	return t
}

// rewriteMove puts slots in the place of registers. The result of a move that the next instruction goes on with stays in a
// register.
func (s *spiller) rewriteMove(in *inst) {
	for i := range in.moves {
		m := &in.moves[i]
		if slot, ok := s.slots[m.src.reg]; ok && m.src.isReg() {
			m.src = slot
		}
		slot, ok := s.slots[m.dst.reg]
		if !ok || !m.dst.isReg() {
			continue
		}
		if in.tied {
			t := s.newReg()
			s.carried[m.dst.reg] = t
			m.dst.reg = t
			continue
		}
		m.dst = slot
	}
	// What can be made again is not stored.
	in.moves = slices.DeleteFunc(in.moves, func(m move) bool { return !m.dst.isReg() && m.dst.kind != operandSpill })
	s.out = append(s.out, in)
}

func moveInst(at *inst, dst, src operand) *inst {
	return &inst{kind: instMove, moves: []move{{dst, src}}, span: at.span}
}
