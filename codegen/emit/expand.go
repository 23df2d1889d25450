package emit

import (
	"fmt"

	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/target"
)

// expander turns instructions over virtual registers into BPF instructions.
type expander struct {
	code  *code
	alloc *allocation
	frame *frame
	moves map[*inst][]move
}

func (e *expander) reg(r reg) asm.Register { return asm.Register(e.alloc.assign[r]) }

// block returns the instructions of a block without its terminator.
func (e *expander) block(b *block, bigEndian bool) []asm.Instruction {
	var out []asm.Instruction
	lines := lineTagger{}
	for _, in := range b.insts {
		if in.terminator() {
			break
		}
		for _, x := range e.inst(in, bigEndian) {
			out = append(out, lines.tag(x, in.span))
		}
	}
	return out
}

func (e *expander) inst(in *inst, bigEndian bool) []asm.Instruction {
	switch in.kind {
	case instMove:
		var out []asm.Instruction
		for _, m := range e.moves[in] {
			out = append(out, e.move(m)...)
		}
		return out
	case instALU:
		if in.src.isReg() {
			return one(in.alu.Reg(e.reg(in.dst), e.reg(in.src.reg)))
		}
		return one(in.alu.Imm(e.reg(in.dst), int32(in.src.imm)))
	case instUnary:
		return one(e.unary(in, bigEndian))
	case instExtend:
		return one(e.extend(in))
	case instLoad, instStore, instAtomic, instFetch, instXchg:
		return one(e.memory(in))
	case instSet:
		return e.set(in)
	case instCall:
		return one(call(in))
	case instJump, instBranch, instExit:
		panic("BUG: emit: terminator inside a block")
	default:
		panic(fmt.Sprintf("BUG: emit: unexpected instruction %d", in.kind))
	}
}

func one(in asm.Instruction) []asm.Instruction { return []asm.Instruction{in} }

// move expands a move between real registers, places of spilled ones, and things that can be made.
func (e *expander) move(m move) []asm.Instruction {
	if m.dst.kind == operandSpill {
		off := int16(e.frame.spillOffset(int(m.dst.imm)))
		if m.src.isReg() {
			return one(asm.StoreMem(asm.R10, off, asm.Register(m.src.reg), asm.DWord))
		}
		return one(storeImm(asm.R10, off, m.src.imm, asm.DWord))
	}
	dst := asm.Register(m.dst.reg)
	if m.dst.kind == operandFar {
		if m.src.isReg() {
			return one(asm.StoreMem(dst, int16(m.dst.imm), asm.Register(m.src.reg), asm.DWord))
		}
		return one(storeImm(dst, int16(m.dst.imm), m.src.imm, asm.DWord))
	}
	switch m.src.kind {
	case operandFar:
		return one(asm.LoadMem(dst, asm.Register(m.src.reg), int16(m.src.imm), asm.DWord))
	case operandBase:
		return one(asm.LoadMem(dst, asm.R10, -int16(e.frame.place[e.frame.scratchBase]), asm.DWord))
	case operandReg:
		return one(asm.Mov.Reg(dst, asm.Register(m.src.reg)))
	case operandSpill:
		return one(asm.LoadMem(dst, asm.R10, int16(e.frame.spillOffset(int(m.src.imm))), asm.DWord))
	case operandConst:
		return one(constant(dst, m.src.imm))
	case operandSlot:
		off := m.src.imm - int64(e.frame.place[m.src.slot])
		if off == 0 {
			return one(asm.Mov.Reg(dst, asm.R10))
		}
		return []asm.Instruction{asm.Mov.Reg(dst, asm.R10), asm.Add.Imm(dst, int32(off))}
	case operandMap:
		return one(asm.LoadMapPtr(dst, 0).WithReference(m.src.sym))
	case operandMapValue:
		return one(asm.LoadMapValue(dst, 0, uint32(m.src.imm)).WithReference(m.src.sym))
	case operandFunc:
		return one(asm.Instruction{
			OpCode: asm.LoadImmOp(asm.DWord), Dst: dst, Src: asm.PseudoFunc, Constant: -1,
		}.WithReference(m.src.sym))
	default:
		panic("BUG: emit: move of nothing")
	}
}

// constant sets a register in the shortest way.
func constant(dst asm.Register, n int64) asm.Instruction {
	switch {
	case n == int64(int32(n)):
		return asm.Mov.Imm(dst, int32(n))
	case n == int64(uint32(n)):
		return asm.Mov.Imm32(dst, int32(uint32(n)))
	default:
		return asm.LoadImm(dst, n, asm.DWord)
	}
}

