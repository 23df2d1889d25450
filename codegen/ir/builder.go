package ir

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/diag"
)

// Builder appends instructions to a function. Script variables are given as Variable; the builder turns their definitions
// and uses into SSA values and block parameters (Braun et al., "Simple and Efficient Construction of SSA Form", 2013).
type Builder struct {
	Func *Func
	// Span is given to every instruction that is made.
	Span diag.Span
	// Context is what Ctx returns in a subprogram: the program's context as its caller passed it on.
	Context *Value

	cur        *Block
	defs       map[*Block]map[Variable]*Value
	incomplete map[*Block]map[Variable]*Value
	sealed     map[*Block]bool
	preds      map[*Block][]*Value // terminators with this block as target, once for each edge
	types      map[Variable]Type
}

// Variable is a mutable 64-bit script variable.
type Variable int

// NewBuilder returns a builder for a new function with an empty, sealed entry block as the current block.
func NewBuilder(name string) *Builder {
	b := &Builder{
		Func:       &Func{Name: name},
		defs:       map[*Block]map[Variable]*Value{},
		incomplete: map[*Block]map[Variable]*Value{},
		sealed:     map[*Block]bool{},
		preds:      map[*Block][]*Value{},
		types:      map[Variable]Type{},
	}
	entry := b.NewBlock("entry")
	b.Seal(entry)
	b.SetBlock(entry)
	return b
}

// NewBlock adds an empty block to the function. It becomes reachable by a jump or branch; Seal it once all of these exist.
func (b *Builder) NewBlock(name string) *Block {
	return b.Func.NewBlock(name)
}

// Block returns the current block; nil after a terminator.
func (b *Builder) Block() *Block { return b.cur }

// SetBlock makes blk the current block, to which instructions are appended.
func (b *Builder) SetBlock(blk *Block) { b.cur = blk }

// Terminated reports whether the current block has ended: code made now would be unreachable.
func (b *Builder) Terminated() bool { return b.cur == nil }

// NewSlot adds a memory object to the function.
func (b *Builder) NewSlot(name string, size, align int) *Slot {
	s := &Slot{ID: len(b.Func.Slots), Name: name, Size: size, Align: align}
	b.Func.Slots = append(b.Func.Slots, s)
	return s
}

// NewVariable returns a new variable whose values are of type t. A use before any definition is the constant 0.
func (b *Builder) NewVariable(t Type) Variable {
	v := Variable(len(b.types) + 1)
	b.types[v] = t
	return v
}

// NewValue returns a value that belongs to no block yet; passes insert it themselves.
func (f *Func) NewValue(op Op, t Type, args ...*Value) *Value {
	v := &Value{ID: f.nextValue, Op: op, Type: t, Args: args}
	f.nextValue++
	return v
}

func (b *Builder) emit(v *Value) *Value {
	if b.cur == nil {
		panic(fmt.Sprintf("BUG: ir: %v after the end of a block in %s", v.Op, b.Func.Name))
	}
	v.Block, v.Span = b.cur, b.Span
	b.cur.Instrs = append(b.cur.Instrs, v)
	return v
}

// Const returns the constant n.
func (b *Builder) Const(n int64) *Value {
	v := b.Func.NewValue(OpConst, I64)
	v.Imm = n
	return b.emit(v)
}

// Null returns a pointer that must not be followed.
func (b *Builder) Null() *Value { return b.emit(b.Func.NewValue(OpConst, Ptr)) }

// Ctx returns the program's context.
func (b *Builder) Ctx() *Value {
	if b.Context != nil {
		return b.Context
	}
	return b.emit(b.Func.NewValue(OpCtx, Ptr))
}

// SlotAddr returns the address of a memory object.
func (b *Builder) SlotAddr(s *Slot) *Value {
	v := b.Func.NewValue(OpSlot, Ptr)
	v.Slot = s
	return b.emit(v)
}

// MapPtr returns the map of that name as a helper argument.
func (b *Builder) MapPtr(name string) *Value {
	v := b.Func.NewValue(OpMapPtr, Ptr)
	v.Sym = name
	return b.emit(v)
}

// MapValue returns the address at an offset in the only value of an array map.
func (b *Builder) MapValue(name string, offset int64) *Value {
	v := b.Func.NewValue(OpMapValue, Ptr)
	v.Sym, v.Imm = name, offset
	return b.emit(v)
}

// FuncPtr returns the address of a subprogram, as a callback argument.
func (b *Builder) FuncPtr(name string) *Value {
	v := b.Func.NewValue(OpFuncPtr, Ptr)
	v.Sym = name
	return b.emit(v)
}

