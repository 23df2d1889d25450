package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
)

const (
	// rangeRounds and rowRounds are what a binary search takes among the ranges of a process and the rows of a chunk at most.
	rangeRounds = 17
	rowRounds   = 16

	regBX = 3
	regBP = 6
	regSP = 7

	// farthest is how far a frame pointer may be from the stack pointer.
	farthest = 1 << 24
	// mixer makes the bits of a number depend on each other: 2^64 divided by the golden ratio.
	mixer = -0x61c8864680b583eb
)

// stepper makes the code of one step of a walk: from a frame to that of its caller.
type stepper struct {
	*fn
	// s is the memory of the walk, the one of the CPU's with the index memory.
	s, memory *ir.Value
	// scratch is memory for what is read from the stack.
	scratch *ir.Value
	// failed is where a walk ends that should not, guess where the frame pointer is tried, end where the walk ends, goOn where it goes on.
	noMemory, guess, noCode, fail, end, goOn *ir.Block
}

// unwindStep returns the name of the subprogram that takes a step of the program's walk and returns whether there is more to walk. The
// verifier follows it once, for which it takes nothing but the index of the walk's memory: all that it works on is in the program's memory for walks.
func (f *fn) unwindStep() string {
	name := f.programName() + "_unwind"
	for _, s := range f.subs {
		if s.Name == name {
			return name
		}
	}
	b := ir.NewBuilder(name)
	b.Func.Sub, b.Func.Global = true, true
	b.Span = f.b.Span
	g := &stepper{memory: b.Param(ir.I64), fn: &fn{module: f.module, b: b, prog: f.prog, program: f.programName(), at: f.at}}
	g.code()
	f.subs = append(f.subs, b.Func)
	return name
}

// code makes the code of a step.
func (u *stepper) code() {
	b := u.b
	u.noMemory, u.noCode, u.guess = b.NewBlock("no_memory"), b.NewBlock("no_code"), b.NewBlock("guess")
	u.fail, u.end, u.goOn = b.NewBlock("fail"), b.NewBlock("end"), b.NewBlock("go_on")
	u.scratch = u.Temp("words", 16, 8)
	found := b.NewBlock("walk")
	u.s = b.Call(ir.HelperMapLookupElem, b.MapPtr(object.UnwindStateMap+u.program), u.mapIndex(u.memory))
	b.Branch(u.s, found, u.end)
	u.enter(found)
	u.when(b.Binary(ir.OpEq, u.walk(walkIP), b.Const(0)), u.end)

	at := b.Binary(ir.OpSub, u.walk(walkIP), u.walk(walkAdjust))
	rng, unknown := u.findRange(at)
	u.push(at)
	u.apply(u.findRule(rng, at))

	u.enter(unknown)
	u.when(u.walk(walkGuess), u.noCode) // that was no frame
	u.push(at)
	b.Jump(u.guess)
	u.enter(u.guess)
	u.byFramePointer()
	u.finish()
}

// finish makes the ends of a step.
func (u *stepper) finish() {
	b := u.b
	u.enter(u.noCode)
	u.countIn(object.UnwindLostMap, object.UnwindLostCode)
	b.Jump(u.fail)
	u.enter(u.noMemory)
	u.countIn(object.UnwindLostMap, object.UnwindLostMemory)
	b.Jump(u.fail)
	u.enter(u.fail)
	u.push(b.Const(-1)) // object.UnwindFailed
	b.Jump(u.end)
	u.enter(u.end)
	b.Return(b.Const(0))
	u.enter(u.goOn)
	b.Return(b.Const(1))
}

// when goes to a block if a condition holds.
func (u *stepper) when(cond *ir.Value, to *ir.Block) {
	next := u.b.NewBlock("else")
	u.b.Branch(cond, to, next)
	u.enter(next)
}

// walk reads a word of the memory of the walk, set writes one.
func (u *stepper) walk(off int64) *ir.Value { return u.b.Load(u.s, off, 8, false) }

func (u *stepper) set(off int64, v *ir.Value) { u.b.Store(u.s, off, 8, v) }

func (u *stepper) reg(n int64) *ir.Value { return u.walk(walkRegs + 8*n) }

