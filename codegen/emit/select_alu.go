package emit

import (
	"fmt"

	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
)

const aluAdd = asm.Add

// aluOp returns the instruction of a two-operand operation.
func aluOp(op ir.Op) asm.ALUOp {
	switch op {
	case ir.OpAdd:
		return asm.Add
	case ir.OpSub:
		return asm.Sub
	case ir.OpMul:
		return asm.Mul
	case ir.OpUDiv:
		return asm.Div
	case ir.OpSDiv:
		return asm.SDiv
	case ir.OpUMod:
		return asm.Mod
	case ir.OpSMod:
		return asm.SMod
	case ir.OpAnd:
		return asm.And
	case ir.OpOr:
		return asm.Or
	case ir.OpXor:
		return asm.Xor
	case ir.OpShl:
		return asm.LSh
	case ir.OpLShr:
		return asm.RSh
	case ir.OpAShr:
		return asm.ArSh
	default:
		panic(fmt.Sprintf("BUG: emit: %v is not an ALU operation", op))
	}
}

// binary selects d = x op y as d = x; d op= y.
func (s *selector) binary(v *ir.Value, d reg) {
	x, y := v.Args[0], v.Args[1]
	if v.Op.Info().Commutes && s.swapOperands(x, y) {
		x, y = y, x
	}
	if y.Op == ir.OpConst && s.binaryConst(v.Op, x, y.Imm, d) {
		return
	}
	if (v.Op == ir.OpSDiv || v.Op == ir.OpSMod) && !s.has(target.CPUv4) {
		panic(fmt.Sprintf("BUG: emit: %v without instruction set v4", v.Op))
	}
	left, right := s.operand(x), s.source(y)
	if left.isReg() && right.isReg() && right.reg == left.reg {
		s.move(d, left).tied = true
		s.emit(&inst{kind: instALU, alu: aluOp(v.Op), dst: d, src: regOperand(d)})
		return
	}
	s.move(d, left).tied = true
	s.emit(&inst{kind: instALU, alu: aluOp(v.Op), dst: d, src: right})
}

// swapOperands says which of two operands is better on the left: the one that dies, and never a constant.
func (s *selector) swapOperands(x, y *ir.Value) bool {
	switch {
	case y.Op == ir.OpConst:
		return false
	case x.Op == ir.OpConst:
		return true
	case x.Type == ir.Ptr || y.Type == ir.Ptr:
		return y.Type == ir.Ptr && x.Type != ir.Ptr
	default:
		return s.uses[x] > 1 && s.uses[y] == 1
	}
}

// binaryConst selects the cases that need no instruction for the operation itself, or may not be encoded as it is.
func (s *selector) binaryConst(op ir.Op, x *ir.Value, n int64, d reg) bool {
	switch {
	case (op == ir.OpUDiv || op == ir.OpSDiv) && n == 0:
		s.move(d, constOperand(0))
	case (op == ir.OpUMod || op == ir.OpSMod) && n == 0:
		s.move(d, s.operand(x))
	case op == ir.OpAnd && n == 0xffffffff:
		s.zeroExtend(d, s.operand(x), 4)
	case op == ir.OpShl || op == ir.OpLShr || op == ir.OpAShr:
		s.move(d, s.operand(x)).tied = true
		s.emit(&inst{kind: instALU, alu: aluOp(op), dst: d, src: constOperand(n & 63)})
	default:
		return false
	}
	return true
}

func (s *selector) unary(v *ir.Value, d reg) {
	x := s.operand(v.Args[0])
	if v.Op == ir.OpBswap && v.Width == 1 {
		s.zeroExtend(d, x, 1)
		return
	}
	s.move(d, x).tied = true
	in := &inst{kind: instUnary, alu: asm.Neg, dst: d}
	switch v.Op {
	case ir.OpBswap:
		in.alu, in.width = asm.Swap, v.Width
	case ir.OpNumber: // the verifier takes the negative of a pointer for any number
		s.emit(&inst{kind: instUnary, alu: asm.Neg, dst: d})
	default: // a negative number
	}
	s.emit(in)
}

