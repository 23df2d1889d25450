package emit

import (
	"fmt"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/diag"
)

// selector chooses instructions. It goes through the blocks from the last to the first (in reverse postorder) and through
// each block from its end, so that every use of a value is seen before the value itself. A value that no instruction asked
// for in a register is not computed: constants and addresses folded into their users, comparisons that became branches,
// dead code.
type selector struct {
	fn     *ir.Func
	opts   Options
	frame  *frame
	code   *code
	regs   map[*ir.Value]reg // registers that were asked for
	uses   map[*ir.Value]int // all uses
	others map[*ir.Value]int // uses by something else than a branch
	blocks map[*ir.Block]*block

	group   []*inst // of the value at hand, in order
	span    diag.Span
	ctx     reg // register of the program's context, noReg if unused
	scratch reg // register of the scratch memory's address, noReg if unused
	// banks are the registers of the addresses of more scratch memory, by number; index has the number of the piece that was claimed.
	banks   map[int]reg
	index   reg
	returns map[int64]*block
	// forget is set where tests should tell the verifier nothing of numbers, but for those in strict.
	forget bool
	strict map[*ir.Value]strictness
}

// selectFunc returns f over virtual registers, laid out.
func selectFunc(f *ir.Func, fr *frame, opts Options) *code {
	s := &selector{
		fn: f, opts: opts, frame: fr,
		code: &code{
			name: f.Name, next: firstVirtual, remat: map[reg]operand{}, home: map[reg]operand{}, atomic: map[reg]bool{},
			calls: callees(f), sub: f.Sub, global: f.Global, reentrant: f.Reentrant, params: len(f.Blocks[0].Params),
		},
		regs: map[*ir.Value]reg{}, uses: map[*ir.Value]int{}, others: map[*ir.Value]int{},
		blocks: map[*ir.Block]*block{}, returns: map[int64]*block{},
		ctx: noReg, scratch: noReg, index: noReg, banks: map[int]reg{},
	}
	order := postorder(f)
	s.count(order)
	s.strict, s.forget = manyTests(f, opts.global)
	if fr.far {
		s.scratchReg()
	}
	for _, b := range order {
		s.blocks[b] = s.newBlock()
	}
	for _, b := range order {
		s.selectBlock(b)
	}
	entry := s.prologue(s.blocks[f.Blocks[0]])
	s.code.blocks = layout(entry)
	s.code.dropDeadMoves()
	s.code.scratch = s.scratch
	if fr.far {
		s.code.remat[s.scratch] = operand{kind: operandBase}
		s.code.loose = s.looseRegs()
	}
	return s.code
}

func (s *selector) newBlock() *block { return &block{} }

// count fills uses and others.
func (s *selector) count(order []*ir.Block) {
	for _, b := range order {
		for _, v := range b.Instrs {
			for _, a := range v.Args {
				s.uses[a]++
				if v.Op != ir.OpBranch {
					s.others[a]++
				}
			}
			for _, t := range v.Targets {
				for _, a := range t.Args {
					s.uses[a]++
					s.others[a]++
				}
			}
		}
	}
}

// postorder returns the reachable blocks, every one after its successors except along back edges.
func postorder(f *ir.Func) []*ir.Block {
	seen := map[*ir.Block]bool{}
	var out []*ir.Block
	var walk func(b *ir.Block)
	walk = func(b *ir.Block) {
		seen[b] = true
		targets := b.Instrs[len(b.Instrs)-1].Targets
		for i := len(targets) - 1; i >= 0; i-- {
			if t := targets[i].Block; !seen[t] {
				walk(t)
			}
		}
		out = append(out, b)
	}
	walk(f.Blocks[0])
	return out
}

func (s *selector) selectBlock(b *ir.Block) {
	var groups [][]*inst
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		v := b.Instrs[i]
		s.group, s.span = nil, v.Span
		s.value(v)
		if len(s.group) > 0 {
			groups = append(groups, s.group)
		}
	}
	slices.Reverse(groups)
	s.blocks[b].insts = slices.Concat(groups...)
}