// push adds an address to the stack (as bpftrace has them: of callers, one in the call), and ends the walk if there are enough.
func (u *stepper) push(addr *ir.Value) {
	b := u.b
	n := u.walk(walkCount)
	u.when(b.Binary(ir.OpULe, u.walk(walkLimit), n), u.end)
	at := b.Binary(ir.OpShl, b.Binary(ir.OpAnd, n, b.Const(walkMost-1)), b.Const(3))
	b.Store(b.Binary(ir.OpAdd, u.s, at), walkFrames, 8, addr)
	u.set(walkCount, b.AddImm(n, 1))
	h := b.Binary(ir.OpMul, b.Binary(ir.OpXor, u.walk(walkHash), addr), b.Const(mixer))
	u.set(walkHash, b.Binary(ir.OpXor, h, b.Binary(ir.OpLShr, h, b.Const(29))))
}

// search finds the first of sorted entries of a map, between first and end, whose number at the start is more than what is looked for.
func (u *stepper) search(m, first, end *ir.Value, rounds int64, width int, wanted *ir.Value) *ir.Value {
	b := u.b
	lo, hi, i := b.NewVariable(ir.I64), b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	head, test, body, found := b.NewBlock("search"), b.NewBlock("between"), b.NewBlock("middle"), b.NewBlock("entry")
	up, down, next, done := b.NewBlock("up"), b.NewBlock("down"), b.NewBlock("next"), b.NewBlock("searched")
	b.Define(lo, first)
	b.Define(hi, end)
	b.Define(i, b.Const(0))
	b.Jump(head)
	b.SetBlock(head)
	b.Branch(b.Binary(ir.OpULt, b.Use(i), b.Const(rounds)), test, done)
	u.enter(test)
	b.Branch(b.Binary(ir.OpULt, b.Use(lo), b.Use(hi)), body, done)
	u.enter(body)
	mid := b.Binary(ir.OpLShr, b.Binary(ir.OpAdd, b.Use(lo), b.Use(hi)), b.Const(1))
	p := b.Call(ir.HelperMapLookupElem, m, u.mapIndex(mid))
	b.Branch(p, found, done)
	u.enter(found)
	b.Branch(b.Binary(ir.OpULe, b.Load(p, 0, width, false), wanted), up, down)
	u.enter(up)
	b.Define(lo, b.AddImm(mid, 1))
	b.Jump(next)
	u.enter(down)
	b.Define(hi, mid)
	b.Jump(next)
	u.enter(next)
	b.Define(i, b.AddImm(b.Use(i), 1))
	b.Jump(head)
	b.Seal(head)
	u.enter(done)
	return b.Use(lo)
}

// findRange finds the range that an address is in; unknown is where the step goes on if there is none.
func (u *stepper) findRange(at *ir.Value) (rng *ir.Value, unknown *ir.Block) {
	b := u.b
	unknown = b.NewBlock("no_range")
	n := u.search(b.MapPtr(object.UnwindRangesMap), u.walk(walkFirst), u.walk(walkEnd), rangeRounds, 8, at)
	u.when(b.Binary(ir.OpULe, n, u.walk(walkFirst)), unknown)
	rng = b.Call(ir.HelperMapLookupElem, b.MapPtr(object.UnwindRangesMap), u.mapIndex(b.AddImm(n, -1)))
	found := b.NewBlock("range")
	b.Branch(rng, found, unknown)
	u.enter(found)
	size := b.Load(rng, object.UnwindRangeBytes, 4, false)
	u.when(b.Binary(ir.OpULe, size, b.Binary(ir.OpSub, at, b.Load(rng, object.UnwindRangeStart, 8, false))), unknown)
	return rng, unknown
}

