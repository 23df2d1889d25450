package lower

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// workHeader is what the working memory of a program begins with: who holds it.
const workHeader = 8

// onceKey is code that a program has once.
type onceKey struct{ program, name string }

// workMemory says how large the working memory of a program is.
type workMemory struct{ size, entries int }

// Once makes a use of code that the verifier follows once. The code is a subprogram, which is given the index of its memory and numbers:
// that is all that it may know, so that the verifier need not follow it again for what is known elsewhere.
func (f *fn) Once(o stdlib.Once) *ir.Value {
	program := f.programName()
	w := f.work[program]
	w.size, w.entries = max(w.size, workHeader+types.Align(o.Size, 8)), 1
	if f.b.Func.Reentrant {
		w.entries = memories
	}
	f.work[program] = w
	result := f.b.NewVariable(ir.I64)
	f.b.Define(result, f.b.Const(o.Other))
	f.withMemory(memoryKind{
		name: object.WorkMap + program, none: func(done *ir.Block) {
			f.countLost(object.LostEvents)
			f.endProgram()
		},
	}, func(p, n *ir.Value) {
		args := append([]*ir.Value{n}, o.Prepare(f.b.AddImm(p, workHeader))...)
		f.b.Define(result, f.b.CallFunc(f.onceFunc(o, len(args)), args...))
	})
	return f.b.Use(result)
}

// onceFunc returns the name of the subprogram that has the code, made when it is first needed.
func (f *fn) onceFunc(o stdlib.Once, params int) string {
	k := onceKey{f.programName(), o.Name}
	if name := f.once[k]; name != "" {
		return name
	}
	name := fmt.Sprintf("%s_once%d", k.program, len(f.once))
	f.once[k] = name
	b := ir.NewBuilder(name)
	b.Func.Sub, b.Func.Global = true, true
	b.Span = f.b.Span
	g := &fn{module: f.module, b: b, prog: f.prog, program: k.program, at: f.at}
	args := make([]*ir.Value, params)
	for i := range args {
		args[i] = b.Param(ir.I64)
	}
	found, none := b.NewBlock("memory"), b.NewBlock("no_memory")
	p := b.Call(ir.HelperMapLookupElem, b.MapPtr(object.WorkMap+k.program), g.mapIndex(args[0]))
	b.Branch(p, found, none)
	g.enter(none)
	b.Return(b.Const(o.Other))
	g.enter(found)
	b.Return(o.Code(g, b.AddImm(p, workHeader), args[1:]))
	f.subs = append(f.subs, b.Func)
	return name
}

// PutString stores a string at an address, followed by zeros up to size.
func (f *fn) PutString(dst *ir.Value, v stdlib.Value, size int) { f.putString(dst, 0, v, size, true) }

// memories is how many runs of a program can have memory of a kind on a CPU, if threads can take it from each other in the middle of the
// program.
const memories = 4

// memoryKind is per-CPU memory of one program, an array map with entries for as many runs as can be going on on a CPU.
type memoryKind struct {
	name string
	// holders is where an entry has the number of runs that hold it, or try to.
	holders int64
	// none makes the code for a run that finds no entry free, which may go on at done.
	none func(done *ir.Block)
}

// withMemory makes code with memory that no other run of the program has: p is its address, n its index.
func (f *fn) withMemory(kind memoryKind, use func(p, n *ir.Value)) {
	s, index := f.b.NewVariable(ir.Ptr), f.b.NewVariable(ir.I64)
	memory, done := f.b.NewBlock("memory"), f.b.NewBlock("memory_done")
	for n := range int64(memories) {
		p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(kind.name), f.mapIndex(f.b.Const(n)))
		f.b.Define(s, p)
		f.b.Define(index, f.b.Const(n))
		if !f.b.Func.Reentrant {
			f.b.Branch(p, memory, done)
			break
		}
		there, taken := f.b.NewBlock("memory_there"), f.b.NewBlock("taken")
		f.b.Branch(p, there, done)
		f.enter(there)
		f.claim(p, kind.holders, taken, memory)
		if n == memories-1 {
			kind.none(done)
		}
	}
	f.enter(memory)
	use(f.b.Use(s), f.b.Use(index))
	if f.b.Func.Reentrant {
		f.b.AtomicAdd(f.b.Use(s), kind.holders, 8, f.b.Const(-1))
	}
	f.b.Jump(done)
	f.enter(done)
}

// claim goes on at free if no other run holds the memory at p, which is then held, else at taken. Where there is no addition that tells what
// was there before (5.12), preemption is off: a run that comes in between is an interrupt, and leaves the memory as it was.
func (f *fn) claim(p *ir.Value, holders int64, taken, free *ir.Block) {
	if !f.target.Has(target.AtomicFetch) {
		hold := f.b.NewBlock("hold")
		f.b.Branch(f.b.Load(p, holders, 8, false), taken, hold)
		f.enter(hold)
		f.b.Store(p, holders, 8, f.b.Const(1))
		f.b.Jump(free)
		f.enter(taken)
		return
	}
	f.b.Branch(f.b.XchgAdd(p, holders, 8, f.b.Const(1)), taken, free)
	f.enter(taken)
	f.b.AtomicAdd(p, holders, 8, f.b.Const(-1))
}

// mapIndex returns the address of an index of an array. It takes the eight bytes of a place on the stack, though the kernel reads four: to
// the verifier, a place that is not written whole keeps what lay there before, and runs that differ in that are followed one by one.
func (f *fn) mapIndex(n *ir.Value) *ir.Value {
	key := f.Temp("index", 8, 8)
	f.b.Store(key, 0, 8, n)
	return key
}

// workMap is the map of a program's working memory.
func (m *module) workMap(name string, program string) *ebpf.MapSpec {
	w := m.work[program]
	return &ebpf.MapSpec{
		Name: name, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: uint32(w.size), MaxEntries: uint32(w.entries),
	}
}