// Binary returns x op y for OpAdd … OpAShr and the comparisons. The result of Add or Sub with a pointer on the left is a pointer.
func (b *Builder) Binary(op Op, x, y *Value) *Value {
	t := I64
	if (op == OpAdd || op == OpSub) && x.Type == Ptr && y.Type == I64 {
		t = Ptr
	}
	return b.emit(b.Func.NewValue(op, t, x, y))
}

// AddImm returns x + n.
func (b *Builder) AddImm(x *Value, n int64) *Value {
	if n == 0 {
		return x
	}
	return b.Binary(OpAdd, x, b.Const(n))
}

// Neg returns -x.
func (b *Builder) Neg(x *Value) *Value { return b.emit(b.Func.NewValue(OpNeg, I64, x)) }

// Number returns x as a number that the verifier does not follow.
func (b *Builder) Number(x *Value) *Value { return b.emit(b.Func.NewValue(OpNumber, I64, x)) }

// Extend returns the low width bytes of x, sign- or zero-extended to 64 bits; x itself for width 8.
func (b *Builder) Extend(x *Value, width int, signed bool) *Value {
	if width == 8 {
		return x
	}
	op := OpZExt
	if signed {
		op = OpSExt
	}
	v := b.Func.NewValue(op, I64, x)
	v.Width = uint8(width)
	return b.emit(v)
}

// Bswap returns the low width bytes of x in reverse order, zero-extended.
func (b *Builder) Bswap(x *Value, width int) *Value {
	if width == 1 {
		return b.Extend(x, 1, false)
	}
	v := b.Func.NewValue(OpBswap, I64, x)
	v.Width = uint8(width)
	return b.emit(v)
}

// Load returns the width bytes at addr+offset, extended to 64 bits.
func (b *Builder) Load(addr *Value, offset int64, width int, signed bool) *Value {
	addr, offset = b.address(addr, offset)
	v := b.Func.NewValue(OpLoad, I64, addr)
	v.Imm, v.Width, v.Signed = offset, uint8(width), signed && width < 8
	return b.emit(v)
}

// address keeps the offset of a memory instruction in the range of its immediate.
func (b *Builder) address(addr *Value, offset int64) (*Value, int64) {
	if FitsOffset(offset) {
		return addr, offset
	}
	return b.AddImm(addr, offset), 0
}

// Store writes the low width bytes of x to addr+offset.
func (b *Builder) Store(addr *Value, offset int64, width int, x *Value) {
	addr, offset = b.address(addr, offset)
	v := b.Func.NewValue(OpStore, None, addr, x)
	v.Imm, v.Width = offset, uint8(width)
	b.emit(v)
}

// AtomicAdd adds x to the width (4 or 8) bytes at addr+offset.
func (b *Builder) AtomicAdd(addr *Value, offset int64, width int, x *Value) {
	addr, offset = b.address(addr, offset)
	v := b.Func.NewValue(OpAtomicAdd, None, addr, x)
	v.Imm, v.Width = offset, uint8(width)
	b.emit(v)
}

// XchgAdd adds x to the width (4 or 8) bytes at addr+offset and returns the old value, zero-extended. The bytes must be a map's, not a
// slot's: until 7.1, commit 179ee84a8911 ("bpf: Fix incorrect pruning due to atomic fetch precision tracking"), the verifier may take
// another path's constant for what the stack held, and drops the code that it then believes is dead.
func (b *Builder) XchgAdd(addr *Value, offset int64, width int, x *Value) *Value {
	addr, offset = b.address(addr, offset)
	v := b.Func.NewValue(OpXchgAdd, I64, addr, x)
	v.Imm, v.Width = offset, uint8(width)
	return b.emit(v)
}

// Xchg puts x into the 8 bytes at addr+offset, which must be a map's, and returns what was there.
func (b *Builder) Xchg(addr *Value, offset int64, x *Value) *Value {
	addr, offset = b.address(addr, offset)
	v := b.Func.NewValue(OpXchg, I64, addr, x)
	v.Imm, v.Width = offset, 8
	return b.emit(v)
}

// Call calls a helper.
func (b *Builder) Call(h Helper, args ...*Value) *Value {
	info := h.Info()
	if info.Args != len(args) {
		panic(fmt.Sprintf("BUG: ir: %v takes %d arguments, %d given", h, info.Args, len(args)))
	}
	v := b.Func.NewValue(OpCall, info.Result, args...)
	v.Helper = h
	return b.emit(v)
}

