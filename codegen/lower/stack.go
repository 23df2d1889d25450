package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// userStack is BPF_F_USER_STACK.
	userStack = 256
	// errExist is what get_stackid returns where another stack has the place.
	errExist = -17
	// hashPrime is an odd number without a pattern, and hashShift half of a word: together they make every bit of a hash depend on every
	// bit of what is hashed.
	hashPrime = -0x61c8864680b583eb
	hashShift = 32
	// stackFrames is where the number of frames is in a stack, if the script asks for it.
	stackFrames = 12
)

// Stack takes a stack trace: {id, pid}.
func (f *fn) Stack(c stdlib.Call) stdlib.Value {
	t := c.Result.(types.Stack)
	dst := c.Dest(f)
	if t.Depth == 0 {
		f.emptyStack(dst, t)
		return stdlib.Value{V: dst, Type: t}
	}
	flags := int64(0)
	pid := f.b.Const(0)
	if t.User {
		flags = userStack
		pid = f.tgid()
	}
	name := object.StackMapName(t)
	id := f.b.Call(ir.HelperGetStackID, f.b.Ctx(), f.b.MapPtr(name), f.b.Const(flags))
	f.b.Store(dst, 0, 8, id)
	f.b.Store(dst, 8, 8, pid)
	if f.countsFrames {
		f.b.Store(dst, stackFrames, 4, f.countFrames(t, flags))
	}
	taken, done := f.b.NewBlock("place_taken"), f.b.NewBlock("stack")
	f.b.Branch(f.b.Binary(ir.OpEq, id, f.b.Const(errExist)), taken, done)
	f.enter(taken)
	if t.Mode == "build_id" {
		f.countLost(object.LostStacks)
	} else {
		f.keepCollided(dst, t, flags)
	}
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: dst, Type: t}
}

// emptyStack stores a stack of no frames.
func (f *fn) emptyStack(dst *ir.Value, t types.Stack) {
	pid := f.b.Const(0)
	if t.User {
		pid = f.tgid()
	}
	f.b.Store(dst, 0, 8, f.b.Const(object.UnwindWalked))
	f.b.Store(dst, 8, 8, pid)
	if f.countsFrames {
		f.b.Store(dst, stackFrames, 4, f.b.Const(0))
	}
}

// keepCollided stores a stack whose place in the stack map another one has, in a map for such, under a number that is computed from its
// frames. The kernel has one place for all stacks with the same hash, and keeps the first that came.
func (f *fn) keepCollided(dst *ir.Value, t types.Stack, flags int64) {
	buf := f.Temp("collided", 8*t.Depth, 8)
	n := f.getStack(buf, t, flags)
	some, lost, done := f.b.NewBlock("collided"), f.b.NewBlock("stack_lost"), f.b.NewBlock("kept")
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Const(0), n), some, lost)
	f.enter(some)
	hash := f.hashFrames(buf, n, t.Depth)
	id := f.b.Binary(ir.OpOr, f.b.Binary(ir.OpAnd, hash, f.b.Const(object.StackCollided-1)), f.b.Const(object.StackCollided))
	key := f.Temp("stack_id", 8, 8)
	f.b.Store(key, 0, 8, id)
	ret := f.b.Call(ir.HelperMapUpdateElem, f.b.MapPtr(object.CollidedMapName(t)), key, buf, f.b.Const(updateNoExist))
	stored, failed, known := f.b.NewBlock("stored"), f.b.NewBlock("not_stored"), f.b.NewBlock("known")
	f.b.Branch(ret, failed, stored)
	f.enter(failed)
	f.b.Branch(f.b.Binary(ir.OpEq, ret, f.b.Const(errExist)), known, lost)
	f.enter(known)
	f.b.Jump(stored)
	f.enter(stored)
	f.b.Store(dst, 0, 8, id)
	f.b.Jump(done)
	f.enter(lost)
	f.countLost(object.LostStacks)
	f.b.Jump(done)
	f.enter(done)
}

// hashFrames computes a number from the n bytes of frames at buf, and ends them with a 0 if they are fewer than depth.
func (f *fn) hashFrames(buf, n *ir.Value, depth int) *ir.Value {
	hash, i := f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64)
	head, body, frame, end, done := f.b.NewBlock("frames"), f.b.NewBlock("frame"), f.b.NewBlock("hash"), f.b.NewBlock("end"), f.b.NewBlock("hashed")
	f.b.Define(hash, n)
	f.b.Define(i, f.b.Const(0))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(i), f.b.Const(int64(8*depth))), body, done)
	f.enter(body)
	at := f.b.Binary(ir.OpAdd, buf, f.b.Use(i))
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Use(i), n), frame, end)
	f.enter(frame)
	h := f.b.Binary(ir.OpMul, f.b.Binary(ir.OpXor, f.b.Use(hash), f.b.Load(at, 0, 8, false)), f.b.Const(hashPrime))
	f.b.Define(hash, f.b.Binary(ir.OpXor, h, f.b.Binary(ir.OpLShr, h, f.b.Const(hashShift))))
	f.b.Define(i, f.b.AddImm(f.b.Use(i), 8))
	f.b.Jump(head)
	f.b.Seal(head)
	f.enter(end)
	f.b.Store(at, 0, 8, f.b.Const(0))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(hash)
}

// getStack walks a stack into buf and returns how many bytes its frames are, or an error below 0.
func (f *fn) getStack(buf *ir.Value, t types.Stack, flags int64) *ir.Value {
	size := 8 * t.Depth
	switch f.kind() {
	case attach.KindTestRun, attach.KindTracing, attach.KindRawTracepoint, attach.KindIter:
		f.zeroBytes(buf, 0, size) // older verifiers take the helper of these programs for one that reads it
	case attach.KindKprobe, attach.KindTracepoint, attach.KindPerfEvent, attach.KindXDP:
	}
	return f.b.Call(ir.HelperGetStack, f.b.Ctx(), buf, f.b.Const(int64(size)), f.b.Const(flags))
}

// countFrames walks the stack once more, since programs cannot read what was stored.
func (f *fn) countFrames(t types.Stack, flags int64) *ir.Value {
	n := f.getStack(f.Temp("frames", 8*t.Depth, 8), t, flags)
	count := f.b.NewVariable(ir.I64)
	f.b.Define(count, f.b.Const(0))
	some, done := f.b.NewBlock("frames"), f.b.NewBlock("counted")
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Const(0), n), some, done)
	f.enter(some)
	f.b.Define(count, f.b.Binary(ir.OpLShr, n, f.b.Const(3)))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(count)
}

// StackLen returns the number of frames of a stack.
func (f *fn) StackLen(stack stdlib.Value) *ir.Value { return f.b.Load(stack.V, stackFrames, 4, false) }
