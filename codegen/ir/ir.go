package ir

import "github.com/gtrace/gtrace/lang/diag"

// Module is what one script compiles to: its programs and the maps that they refer to by name.
type Module struct {
	Funcs []*Func
	// Externs are functions that are made elsewhere and called by OpCallFunc.
	Externs []Extern
}

// Extern is a function that is not part of the module.
type Extern struct {
	Name string
	// Args is the number of its parameters; Stack is what a call takes of the stack, in bytes, and Depth how many functions are then inside
	// of each other.
	Args, Stack, Depth int
}

// Extern returns the extern of a name, or nil.
func (m *Module) Extern(name string) *Extern {
	for i := range m.Externs {
		if m.Externs[i].Name == name {
			return &m.Externs[i]
		}
	}
	return nil
}

// Func is one BPF program, or a subprogram if Sub is set.
type Func struct {
	Name string
	// Sub marks a function that is called by others (OpCallFunc, or as a callback) and takes Params; a program takes its
	// context, OpCtx.
	Sub bool
	// Reentrant is set where another run of the program may begin on the same CPU before this one has ended. Its runs take different
	// pieces of scratch memory then.
	Reentrant bool
	// Global marks a subprogram that the verifier follows once, by itself, and not for each call. It takes numbers only, and may not rely on
	// anything that its callers know.
	Global bool
	// Blocks in layout order; the first one is the entry. The parameters of the entry block are the function's.
	Blocks []*Block
	// Slots are the memory objects of a run: strings, keys, structs. They are not initialised.
	Slots []*Slot

	nextValue, nextBlock int
}

// Slot is a piece of memory that lives as long as a run of the function: on the BPF stack, or in a per-CPU scratch map where
// it does not fit. Its address is OpSlot.
type Slot struct {
	ID    int
	Name  string // for the dump
	Size  int    // bytes
	Align int    // 1, 2, 4 or 8
	// OnStack keeps the slot out of the scratch map: pointers are stored in it.
	OnStack bool
}

// Block is a basic block: parameters, instructions, and a terminator as its last instruction.
type Block struct {
	ID     int
	Name   string   // for the dump
	Params []*Value // OpParam values
	Instrs []*Value
	Func   *Func
}

// Value is an instruction and the 64-bit value it yields.
type Value struct {
	ID   int
	Op   Op
	Type Type
	// Width is the number of bytes that the op works on: loads, stores, atomics, extensions, byte swaps.
	Width uint8
	// Signed makes a load sign-extend.
	Signed bool
	// Stable marks a load of memory that does not change during a run (the context, the fields of the current task that scripts
	// read as one moment): equal ones may be merged.
	Stable bool
	// Imm is the constant of OpConst, and the byte offset of loads, stores, atomics and OpMapValue.
	Imm int64
	// Helper is called by OpCall.
	Helper Helper
	// Sym is the map of OpMapPtr and OpMapValue, the function of OpCallFunc, OpFuncPtr and OpKfunc.
	Sym string
	// Slot is the object of OpSlot.
	Slot *Slot
	Args []*Value
	// Targets are the successors of a terminator: one of OpJump; then and else of OpBranch.
	Targets []Target
	Block   *Block
	// Span is the statement in the script that this instruction was made for.
	Span diag.Span
	// Comment is shown in dumps.
	Comment string
}

// Target is a successor block and the arguments for its parameters.
type Target struct {
	Block *Block
	Args  []*Value
}

// Type is the kind of a value.
type Type uint8

// The types. Ptr is memory that the verifier tracks (stack, map value, context, BTF-typed kernel memory) and may be
// dereferenced by OpLoad; an address that only bpf_probe_read may follow is an I64.
const (
	None Type = iota
	I64
	Ptr
)

// Op is an operation.
type Op uint8

// The operations. All arithmetic is on 64 bits. Narrow values are kept extended by their own sign.
const (
	OpInvalid Op = iota

	OpParam    // a block parameter
	OpConst    // Imm
	OpCtx      // the program's context
	OpSlot     // address of Slot
	OpMapPtr   // the map Sym, as a helper argument
	OpMapValue // address at offset Imm in the only value of the array map Sym
	OpFuncPtr  // address of subprogram Sym, as a callback argument

	OpAdd
	OpSub
	OpMul
	OpUDiv // as BPF: x/0 is 0
	OpSDiv // only if the target has CPUv4
	OpUMod // as BPF: x%0 is x
	OpSMod // only if the target has CPUv4
	OpAnd
	OpOr
	OpXor
	OpShl // counts are taken modulo 64
	OpLShr
	OpAShr
	OpNeg
	OpSExt   // sign-extend the low Width bytes
	OpZExt   // zero-extend the low Width bytes
	OpBswap  // reverse the low Width bytes, zero-extended
	OpNumber // the value as a number, of which the verifier knows nothing: some pointers it lets nobody compute with

	OpEq // comparisons yield 0 or 1
	OpNe
	OpULt
	OpULe
	OpSLt
	OpSLe

	OpLoad      // Width bytes at Args[0]+Imm
	OpStore     // Width bytes of Args[1] to Args[0]+Imm
	OpAtomicAdd // add Args[1] to the Width (4, 8) bytes at Args[0]+Imm
	OpXchgAdd   // same, and yield the old value; only if the target has AtomicFetch
	OpXchg      // put Args[1] into the 8 bytes at Args[0]+Imm, and yield the old value; only if the target has AtomicFetch

	OpCall     // Helper(Args...)
	OpKfunc    // kernel function Sym(Args...)
	OpCallFunc // subprogram Sym(Args...)

	OpJump   // Targets[0]
	OpBranch // Targets[0] if Args[0] is not 0, else Targets[1]
	OpReturn // Args[0]

	endOp
)

// Uses reports whether an instruction of a function has v as an operand.
func Uses(f *Func, v *Value) bool {
	used := false
	for _, b := range f.Blocks {
		for _, x := range b.Instrs {
			x.EachOperand(func(p **Value) { used = used || *p == v })
		}
	}
	return used
}