func (s *selector) emit(in *inst) *inst {
	in.span = s.span
	s.group = append(s.group, in)
	return in
}

func (s *selector) move(dst reg, src operand) *inst {
	return s.emit(&inst{kind: instMove, moves: []move{{regOperand(dst), src}}})
}

// value selects the instructions of one value.
func (s *selector) value(v *ir.Value) {
	switch v.Op {
	case ir.OpStore:
		s.store(v)
	case ir.OpAtomicAdd:
		s.atomicAdd(v)
	case ir.OpXchgAdd:
		s.fetchAdd(v)
	case ir.OpXchg:
		s.exchange(v)
	case ir.OpCall:
		if _, used := s.regs[v]; used || v.Helper.Info().Effect == ir.EffectWrite {
			s.call(v)
		}
	case ir.OpCallFunc, ir.OpKfunc:
		s.call(v)
	case ir.OpJump:
		s.emit(&inst{kind: instJump, targets: [2]*block{s.edge(v.Targets[0])}})
	case ir.OpBranch:
		s.branch(v)
	case ir.OpReturn:
		s.ret(v)
	case ir.OpParam, ir.OpConst, ir.OpCtx, ir.OpSlot, ir.OpMapPtr, ir.OpMapValue, ir.OpFuncPtr,
		ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpUDiv, ir.OpSDiv, ir.OpUMod, ir.OpSMod, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpShl,
		ir.OpLShr, ir.OpAShr, ir.OpNeg, ir.OpSExt, ir.OpZExt, ir.OpBswap, ir.OpNumber,
		ir.OpEq, ir.OpNe, ir.OpULt, ir.OpULe, ir.OpSLt, ir.OpSLe, ir.OpLoad:
		if d, used := s.regs[v]; used {
			s.pure(v, d)
		}
	default:
		panic(fmt.Sprintf("BUG: emit: unexpected operation %d", v.Op))
	}
}

// pure selects a value without effects into d.
func (s *selector) pure(v *ir.Value, d reg) {
	switch v.Op {
	case ir.OpParam, ir.OpCtx:
	case ir.OpConst, ir.OpMapPtr, ir.OpMapValue, ir.OpFuncPtr:
		s.move(d, s.operand(v))
	case ir.OpSlot:
		panic("BUG: emit: address of a slot in a shared register")
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpUDiv, ir.OpSDiv, ir.OpUMod, ir.OpSMod, ir.OpAnd, ir.OpOr, ir.OpXor,
		ir.OpShl, ir.OpLShr, ir.OpAShr:
		s.binary(v, d)
	case ir.OpNeg, ir.OpBswap, ir.OpNumber:
		s.unary(v, d)
	case ir.OpSExt:
		s.signExtend(d, s.operand(v.Args[0]), v.Width)
	case ir.OpZExt:
		s.zeroExtend(d, s.operand(v.Args[0]), v.Width)
	case ir.OpEq, ir.OpNe, ir.OpULt, ir.OpULe, ir.OpSLt, ir.OpSLe:
		in := s.compare(v)
		in.kind, in.dst = instSet, d
		s.emit(in)
	case ir.OpLoad:
		s.load(v, d)
	default:
		panic(fmt.Sprintf("BUG: emit: %v has an effect", v.Op))
	}
}

// reg asks for v in a register that all its users share.
func (s *selector) reg(v *ir.Value) reg {
	if v.Op == ir.OpCtx {
		return s.ctxReg()
	}
	r, ok := s.regs[v]
	if !ok {
		r = s.code.newReg()
		s.regs[v] = r
		switch v.Op {
		case ir.OpConst, ir.OpMapPtr, ir.OpMapValue, ir.OpFuncPtr:
			s.code.remat[r] = s.operand(v)
		}
	}
	return r
}

