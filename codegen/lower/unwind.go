package lower

import (
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// The memory of a walk, which is per CPU and belongs to one program: the registers of the frame that it is at, by their DWARF numbers
// and then RIP; whether all of them are known, not only those that rules are about; what to subtract from RIP to get into the call;
// which ranges the process has; whether the frame was found by a frame pointer; how many frames there are, how many are wanted; a number
// computed from them; who holds the memory; and then their addresses.
const (
	walkRegs    = 0
	walkIP      = 16 * 8
	walkFresh   = walkIP + 8
	walkAdjust  = walkIP + 16
	walkFirst   = walkIP + 24
	walkEnd     = walkIP + 32
	walkGuess   = walkIP + 40
	walkCount   = walkIP + 48
	walkLimit   = walkIP + 56
	walkHash    = walkIP + 64
	walkHolders = walkIP + 72
	walkFrames  = walkIP + 80
	walkSize    = walkFrames + 8*walkMost
	// walkMost is the largest number of frames, a power of two: the verifier wants to see that indexes are less.
	walkMost = 128
)

// noUnwindData is bpftrace's text about a process whose tables were not loaded.
const noUnwindData = "No DWARF unwind data available for this process. Use -p or --dwarf-pid to specify target PIDs."

// ptRegs is where struct pt_regs of x86-64 has the registers, by their DWARF numbers, RIP being the last.
var ptRegs = [17]int64{80, 96, 88, 40, 104, 112, 32, 152, 72, 64, 56, 48, 24, 16, 8, 0, 128}

const (
	// ptRegsCS is where it has the code segment, whose low two bits are set in user space.
	ptRegsCS   = 136
	ptRegsSize = 168
	userMode   = 3
	// kernelStack is the size of a task's kernel stack, at whose end the user's registers are.
	kernelStack = 16384
)

// UnwindStack takes the user stack by call frame information: {number, pid}, as Stack does. The number tells the runtime where to look.
func (f *fn) UnwindStack(c stdlib.Call) stdlib.Value {
	t, dst := c.Result.(types.Stack), c.Dest(f)
	if f.target.Arch() != "amd64" {
		f.Refuse(c.Sig.Name + " needs tables that there are for x86-64 only; ustack walks by frame pointers")
	}
	f.emptyStack(dst, t)
	if t.Depth == 0 {
		return stdlib.Value{V: dst, Type: t}
	}
	known, unknown, done := f.b.NewBlock("known"), f.b.NewBlock("unknown"), f.b.NewBlock("walked")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(object.UnwindProcsMap), f.mapIndex(f.tgid()))
	f.b.Branch(p, known, unknown)
	f.enter(unknown)
	f.runtimeError(f.span(), noUnwindData)
	f.b.Jump(done)
	f.enter(known)
	ranges := f.b.Load(p, 0, 8, false)
	f.withMemory(memoryKind{
		name: object.UnwindStateMap + f.programName(), holders: walkHolders, none: func(done *ir.Block) {
			f.countLost(object.LostStacks)
			f.b.Jump(done)
		},
	}, func(s, n *ir.Value) {
		f.walk(c, t, s, n, ranges)
		f.keepWalked(dst, t, s)
	})
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: dst, Type: t}
}

// walk fills the memory at s, the n-th of the CPU, with the frames of the current task.
func (f *fn) walk(c stdlib.Call, t types.Stack, s, n, ranges *ir.Value) {
	first := f.b.Extend(ranges, 4, false)
	f.b.Store(s, walkFirst, 8, first)
	f.b.Store(s, walkEnd, 8, f.b.Binary(ir.OpAdd, first, f.b.Binary(ir.OpLShr, ranges, f.b.Const(32))))
	for _, off := range [...]int64{walkAdjust, walkGuess, walkCount, walkHash} {
		f.b.Store(s, off, 8, f.b.Const(0))
	}
	f.b.Store(s, walkFresh, 8, f.b.Const(1))
	f.b.Store(s, walkLimit, 8, f.b.Const(int64(t.Depth)))
	f.userRegisters(c, s)

	step := f.unwindStep()
	i := f.b.NewVariable(ir.I64)
	head, body, next, done := f.b.NewBlock("frames"), f.b.NewBlock("frame"), f.b.NewBlock("next_frame"), f.b.NewBlock("all_frames")
	f.b.Define(i, f.b.Const(0))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(i), f.b.Const(int64(t.Depth))), body, done)
	f.enter(body)
	f.b.Branch(f.b.CallFunc(step, n), next, done)
	f.enter(next)
	f.b.Define(i, f.b.AddImm(f.b.Use(i), 1))
	f.b.Jump(head)
	f.b.Seal(head)
	f.enter(done)
}

