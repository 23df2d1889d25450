package emit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
)

// MaxStack is the stack of a BPF program with all functions that it is inside of, in bytes.
const MaxStack = 512

// Options say what the instructions are made for.
type Options struct {
	// Target is the kernel; required.
	Target target.Target
	// ScratchMap is the name of the per-CPU array map for memory objects that do not fit on the stack. Without a name such a
	// function is an error.
	ScratchMap string
	// LostMap is the array map whose value begins with the counter of the runs of reentrant functions that found no scratch memory free.
	LostMap string
	// OnStack is the number of bytes of stack that may be used; 0 means MaxStack.
	OnStack int
	// PartBranches is how many branches the parts have that long programs are divided into; 0 means 1000. No program is divided that has
	// four times as many or less.
	PartBranches int
	// global are the functions that the verifier follows by themselves.
	global map[string]bool
}

// Result is a function as BPF instructions.
type Result struct {
	// Name is the function's name, the symbol of its first instruction.
	Name string
	// Insns have symbolic references to maps and functions; jumps are resolved.
	Insns asm.Instructions
	// StackSize is the number of bytes of stack that are used.
	StackSize int
	// ScratchSize is not 0 if the function needs the scratch map: a per-CPU array map with ScratchEntries entries of that many bytes.
	ScratchSize, ScratchEntries int
	// ScratchMap is the name of that map.
	ScratchMap string
	// Calls are the subprograms that the function calls or takes the address of, sorted.
	Calls []string
}

// Func returns the instructions of one function. An error says that the function is too long or needs too much stack.
func Func(f *ir.Func, opts Options) (Result, error) {
	if opts.OnStack <= 0 || opts.OnStack > MaxStack {
		opts.OnStack = MaxStack
	}
	a := analyzeSlots(f)
	r, err := nearFunc(f, a, opts)
	if errors.As(err, new(stackError)) && opts.ScratchMap != "" {
		return farFunc(f, a, opts)
	}
	return r, err
}

// stackError says how a function does not fit on the stack.
type stackError struct{ text string }

func (e stackError) Error() string { return e.text }

func tooMuchStack(f *ir.Func, what string, bytes, available int) error {
	return stackError{fmt.Sprintf("%s: the program%s %d bytes of stack, %d are available", f.Name, what, bytes, available)}
}

// nearFunc makes a function whose spilled registers are all on the stack.
func nearFunc(f *ir.Func, a *slotAnalysis, opts Options) (Result, error) {
	for budget := opts.OnStack; ; {
		frame, err := newFrame(f, a, budget, opts.ScratchMap != "", false)
		if err != nil {
			return Result{}, err
		}
		c := selectFunc(f, frame, opts)
		alloc := allocate(c)
		frame.placeSpills(c, math.MaxInt)
		moves := resolveMoves(c, alloc, frame)
		if frame.size() <= opts.OnStack {
			return assemble(&expander{c, alloc, frame, moves}, opts)
		}
		if budget == 0 || frame.spillBytes > opts.OnStack {
			return Result{}, tooMuchStack(f, " needs", frame.size(), opts.OnStack)
		}
		budget = min(budget-8, opts.OnStack-frame.spillBytes) &^ 7
		budget = max(0, budget)
	}
}

// farFunc makes a function that spills registers to its scratch memory, too.
func farFunc(f *ir.Func, a *slotAnalysis, opts Options) (Result, error) {
	frame, err := newFrame(f, a, opts.OnStack, true, true)
	if err != nil {
		return Result{}, err
	}
	c := selectFunc(f, frame, opts)
	alloc := allocate(c)
	frame.placeSpills(c, max(0, opts.OnStack-alignUp(frame.slotBytes, 8)-8*maxExtra))
	moves := resolveMoves(c, alloc, frame)
	if frame.size() > opts.OnStack {
		return Result{}, tooMuchStack(f, " needs", frame.size(), opts.OnStack)
	}
	return assemble(&expander{c, alloc, frame, moves}, opts)
}

