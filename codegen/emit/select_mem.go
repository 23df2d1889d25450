package emit

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
)

// address returns base and offset of an access at v+off.
func (s *selector) address(v *ir.Value, off int64) (operand, int64) {
	base, n := peel(v)
	if total := n + off; total == int64(int16(total)) {
		if base.Op == ir.OpSlot && !s.frame.inScratch(base.Slot) {
			return operand{kind: operandSlot, slot: base.Slot}, total
		}
		if base.Op == ir.OpSlot {
			if at := total + int64(s.frame.place[base.Slot]); at == int64(int16(at)) {
				return regOperand(s.bankReg(base.Slot)), at
			}
		} else {
			return regOperand(s.use(base)), total
		}
	}
	if off == int64(int16(off)) {
		return regOperand(s.use(v)), off
	}
	t := s.code.newReg()
	s.move(t, s.operand(v)).tied = true
	s.emit(&inst{kind: instALU, alu: aluAdd, dst: t, src: constOperand(int64(int32(off)))})
	return regOperand(t), 0
}

func (s *selector) load(v *ir.Value, d reg) {
	base, off := s.address(v.Args[0], v.Imm)
	in := &inst{kind: instLoad, dst: d, base: base, off: off, width: v.Width}
	s.emit(in)
	if !v.Signed || v.Width == 8 {
		return
	}
	if s.has(target.CPUv4) && !isCtx(v.Args[0]) {
		in.signed = true
		return
	}
	in.tied = true
	s.shiftExtend(d, v.Width)
}

// isCtx reports whether an address may be in the program's context, from which the kernel may have to rewrite loads. A
// pointer that was loaded may be the context that a callback got from its caller.
func isCtx(v *ir.Value) bool {
	base, _ := peel(v)
	return base.Op == ir.OpCtx || base.Op == ir.OpLoad && base.Type == ir.Ptr
}

func (s *selector) store(v *ir.Value) {
	x := v.Args[1]
	var src operand
	switch {
	case x.Op == ir.OpConst && v.Width < 8:
		src = constOperand(int64(int32(x.Imm)))
	default:
		src = s.source(x)
	}
	base, off := s.address(v.Args[0], v.Imm)
	s.emit(&inst{kind: instStore, base: base, off: off, width: v.Width, src: src})
}

func (s *selector) atomicAdd(v *ir.Value) {
	src := regOperand(s.use(v.Args[1]))
	base, off := s.address(v.Args[0], v.Imm)
	s.emit(&inst{kind: instAtomic, base: base, off: off, width: v.Width, src: src})
}

// exchange makes an exchange, also where nobody wants the old value.
func (s *selector) exchange(v *ir.Value) {
	d, used := s.regs[v]
	if !used {
		d = s.code.newReg()
	}
	s.fetch(v, instXchg, d)
}

func (s *selector) fetchAdd(v *ir.Value) {
	d, used := s.regs[v]
	if !used {
		s.atomicAdd(v)
		return
	}
	s.fetch(v, instFetch, d)
}

// fetch makes an atomic instruction that leaves the old value in a register.
func (s *selector) fetch(v *ir.Value, kind instKind, d reg) {
	if !s.has(target.AtomicFetch) {
		panic("BUG: emit: atomic fetch on a kernel without it")
	}
	base, off := s.address(v.Args[0], v.Imm)
	s.move(d, s.operand(v.Args[1])).tied = true
	s.emit(&inst{kind: kind, base: base, off: off, width: v.Width, dst: d})
}