// findRule finds the rule for an address in a range, and goes to guess where there is none.
func (u *stepper) findRule(rng, at *ir.Value) *ir.Value {
	b := u.b
	rows := b.Load(rng, object.UnwindRangeRows, 4, false)
	u.when(b.Binary(ir.OpEq, rows, b.Const(0)), u.guess)
	first := b.Load(rng, object.UnwindRangeFirst, 4, false)
	pc := b.Binary(ir.OpSub, at, b.Load(rng, object.UnwindRangeBias, 8, false))
	chunk := b.Call(ir.HelperMapLookupElem, b.MapPtr(object.UnwindChunksMap), u.mapIndex(b.Load(rng, object.UnwindRangeChunk, 4, false)))
	found, row, rule := b.NewBlock("chunk"), b.NewBlock("row"), b.NewBlock("rule")
	b.Branch(chunk, found, u.guess)
	u.enter(found)
	n := u.search(chunk, first, b.Binary(ir.OpAdd, first, rows), rowRounds, 4, pc)
	u.when(b.Binary(ir.OpULe, n, first), u.guess)
	r := b.Call(ir.HelperMapLookupElem, chunk, u.mapIndex(b.AddImm(n, -1)))
	b.Branch(r, row, u.guess)
	u.enter(row)
	out := b.Call(ir.HelperMapLookupElem, b.MapPtr(object.UnwindRulesMap), u.mapIndex(b.Load(r, object.UnwindRowRule, 4, false)))
	b.Branch(out, rule, u.guess)
	u.enter(rule)
	return out
}

// apply goes to the caller's frame by a rule.
func (u *stepper) apply(rule *ir.Value) {
	b := u.b
	kind := b.Load(rule, object.UnwindRuleKind, 1, false)
	off := b.Load(rule, object.UnwindRuleOffset, 4, true)
	signal, deref, plt, have := b.NewBlock("signal"), b.NewBlock("deref"), b.NewBlock("plt"), b.NewBlock("cfa")
	is := func(n int64, to *ir.Block) { u.when(b.Binary(ir.OpEq, kind, b.Const(n)), to) }
	is(object.UnwindNone, u.guess)
	is(object.UnwindEnd, u.end)
	is(object.UnwindSignal, signal)
	cfa := b.NewVariable(ir.I64)
	base := b.Binary(ir.OpAdd, u.base(b.Load(rule, object.UnwindRuleReg, 1, false)), off)
	b.Define(cfa, base)
	is(object.UnwindDeref, deref)
	is(object.UnwindPLT, plt)
	u.when(b.Binary(ir.OpULe, base, u.reg(regSP)), u.noMemory) // a caller's frame is above
	b.Jump(have)

	u.enter(deref)
	b.Define(cfa, b.Binary(ir.OpAdd, u.read(base), b.Load(rule, object.UnwindRuleOffset2, 4, true)))
	b.Jump(have)

	u.enter(plt)
	low := b.Binary(ir.OpAnd, u.walk(walkIP), b.Const(15))
	pushed := b.Binary(ir.OpULe, b.Load(rule, object.UnwindRuleOffset2, 4, false), low)
	b.Define(cfa, b.Binary(ir.OpAdd, base, b.Binary(ir.OpShl, pushed, b.Const(3))))
	b.Jump(have)

	u.enter(have)
	u.toCaller(rule, b.Use(cfa))
	u.enter(signal)
	u.fromSignal(off)
}

// base returns the register that a rule is about. Those that rules do not follow are known in the frame alone that the walk began at.
func (u *stepper) base(n *ir.Value) *ir.Value {
	b := u.b
	known := b.NewBlock("register")
	for _, r := range [...]int64{regSP, regBP, regBX} {
		u.when(b.Binary(ir.OpEq, n, b.Const(r)), known)
	}
	u.when(b.Binary(ir.OpEq, u.walk(walkFresh), b.Const(0)), u.noCode)
	b.Jump(known)
	u.enter(known)
	off := b.Binary(ir.OpShl, b.Binary(ir.OpAnd, n, b.Const(15)), b.Const(3))
	return b.Load(b.Binary(ir.OpAdd, u.s, off), walkRegs, 8, false)
}

// read reads a word of the user's stack.
func (u *stepper) read(addr *ir.Value) *ir.Value {
	u.readWords(addr, 1)
	return u.b.Load(u.scratch, 0, 8, false)
}

// readWords reads words of the user's stack into scratch.
func (u *stepper) readWords(addr *ir.Value, n int64) {
	b := u.b
	ret := b.Call(ir.HelperProbeReadUser, u.scratch, b.Const(8*n), addr)
	ok := b.NewBlock("read")
	b.Branch(ret, u.noMemory, ok)
	u.enter(ok)
}