// CallFunc calls a subprogram of the module.
func (b *Builder) CallFunc(name string, args ...*Value) *Value {
	v := b.Func.NewValue(OpCallFunc, I64, args...)
	v.Sym = name
	return b.emit(v)
}

// Kfunc calls a function of the kernel that is known by its name; t is the type of its result. What it acquires, every path from
// here must release.
func (b *Builder) Kfunc(name string, t Type, args ...*Value) *Value {
	v := b.Func.NewValue(OpKfunc, t, args...)
	v.Sym = name
	return b.emit(v)
}

func (b *Builder) terminate(v *Value) {
	b.emit(v)
	for _, t := range v.Targets {
		if b.sealed[t.Block] {
			panic(fmt.Sprintf("BUG: ir: jump to the sealed block %s in %s", t.Block.Name, b.Func.Name))
		}
		b.preds[t.Block] = append(b.preds[t.Block], v)
	}
	b.cur = nil
}

// Jump ends the current block.
func (b *Builder) Jump(to *Block) {
	v := b.Func.NewValue(OpJump, None)
	v.Targets = []Target{{Block: to}}
	b.terminate(v)
}

// Branch ends the current block: to then if cond is not 0, else to els. The two must differ.
func (b *Builder) Branch(cond *Value, then, els *Block) {
	if then == els {
		panic(fmt.Sprintf("BUG: ir: branch with one target %s in %s", then.Name, b.Func.Name))
	}
	v := b.Func.NewValue(OpBranch, None, cond)
	v.Targets = []Target{{Block: then}, {Block: els}}
	b.terminate(v)
}

// Return ends the function.
func (b *Builder) Return(x *Value) { b.terminate(b.Func.NewValue(OpReturn, None, x)) }

// Param adds a parameter to the entry block of a subprogram; it must be called before any instruction is made.
func (b *Builder) Param(t Type) *Value { return b.addParam(b.Func.Blocks[0], t) }

func (b *Builder) addParam(blk *Block, t Type) *Value {
	p := b.Func.NewValue(OpParam, t)
	p.Block, p.Span = blk, b.Span
	blk.Params = append(blk.Params, p)
	return p
}

// Define gives a variable a value from here on.
func (b *Builder) Define(v Variable, x *Value) { b.write(v, b.cur, x) }

// Use returns the value of a variable here.
func (b *Builder) Use(v Variable) *Value { return b.read(v, b.cur) }

func (b *Builder) write(v Variable, blk *Block, x *Value) {
	m := b.defs[blk]
	if m == nil {
		m = map[Variable]*Value{}
		b.defs[blk] = m
	}
	m[v] = x
}

func (b *Builder) read(v Variable, blk *Block) *Value {
	if x, ok := b.defs[blk][v]; ok {
		return x
	}
	var x *Value
	switch preds := b.preds[blk]; {
	case !b.sealed[blk]:
		x = b.addParam(blk, b.types[v])
		m := b.incomplete[blk]
		if m == nil {
			m = map[Variable]*Value{}
			b.incomplete[blk] = m
		}
		m[v] = x
	case len(preds) == 0: // the entry block, or unreachable code
		x = b.Func.NewValue(OpConst, b.types[v])
		x.Block, x.Span = blk, b.Span
		blk.Instrs = append([]*Value{x}, blk.Instrs...)
	case len(preds) == 1:
		x = b.read(v, preds[0].Block)
	default:
		x = b.addParam(blk, b.types[v])
		b.write(v, blk, x)
		b.fill(v, blk)
	}
	b.write(v, blk, x)
	return x
}

// fill passes the value of v at the end of every predecessor as the argument for the block's newest parameter of it.
func (b *Builder) fill(v Variable, blk *Block) {
	for _, term := range b.preds[blk] {
		x := b.read(v, term.Block)
		for i := range term.Targets {
			if term.Targets[i].Block == blk {
				term.Targets[i].Args = append(term.Targets[i].Args, x)
			}
		}
	}
}

// Seal says that no further jump to the block will be made.
func (b *Builder) Seal(blk *Block) {
	if b.sealed[blk] {
		return
	}
	b.sealed[blk] = true
	// In the order of the block's parameters, so that arguments line up and output is deterministic.
	vars := map[*Value]Variable{}
	for v, p := range b.incomplete[blk] {
		vars[p] = v
	}
	for _, p := range append([]*Value(nil), blk.Params...) {
		if v, ok := vars[p]; ok {
			b.fill(v, blk)
		}
	}
	delete(b.incomplete, blk)
}