// Module returns the instructions of every function, in the module's order, then those of functions that it divides long ones into. Functions get scratch maps of their own, named
// Options.ScratchMap followed by the function's index. The stack is divided between functions that call each other.
func Module(m *ir.Module, opts Options) ([]Result, error) {
	splitLong(m, opts.PartBranches)
	opts.global = map[string]bool{}
	for _, f := range m.Funcs {
		if f.Global {
			opts.global[f.Name] = true
		}
	}
	e := &moduleEmitter{
		module: m, opts: opts, results: make([]Result, len(m.Funcs)), state: make([]visitState, len(m.Funcs)),
		index: make(map[string]int, len(m.Funcs)), stacks: make([]int, len(m.Funcs)),
	}
	for i, f := range m.Funcs {
		e.index[f.Name] = i
	}
	for i := range m.Funcs {
		if _, err := e.emit(i); err != nil {
			return nil, err
		}
	}
	return e.results, nil
}

type visitState uint8

const (
	unvisited visitState = iota
	visiting
	visited
)

type moduleEmitter struct {
	module  *ir.Module
	opts    Options
	results []Result
	state   []visitState
	index   map[string]int // by name
	stacks  []int          // what emit returned
}

const (
	// subStack is what a subprogram may use, so that a few levels of them fit below a program.
	subStack = 128
	// stackStep is how much more a subprogram gets at a time that cannot do with that.
	stackStep = 32
)

// emit makes function i after those that it calls and returns the stack of the deepest chain that begins with it.
func (e *moduleEmitter) emit(i int) (int, error) {
	f := e.module.Funcs[i]
	switch e.state[i] {
	case visiting:
		return 0, fmt.Errorf("%s calls itself", f.Name)
	case visited:
		return e.stacks[i], nil
	case unvisited:
		e.state[i] = visiting
	}
	below := 0
	for _, name := range callees(f) {
		if x := e.module.Extern(name); x != nil {
			below = max(below, x.Stack)
			continue
		}
		j, known := e.index[name]
		if !known {
			panic(fmt.Sprintf("BUG: emit: %s calls %s, which is not in the module", f.Name, name))
		}
		n, err := e.emit(j)
		if err != nil {
			return 0, err
		}
		below = max(below, n)
	}
	if err := e.emitFunc(i, below); err != nil {
		return 0, err
	}
	e.state[i], e.stacks[i] = visited, below+alignUp(max(1, e.results[i].StackSize), 32)
	return e.stacks[i], nil
}

func (e *moduleEmitter) emitFunc(i, below int) error {
	f, opts := e.module.Funcs[i], e.opts
	if opts.ScratchMap != "" {
		opts.ScratchMap = fmt.Sprintf("%s%d", opts.ScratchMap, i)
	}
	if opts.OnStack <= 0 || opts.OnStack > MaxStack {
		opts.OnStack = MaxStack
	}
	left := opts.OnStack - below
	if left <= 0 {
		return fmt.Errorf("%s: no stack is left for the functions that it calls", f.Name)
	}
	opts.OnStack = left
	if f.Sub {
		opts.OnStack = min(left, subStack)
	}
	analysis := analyzeSlots(f)
	var err error
	for _, emit := range []func(*ir.Func, *slotAnalysis, Options) (Result, error){nearFunc, farFunc} {
		o := opts
		for ; o.OnStack <= left; o.OnStack += stackStep {
			e.results[i], err = emit(f, analysis, o)
			if !errors.As(err, new(stackError)) {
				return err
			}
		}
		if opts.ScratchMap == "" {
			break
		}
	}
	return err
}

// callees returns the names of the functions that f refers to, sorted.
func callees(f *ir.Func) []string {
	var out []string
	for _, b := range f.Blocks {
		for _, v := range b.Instrs {
			if v.Op == ir.OpCallFunc || v.Op == ir.OpFuncPtr {
				out = append(out, v.Sym)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func alignUp(n, align int) int { return (n + align - 1) / align * align }