func (s *selector) zeroExtend(d reg, x operand, width uint8) {
	switch {
	case x.kind == operandConst:
		s.move(d, constOperand(x.imm&(1<<(8*width)-1)))
	case width == 4 && x.isReg():
		s.emit(&inst{kind: instExtend, dst: d, src: x, width: 4})
	case width == 1 || width == 2:
		s.move(d, x).tied = true
		s.emit(&inst{kind: instALU, alu: asm.And, dst: d, src: constOperand(1<<(8*width) - 1)})
	default:
		panic(fmt.Sprintf("BUG: emit: zero extension of %d bytes", width))
	}
}

func (s *selector) signExtend(d reg, x operand, width uint8) {
	if x.isReg() && s.has(target.CPUv4) {
		s.emit(&inst{kind: instExtend, dst: d, src: x, width: width, signed: true})
		return
	}
	s.move(d, x).tied = true
	s.shiftExtend(d, width)
}

// shiftExtend sign-extends the low bytes of d in place.
func (s *selector) shiftExtend(d reg, width uint8) {
	n := constOperand(int64(64 - 8*int(width)))
	s.emit(&inst{kind: instALU, alu: asm.LSh, dst: d, src: n, tied: true})
	s.emit(&inst{kind: instALU, alu: asm.ArSh, dst: d, src: n})
}

// compare returns a comparison as the condition of an instruction.
func (s *selector) compare(v *ir.Value) *inst {
	x, y := v.Args[0], v.Args[1]
	cc := compareOp(v.Op)
	if x.Op == ir.OpConst && y.Op != ir.OpConst {
		x, y, cc = y, x, mirrored(cc)
	}
	if in := s.testBits(cc, x, y); in != nil {
		return in
	}
	left := s.forgotten(x, y)
	return &inst{jump: cc, left: left, src: s.source(y)}
}

// testBits returns x & mask != 0 as one instruction. Its opposite has none.
func (s *selector) testBits(cc asm.JumpOp, x, y *ir.Value) *inst {
	if cc != asm.JNE || y.Op != ir.OpConst || y.Imm != 0 || x.Op != ir.OpAnd || s.uses[x] != 1 {
		return nil
	}
	return s.bits(x)
}

func (s *selector) bits(and *ir.Value) *inst {
	x, y := and.Args[0], and.Args[1]
	if x.Op == ir.OpConst {
		x, y = y, x
	}
	left := s.use(x)
	return &inst{jump: asm.JSet, left: left, src: s.source(y)}
}

func isCompare(op ir.Op) bool { return op >= ir.OpEq && op <= ir.OpSLe }

func compareOp(op ir.Op) asm.JumpOp {
	switch op {
	case ir.OpEq:
		return asm.JEq
	case ir.OpNe:
		return asm.JNE
	case ir.OpULt:
		return asm.JLT
	case ir.OpULe:
		return asm.JLE
	case ir.OpSLt:
		return asm.JSLT
	case ir.OpSLe:
		return asm.JSLE
	default:
		panic(fmt.Sprintf("BUG: emit: %v is not a comparison", op))
	}
}

// mirrored returns the comparison for exchanged operands.
func mirrored(cc asm.JumpOp) asm.JumpOp {
	switch cc {
	case asm.JEq, asm.JNE, asm.JSet:
		return cc
	case asm.JLT:
		return asm.JGT
	case asm.JLE:
		return asm.JGE
	case asm.JGT:
		return asm.JLT
	case asm.JGE:
		return asm.JLE
	case asm.JSLT:
		return asm.JSGT
	case asm.JSLE:
		return asm.JSGE
	case asm.JSGT:
		return asm.JSLT
	case asm.JSGE:
		return asm.JSLE
	default:
		panic(fmt.Sprintf("BUG: emit: %v is not a condition", cc))
	}
}

// inverted returns the opposite condition; there is none for JSet.
func inverted(cc asm.JumpOp) (asm.JumpOp, bool) {
	switch cc {
	case asm.JEq:
		return asm.JNE, true
	case asm.JNE:
		return asm.JEq, true
	case asm.JLT:
		return asm.JGE, true
	case asm.JLE:
		return asm.JGT, true
	case asm.JGT:
		return asm.JLE, true
	case asm.JGE:
		return asm.JLT, true
	case asm.JSLT:
		return asm.JSGE, true
	case asm.JSLE:
		return asm.JSGT, true
	case asm.JSGT:
		return asm.JSLE, true
	case asm.JSGE:
		return asm.JSLT, true
	case asm.JSet:
		return cc, false
	default:
		panic(fmt.Sprintf("BUG: emit: %v is not a condition", cc))
	}
}