func storeImm(dst asm.Register, off int16, n int64, size asm.Size) asm.Instruction {
	return asm.Instruction{OpCode: asm.StoreImmOp(size), Dst: dst, Offset: off, Constant: n}
}

func (e *expander) unary(in *inst, bigEndian bool) asm.Instruction {
	dst := e.reg(in.dst)
	if in.alu == asm.Neg {
		return asm.Instruction{OpCode: asm.Neg.Op(asm.ImmSource), Dst: dst}
	}
	to := asm.BE
	if bigEndian {
		to = asm.LE
	}
	return asm.HostTo(to, dst, sizeOf(in.width))
}

func (e *expander) extend(in *inst) asm.Instruction {
	dst, src := e.reg(in.dst), e.reg(in.src.reg)
	switch {
	case !in.signed:
		return asm.Mov.Reg32(dst, src)
	case in.width == 1:
		return asm.MovSX8.Reg(dst, src)
	case in.width == 2:
		return asm.MovSX16.Reg(dst, src)
	default:
		return asm.MovSX32.Reg(dst, src)
	}
}

func (e *expander) memory(in *inst) asm.Instruction {
	base, off := asm.R10, in.off
	if in.base.isReg() {
		base = e.reg(in.base.reg)
	} else {
		off -= int64(e.frame.place[in.base.slot])
	}
	at, size := int16(off), sizeOf(in.width)
	switch in.kind {
	case instLoad:
		if in.signed {
			return asm.LoadMemSX(e.reg(in.dst), base, at, size)
		}
		return asm.LoadMem(e.reg(in.dst), base, at, size)
	case instStore:
		if in.src.isReg() {
			return asm.StoreMem(base, at, e.reg(in.src.reg), size)
		}
		return storeImm(base, at, in.src.imm, size)
	case instAtomic:
		return asm.AddAtomic.Mem(base, e.reg(in.src.reg), size, at)
	case instFetch:
		x := asm.FetchAdd.Mem(base, e.reg(in.dst), size, at)
		// cilium/ebpf 0.22 writes the constant as it is here, and not the one that belongs to the operation.
		x.Constant = atomicFetch
		return x
	case instXchg:
		x := asm.Xchg.Mem(base, e.reg(in.dst), size, at)
		x.Constant = atomicXchg
		return x
	default:
		panic("BUG: emit: not a memory access")
	}
}

func sizeOf(width uint8) asm.Size {
	switch width {
	case 1:
		return asm.Byte
	case 2:
		return asm.Half
	case 4:
		return asm.Word
	case 8:
		return asm.DWord
	default:
		panic(fmt.Sprintf("BUG: emit: access of %d bytes", width))
	}
}

// atomicFetch is BPF_FETCH: an atomic operation yields the old value. atomicXchg is BPF_XCHG, which always does.
const (
	atomicFetch = 0x01
	atomicXchg  = 0xe0 | atomicFetch
)

// set expands a comparison to 0 or 1.
func (e *expander) set(in *inst) []asm.Instruction {
	dst := e.reg(in.dst)
	return []asm.Instruction{asm.Mov.Imm(dst, 1), e.compare(in, in.jump, 1), asm.Mov.Imm(dst, 0)}
}

// compare returns the conditional jump of an instruction over skip instructions.
func (e *expander) compare(in *inst, cc asm.JumpOp, skip int16) asm.Instruction {
	left := e.reg(in.left)
	if in.src.isReg() {
		return asm.Instruction{OpCode: cc.Op(asm.RegSource), Dst: left, Src: e.reg(in.src.reg), Offset: skip}
	}
	return asm.Instruction{OpCode: cc.Op(asm.ImmSource), Dst: left, Offset: skip, Constant: in.src.imm}
}

// unlinked stands for the kernel's number of a function until a program is about to be loaded.
const unlinked = -1

func call(in *inst) asm.Instruction {
	switch {
	case in.kfunc:
		return asm.Instruction{OpCode: asm.Call.Op(asm.ImmSource), Src: asm.PseudoKfuncCall, Constant: unlinked}.WithReference(in.sym)
	case in.sym != "":
		return asm.Call.Label(in.sym)
	}
	return helperNumber(in.helper).Call()
}

func bigEndian(t target.Target) bool { return t.Arch() == "s390x" }