// toCaller sets the registers to what they are in the caller's frame.
func (u *stepper) toCaller(rule, cfa *ir.Value) {
	b := u.b
	ip := u.read(b.AddImm(cfa, -8))
	u.restore(regBX, b.Load(rule, object.UnwindRuleBX, 1, false), b.Load(rule, object.UnwindRuleBXOffset, 4, true), cfa)
	u.restore(regBP, b.Load(rule, object.UnwindRuleBP, 1, false), b.Load(rule, object.UnwindRuleBPOffset, 4, true), cfa)
	u.called(ip, cfa)
	u.set(walkGuess, b.Const(0))
	b.Jump(u.goOn)
}

// called makes the caller's frame the one that the walk is at.
func (u *stepper) called(ip, sp *ir.Value) {
	u.set(walkIP, ip)
	u.set(walkRegs+8*regSP, sp)
	u.set(walkFresh, u.b.Const(0))
	u.set(walkAdjust, u.b.Const(1))
}

// restore sets a register to what it is in the caller's frame.
func (u *stepper) restore(reg int64, kind, off, cfa *ir.Value) {
	b := u.b
	from := b.NewVariable(ir.I64)
	atCFA, atBP, lost, read, done := b.NewBlock("at_cfa"), b.NewBlock("at_bp"), b.NewBlock("lost"), b.NewBlock("saved"), b.NewBlock("restored")
	b.Define(from, b.Const(0))
	u.when(b.Binary(ir.OpEq, kind, b.Const(object.UnwindSavedNot)), done)
	u.when(b.Binary(ir.OpEq, kind, b.Const(object.UnwindSavedCFA)), atCFA)
	u.when(b.Binary(ir.OpEq, kind, b.Const(object.UnwindSavedBP)), atBP)
	b.Jump(lost)
	u.enter(atCFA)
	b.Define(from, b.Binary(ir.OpAdd, cfa, off))
	b.Jump(read)
	u.enter(atBP)
	b.Define(from, b.Binary(ir.OpAdd, u.reg(regBP), off))
	b.Jump(read)
	u.enter(read)
	u.set(walkRegs+8*reg, u.read(b.Use(from)))
	b.Jump(done)
	u.enter(lost)
	u.set(walkRegs+8*reg, b.Const(0))
	b.Jump(done)
	u.enter(done)
}

// contextRegs are the DWARF numbers of the registers in a signal's context, in its order from R8 on.
var contextRegs = [...]int64{8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16}

// fromSignal goes to the frame that a signal has interrupted: all its registers are known.
func (u *stepper) fromSignal(off *ir.Value) {
	b := u.b
	context := b.Binary(ir.OpAdd, u.reg(regSP), off)
	regs := u.Temp("context", 8*len(contextRegs), 8)
	ok := b.NewBlock("context")
	b.Branch(b.Call(ir.HelperProbeReadUser, regs, b.Const(int64(8*len(contextRegs))), context), u.noMemory, ok)
	u.enter(ok)
	for i, n := range contextRegs {
		u.set(walkRegs+8*n, b.Load(regs, 8*int64(i), 8, false))
	}
	u.set(walkFresh, b.Const(1))
	u.set(walkAdjust, b.Const(0))
	u.set(walkGuess, b.Const(0))
	b.Jump(u.goOn)
}

// byFramePointer goes to the caller's frame as ustack does, in code that nothing is known of. Whether that was right shows in the next
// step: the caller is code.
func (u *stepper) byFramePointer() {
	b := u.b
	bp := u.reg(regBP)
	u.when(b.Binary(ir.OpAnd, bp, b.Const(7)), u.noCode)
	u.when(b.Binary(ir.OpULe, b.Const(farthest), b.Binary(ir.OpSub, bp, u.reg(regSP))), u.noCode)
	ok := b.NewBlock("read")
	b.Branch(b.Call(ir.HelperProbeReadUser, u.scratch, b.Const(16), bp), u.noCode, ok)
	u.enter(ok)
	u.set(walkRegs+8*regBP, b.Load(u.scratch, 0, 8, false))
	u.called(b.Load(u.scratch, 8, 8, false), b.AddImm(bp, 16))
	u.set(walkRegs+8*regBX, b.Const(0))
	u.set(walkGuess, b.Const(1))
	b.Jump(u.goOn)
}