// userRegisters copies the registers that the current task has, or had when it entered the kernel.
func (f *fn) userRegisters(c stdlib.Call, s *ir.Value) {
	copyFrom := func(regs *ir.Value) {
		for i, off := range ptRegs {
			f.b.Store(s, walkRegs+8*int64(i), 8, f.b.Load(regs, off, 8, false))
		}
	}
	switch f.kind() {
	case attach.KindKprobe:
		if f.prog.Context != nil && f.prog.Context.UserSpace {
			copyFrom(f.b.Ctx())
			return
		}
	case attach.KindPerfEvent:
		user, kernel, done := f.b.NewBlock("user_mode"), f.b.NewBlock("kernel_mode"), f.b.NewBlock("registers")
		f.b.Branch(f.b.Binary(ir.OpAnd, f.b.Load(f.b.Ctx(), ptRegsCS, 8, false), f.b.Const(userMode)), user, kernel)
		f.enter(user)
		copyFrom(f.b.Ctx())
		f.b.Jump(done)
		f.enter(kernel)
		copyFrom(f.taskRegisters(c))
		f.b.Jump(done)
		f.enter(done)
		return
	case attach.KindTestRun, attach.KindTracepoint, attach.KindRawTracepoint, attach.KindTracing, attach.KindIter, attach.KindXDP:
	}
	copyFrom(f.taskRegisters(c))
}

// taskRegisters reads the registers that the current task had when it entered the kernel.
func (f *fn) taskRegisters(c stdlib.Call) *ir.Value {
	var from *ir.Value
	if f.target.Has(target.TaskPtRegs) {
		from = f.b.Call(ir.HelperTaskPtRegs, f.b.Call(ir.HelperGetCurrentTaskBTF))
	} else {
		stack := f.TaskMember(stdlib.Call{Sig: c.Sig, Result: types.Uint64}, nil, "stack")
		from = f.b.AddImm(stack.V, kernelStack-ptRegsSize)
	}
	regs := f.Temp("registers", ptRegsSize, 8)
	f.b.Call(ir.HelperProbeReadKernel, regs, f.b.Const(ptRegsSize), from)
	return regs
}

// keepWalked stores the frames under their number and gives that to the stack.
func (f *fn) keepWalked(dst *ir.Value, t types.Stack, s *ir.Value) {
	count := f.b.Load(s, walkCount, 8, false)
	if f.countsFrames {
		f.b.Store(dst, stackFrames, 4, count)
	}
	some, done := f.b.NewBlock("some_frames"), f.b.NewBlock("stack")
	f.b.Branch(count, some, done)
	f.enter(some)
	if t.Depth < walkMost {
		last := f.b.Binary(ir.OpShl, f.b.Binary(ir.OpAnd, count, f.b.Const(walkMost-1)), f.b.Const(3))
		f.b.Store(f.b.Binary(ir.OpAdd, s, last), walkFrames, 8, f.b.Const(0))
	}
	id := f.stackID(f.b.Load(s, walkHash, 8, false), object.UnwindWalked)
	f.keepStack(dst, object.WalkedMapName(t), id, f.b.AddImm(s, walkFrames))
	f.b.Jump(done)
	f.enter(done)
}

// unwindMap completes the spec of a map for walks, if the name is that of one.
func (m *module) unwindMap(name string, spec *ebpf.MapSpec) bool {
	switch name {
	case object.UnwindLostMap:
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.PerCPUArray, 8, object.UnwindLostReasons
		return true
	case object.UnwindProcsMap:
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.Hash, 8, object.UnwindMaxProcs
		return true
	case object.UnwindRangesMap:
		spec.ValueSize, spec.MaxEntries = object.UnwindRangeSize, object.UnwindMaxRanges
		return true
	case object.UnwindRulesMap:
		spec.ValueSize, spec.MaxEntries = object.UnwindRuleSize, object.UnwindMaxRules
		return true
	case object.UnwindChunksMap:
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.ArrayOfMaps, 4, object.UnwindMaxChunks
		spec.InnerMap = &ebpf.MapSpec{
			Name: "gt_unwind_rows", Type: ebpf.Array, KeySize: 4, ValueSize: object.UnwindRowSize, MaxEntries: object.UnwindChunkRows,
		}
		return true
	}
	if strings.HasPrefix(name, object.UnwindStateMap) {
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.PerCPUArray, walkSize, memories
		return true
	}
	return false
}
