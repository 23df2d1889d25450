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
	// stackFrames is where the number of frames is in a stack, if the script asks for it.
	stackFrames = 12
)

// Stack takes a stack trace: {id, pid}.
func (f *fn) Stack(c stdlib.Call) stdlib.Value {
	t := c.Result.(types.Stack)
	dst := c.Dest(f)
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
	lost, done := f.b.NewBlock("stack_lost"), f.b.NewBlock("stack")
	f.b.Branch(f.b.Binary(ir.OpEq, id, f.b.Const(errExist)), lost, done)
	f.enter(lost)
	f.countLost(object.LostStacks)
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: dst, Type: t}
}

// countFrames walks the stack once more, since programs cannot read what was stored.
func (f *fn) countFrames(t types.Stack, flags int64) *ir.Value {
	size := 8 * t.Depth
	buf := f.Temp("frames", size, 8)
	switch f.kind() {
	case attach.KindTestRun, attach.KindTracing, attach.KindRawTracepoint, attach.KindIter:
		f.zeroBytes(buf, 0, size) // before 5.11 the verifier takes the helper of these programs for one that reads it
	case attach.KindKprobe, attach.KindTracepoint, attach.KindPerfEvent, attach.KindXDP:
	}
	n := f.b.Call(ir.HelperGetStack, f.b.Ctx(), buf, f.b.Const(int64(size)), f.b.Const(flags))
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