func (s *selector) ctxReg() reg {
	if s.ctx == noReg {
		s.ctx = s.code.newReg()
	}
	return s.ctx
}

// operand returns v for a move: as it is if it can be made on the spot, else its register.
func (s *selector) operand(v *ir.Value) operand {
	switch v.Op {
	case ir.OpConst:
		return constOperand(v.Imm)
	case ir.OpSlot:
		return s.slotOperand(v.Slot, 0)
	case ir.OpMapPtr:
		return operand{kind: operandMap, sym: v.Sym}
	case ir.OpMapValue:
		return operand{kind: operandMapValue, sym: v.Sym, imm: v.Imm}
	case ir.OpFuncPtr:
		return operand{kind: operandFunc, sym: v.Sym}
	case ir.OpAdd:
		if slot, off, ok := slotOffset(v); ok {
			return s.slotOperand(slot, off)
		}
	}
	return regOperand(s.reg(v))
}

// slotOperand returns the address of a slot, plus off.
func (s *selector) slotOperand(slot *ir.Slot, off int64) operand {
	if !s.frame.inScratch(slot) {
		return operand{kind: operandSlot, slot: slot, imm: off}
	}
	base, off := s.bankReg(slot), off+int64(s.frame.place[slot])
	if off == 0 {
		return regOperand(base)
	}
	t := s.code.newReg()
	s.move(t, regOperand(base)).tied = true
	s.emit(&inst{kind: instALU, alu: aluAdd, dst: t, src: constOperand(off)})
	return regOperand(t)
}

// bankReg returns the register with the address of the scratch memory that a slot is in.
func (s *selector) bankReg(slot *ir.Slot) reg {
	n := s.frame.bank[slot]
	base := s.scratchReg()
	if n == 0 {
		return base
	}
	r, ok := s.banks[n]
	if !ok {
		r = s.code.newReg()
		s.banks[n] = r
	}
	return r
}

func (s *selector) scratchReg() reg {
	if s.scratch == noReg {
		s.scratch = s.code.newReg()
	}
	return s.scratch
}

// source returns v as the right operand of an instruction: an immediate if it fits, else a register.
func (s *selector) source(v *ir.Value) operand {
	if v.Op == ir.OpConst && int64(int32(v.Imm)) == v.Imm {
		return constOperand(v.Imm)
	}
	return regOperand(s.use(v))
}

// use returns a register with v for the instruction at hand. Values that take one instruction are made anew each time.
func (s *selector) use(v *ir.Value) reg {
	cheap := v.Op == ir.OpConst && (int64(int32(v.Imm)) == v.Imm || int64(uint32(v.Imm)) == v.Imm)
	if v.Op == ir.OpAdd {
		_, _, cheap = slotOffset(v)
	}
	if !cheap && v.Op != ir.OpSlot {
		return s.reg(v)
	}
	o := s.operand(v)
	if o.isReg() {
		return o.reg
	}
	r := s.code.newReg()
	s.code.remat[r] = o
	s.move(r, o)
	return r
}

// slotOffset reports whether v is a slot's address plus a constant.
func slotOffset(v *ir.Value) (*ir.Slot, int64, bool) {
	base, off := peel(v)
	if base.Op != ir.OpSlot || off < 0 || off > int64(base.Slot.Size) {
		return nil, 0, false
	}
	return base.Slot, off, true
}

// peel takes constants off an address.
func peel(v *ir.Value) (*ir.Value, int64) {
	off := int64(0)
	for v.Op == ir.OpAdd {
		switch {
		case v.Args[1].Op == ir.OpConst:
			off, v = off+v.Args[1].Imm, v.Args[0]
		case v.Args[0].Op == ir.OpConst:
			off, v = off+v.Args[0].Imm, v.Args[1]
		default:
			return v, off
		}
	}
	return v, off
}

func (s *selector) has(f target.Feature) bool { return s.opts.Target.Has(f) }
