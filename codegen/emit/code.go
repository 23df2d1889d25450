package emit

import (
	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/diag"
)

// reg is a register: R0 to R10, or a virtual one from firstVirtual on.
type reg int32

const (
	r0           reg = 0
	r1           reg = 1
	r10          reg = 10
	numAlloc         = 10 // R0 to R9 can be allocated
	firstVirtual reg = 16
	noReg        reg = -1
)

func (r reg) virtual() bool { return r >= firstVirtual }

// operandKind is what an operand is.
type operandKind uint8

const (
	operandNone     operandKind = iota
	operandReg                  // a register
	operandConst                // imm
	operandSlot                 // the address of slot, plus imm
	operandMap                  // the map sym
	operandMapValue             // the address at imm in the value of the map sym
	operandFunc                 // the address of the function sym
	operandSpill                // the spill slot number imm; once placed, its place on the stack
	operandFar                  // once placed: the place at imm in the scratch memory, whose address is in reg
	operandBase                 // the address of the scratch memory
)

// operand is something that can be moved into a register. Only registers and spill slots change; the others can be made
// again anywhere.
type operand struct {
	kind operandKind
	reg  reg
	imm  int64
	slot *ir.Slot
	sym  string
}

func regOperand(r reg) operand     { return operand{kind: operandReg, reg: r} }
func constOperand(n int64) operand { return operand{kind: operandConst, imm: n} }
func spillOperand(n int) operand   { return operand{kind: operandSpill, imm: int64(n)} }

func (o operand) isReg() bool { return o.kind == operandReg }

// immediate reports whether the operand fits into an instruction's 32-bit immediate, which is sign-extended.
func (o operand) immediate() bool { return o.kind == operandConst && o.imm == int64(int32(o.imm)) }

// move is one assignment of a parallel move. dst is a register or a spill slot.
type move struct{ dst, src operand }

// instKind is the shape of an instruction.
type instKind uint8

const (
	instMove   instKind = iota + 1 // moves, all at once
	instALU                        // dst = dst alu src; src is a register or an immediate
	instUnary                      // dst = alu dst (negation), or a byte swap of width bytes
	instExtend                     // dst = src extended from width bytes: 4 unsigned, or signed with CPUv4
	instLoad                       // dst = width bytes at base+off
	instStore                      // width bytes at base+off = src (a register or an immediate)
	instAtomic                     // width bytes at base+off += src
	instFetch                      // same; dst is what to add, then the old value
	instXchg                       // width bytes at base+off = dst, and dst = what was there
	instSet                        // dst = dst2 jump src ? 1 : 0; dst is written before the others are read
	instCall                       // R0 = call(R1...)
	instJump                       // to targets[0]
	instBranch                     // to targets[0] if dst jump src, else to targets[1]
	instExit                       // return R0
)

// inst is an instruction over virtual registers.
type inst struct {
	kind   instKind
	alu    asm.ALUOp
	jump   asm.JumpOp
	width  uint8
	signed bool
	// tied says that dst goes on to be changed by the next instruction, which belongs to this one.
	tied bool
	// nargs is the number of arguments of a call.
	nargs   int
	dst     reg
	left    reg     // the left operand of instSet and instBranch
	base    operand // a register, or a slot on the stack
	src     operand
	off     int64
	moves   []move
	helper  ir.Helper
	sym     string // the subprogram or function of the kernel that is called
	kfunc   bool
	targets [2]*block
	span    diag.Span
}

func (in *inst) terminator() bool {
	return in.kind == instJump || in.kind == instBranch || in.kind == instExit
}

// block is a basic block over virtual registers.
type block struct {
	id    int
	insts []*inst
	depth int // loops that it is in
	// last puts the block at the end of the layout.
	last bool
}

func (b *block) end() *inst { return b.insts[len(b.insts)-1] }

func (b *block) succs() []*block {
	switch t := b.end(); t.kind {
	case instJump:
		return t.targets[:1]
	case instBranch:
		return t.targets[:2]
	case instExit:
		return nil
	default:
		panic("BUG: emit: block without a terminator")
	}
}

// code is a function over virtual registers.
type code struct {
	name   string
	blocks []*block // in layout order
	next   reg
	// remat has the operand that a virtual register always holds, for registers whose value can be made again.
	remat map[reg]operand
	// home has the operand that a part of a spilled register was loaded from and is stored to.
	home map[reg]operand
	// atomic registers live from one instruction to the next; they cannot be spilled.
	atomic map[reg]bool
	// loose are the registers with numbers that the verifier need not know anything of: they may be spilled to the scratch memory.
	loose  map[reg]bool
	spills int
	// looseSpills says which spill slots are those of loose registers.
	looseSpills []bool
	calls       []string
	sub         bool
	global      bool
	// reentrant is that of the function.
	reentrant bool
	params    int
	// scratch is the register with the address of the scratch memory, or noReg.
	scratch reg
}

func (c *code) newReg() reg {
	r := c.next
	c.next++
	return r
}

// role says what an instruction does with a register.
type role uint8

const (
	roleUse role = 1 << iota
	roleDef
	roleEarly // a definition that comes before the uses
)

// visit calls fn for every register of the instruction, which fn may replace. Operands of moves are not visited after fn turned
// them into something else.
func (in *inst) visit(fn func(r *reg, how role)) {
	operandUse := func(o *operand) {
		if o.kind == operandReg {
			fn(&o.reg, roleUse)
		}
	}
	switch in.kind {
	case instMove:
		for i := range in.moves {
			operandUse(&in.moves[i].src)
		}
		for i := range in.moves {
			if in.moves[i].dst.kind == operandReg {
				fn(&in.moves[i].dst.reg, roleDef)
			}
		}
	case instALU:
		operandUse(&in.src)
		fn(&in.dst, roleUse|roleDef)
	case instUnary:
		fn(&in.dst, roleUse|roleDef)
	case instExtend:
		operandUse(&in.src)
		fn(&in.dst, roleDef)
	case instLoad:
		operandUse(&in.base)
		fn(&in.dst, roleDef)
	case instStore, instAtomic:
		operandUse(&in.base)
		operandUse(&in.src)
	case instFetch, instXchg:
		operandUse(&in.base)
		fn(&in.dst, roleUse|roleDef)
	case instSet:
		fn(&in.left, roleUse)
		operandUse(&in.src)
		fn(&in.dst, roleDef|roleEarly)
	case instCall:
		in.visitCall(fn)
	case instBranch:
		fn(&in.left, roleUse)
		operandUse(&in.src)
	case instJump:
	case instExit:
		r := r0
		fn(&r, roleUse)
	default:
		panic("BUG: emit: unexpected instruction")
	}
}

func (in *inst) visitCall(fn func(r *reg, how role)) {
	for i := range in.nargs {
		r := r1 + reg(i)
		fn(&r, roleUse)
	}
	for i := r0; i <= 5; i++ {
		r := i
		fn(&r, roleDef)
	}
}
