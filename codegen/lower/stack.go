package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// userStack is BPF_F_USER_STACK, userBuildID BPF_F_USER_BUILD_ID.
	userStack   = 1 << 8
	userBuildID = 1 << 11
	// errExist is what an update returns where the key is there, errNoStack what a stack without frames has in the place of a number.
	errExist   = -17
	errNoStack = -14
	// hashPrime is an odd number without a pattern, and hashShift half of a word: together they make every bit of a hash depend on every
	// bit of what is hashed.
	hashPrime = -0x61c8864680b583eb
	hashShift = 32
	// stackFrames is where the number of frames is in a stack, if the script asks for it.
	stackFrames = 12
)

// Stack takes a stack trace: {id, pid}. The id is computed from the frames, which are stored under it, so that the same stack has the same id
// for ever, whatever becomes of its place.
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
	if t.Mode == buildIDMode {
		flags |= userBuildID
	}
	f.b.Store(dst, 8, 8, pid)
	if f.countsFrames {
		f.b.Store(dst, stackFrames, 4, f.b.Const(0))
	}
	buf := f.Temp("frames", frameSize(t)*t.Depth, 8)
	n := f.getStack(buf, t, flags)
	some, none, empty, failed, done := f.b.NewBlock("frames"), f.b.NewBlock("no_frames"), f.b.NewBlock("empty"), f.b.NewBlock("failed"), f.b.NewBlock("stack")
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Const(0), n), some, none)
	f.enter(none)
	f.b.Branch(n, failed, empty)
	f.enter(failed)
	f.b.Store(dst, 0, 8, n)
	f.b.Jump(done)
	f.enter(empty)
	f.b.Store(dst, 0, 8, f.b.Const(errNoStack))
	f.b.Jump(done)
	f.enter(some)
	if f.countsFrames {
		f.b.Store(dst, stackFrames, 4, f.b.Binary(ir.OpLShr, n, f.b.Const(frameShift(t))))
	}
	hash := f.hashFrames(buf, n, t)
	f.keepStack(dst, object.StackMapName(t), f.stackID(hash, object.StackStored), buf)
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

// buildIDMode is the mode of stacks whose frames are places in files.
const buildIDMode = "build_id"

// frameShift is the power of two that a frame's size is.
func frameShift(t types.Stack) int64 {
	if t.Mode == buildIDMode {
		return 5
	}
	return 3
}

func frameSize(t types.Stack) int { return 1 << frameShift(t) }

// stackID makes the number of a stack from its hash: kind is the highest bit that is set in it.
func (f *fn) stackID(hash *ir.Value, kind int64) *ir.Value {
	return f.b.Binary(ir.OpOr, f.b.Binary(ir.OpAnd, hash, f.b.Const(kind-1)), f.b.Const(kind))
}

// keepStack gives a stack its number and stores its frames under that, unless they are there already. A stack that finds no room is counted.
func (f *fn) keepStack(dst *ir.Value, name string, id, frames *ir.Value) {
	f.b.Store(dst, 0, 8, id)
	key := f.Temp("stack_id", 8, 8)
	f.b.Store(key, 0, 8, id)
	unknown, refused, stored, lost, done := f.b.NewBlock("new_stack"), f.b.NewBlock("not_stored"), f.b.NewBlock("stored"), f.b.NewBlock("stack_lost"),
		f.b.NewBlock("kept")
	f.b.Branch(f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(name), key), done, unknown)
	f.enter(unknown)
	ret := f.b.Call(ir.HelperMapUpdateElem, f.b.MapPtr(name), key, frames, f.b.Const(updateNoExist))
	// Before 6.4, commit d7ba4cc900bf ("bpf: return long from bpf_map_ops funcs"), the high half of the result is undefined.
	ret = f.b.Extend(ret, 4, true)
	f.b.Branch(ret, refused, stored)
	f.enter(refused)
	if f.target.Has(target.MapAlloc) {
		full, again := f.b.NewBlock("map_full"), f.b.NewBlock("not_spilled")
		f.b.Branch(f.b.Binary(ir.OpEq, ret, f.b.Const(errExist)), done, full)
		f.enter(full)
		ret = f.b.Call(ir.HelperMapUpdateElem, f.b.MapPtr(object.SpillMapName(name)), key, frames, f.b.Const(updateNoExist))
		ret = f.b.Extend(ret, 4, true)
		f.b.Branch(ret, again, stored)
		f.enter(again)
	}
	f.b.Branch(f.b.Binary(ir.OpEq, ret, f.b.Const(errExist)), done, lost)
	f.enter(stored)
	f.countIn(object.StoredMap, 0)
	f.b.Jump(done)
	f.enter(lost)
	f.countLost(object.LostStacks)
	f.b.Jump(done)
	f.enter(done)
}

// hashFrames computes a number from the n bytes of frames at buf, and ends them with a 0 if they are fewer than the depth.
func (f *fn) hashFrames(buf, n *ir.Value, t types.Stack) *ir.Value {
	size := int64(frameSize(t))
	hash, i := f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64)
	head, body, frame, end, done := f.b.NewBlock("frames"), f.b.NewBlock("frame"), f.b.NewBlock("hash"), f.b.NewBlock("end"), f.b.NewBlock("hashed")
	f.b.Define(hash, n)
	f.b.Define(i, f.b.Const(0))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(i), f.b.Const(size*int64(t.Depth))), body, done)
	f.enter(body)
	at := f.b.Binary(ir.OpAdd, buf, f.b.Use(i))
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Use(i), n), frame, end)
	f.enter(frame)
	for off := int64(0); off < size; off += 8 {
		h := f.b.Binary(ir.OpMul, f.b.Binary(ir.OpXor, f.b.Use(hash), f.b.Load(at, off, 8, false)), f.b.Const(hashPrime))
		f.b.Define(hash, f.b.Binary(ir.OpXor, h, f.b.Binary(ir.OpLShr, h, f.b.Const(hashShift))))
	}
	f.b.Define(i, f.b.AddImm(f.b.Use(i), size))
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
	size := frameSize(t) * t.Depth
	switch f.kind() {
	case attach.KindTestRun, attach.KindTracing, attach.KindRawTracepoint, attach.KindIter:
		f.zeroBytes(buf, 0, size) // older verifiers take the helper of these programs for one that reads it
	case attach.KindKprobe, attach.KindTracepoint, attach.KindPerfEvent, attach.KindXDP:
	}
	return f.b.Call(ir.HelperGetStack, f.b.Ctx(), buf, f.b.Const(int64(size)), f.b.Const(flags))
}

// StackLen returns the number of frames of a stack.
func (f *fn) StackLen(stack stdlib.Value) *ir.Value { return f.b.Load(stack.V, stackFrames, 4, false) }
