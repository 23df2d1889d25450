package emit

import (
	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
)

// What the verifier knows of a number it still knows when the number comes back from the stack, but not when it comes back from a map. It has
// to know the limits of what is added to addresses, of sizes, and of what ends loops. All other numbers are loose.

// strictness is what the verifier has to know of a number.
type strictness uint8

const (
	limits strictness = iota + 1 // its limits
	exact                        // its value, round by round
)

type looseAnalysis struct {
	strict map[*ir.Value]strictness
	params map[*ir.Value][]*ir.Value // what block parameters can be
	// compared are the values that one is compared with.
	compared map[*ir.Value][]*ir.Value
	work     []*ir.Value
}

// analyzeLoose returns the numbers of f that are not loose.
func analyzeLoose(f *ir.Func) map[*ir.Value]strictness {
	a := &looseAnalysis{strict: map[*ir.Value]strictness{}, params: map[*ir.Value][]*ir.Value{}, compared: map[*ir.Value][]*ir.Value{}}
	looping := loopBlocks(f)
	for _, b := range f.Blocks {
		for _, v := range b.Instrs {
			a.uses(v)
			if v.Op == ir.OpBranch && looping[b] {
				a.mark(v.Args[0], exact)
			}
			if isCompare(v.Op) { // where one side has limits, it may have them from the other
				x, y := v.Args[0], v.Args[1]
				a.compared[x], a.compared[y] = append(a.compared[x], y), append(a.compared[y], x)
			}
			for _, t := range v.Targets {
				for i, p := range t.Block.Params {
					a.params[p] = append(a.params[p], t.Args[i])
				}
			}
		}
	}
	a.follow()
	return a.strict
}

func (a *looseAnalysis) mark(v *ir.Value, how strictness) {
	if v.Type != ir.Ptr && v.Op != ir.OpConst && a.strict[v] < how {
		a.strict[v] = how
		a.work = append(a.work, v)
	}
}

// uses marks the operands of v whose limits count.
func (a *looseAnalysis) uses(v *ir.Value) {
	for i, x := range v.Args {
		switch v.Op {
		case ir.OpLoad, ir.OpStore, ir.OpAtomicAdd, ir.OpXchgAdd, ir.OpXchg:
			if i == 0 {
				a.mark(x, limits)
			}
		case ir.OpCall:
			if !takesAnything(v.Helper, i) {
				a.mark(x, limits)
			}
		case ir.OpCallFunc, ir.OpKfunc:
			a.mark(x, limits)
		default: // computes
			if v.Type == ir.Ptr {
				a.mark(x, limits)
			}
		}
	}
}

// takesAnything reports whether a helper takes any number for an argument.
func takesAnything(h ir.Helper, arg int) bool {
	switch h {
	case ir.HelperProbeReadKernel, ir.HelperProbeReadUser, ir.HelperProbeReadKernelStr, ir.HelperProbeReadUserStr:
		return arg == 2
	case ir.HelperProbeWriteUser:
		return arg == 0
	default:
		return false
	}
}

// follow marks what the marked values are made of.
func (a *looseAnalysis) follow() {
	for len(a.work) > 0 {
		v := a.work[len(a.work)-1]
		a.work = a.work[:len(a.work)-1]
		how := a.strict[v]
		for _, x := range a.params[v] {
			a.mark(x, how)
		}
		for _, x := range a.compared[v] {
			a.mark(x, how)
		}
		if !derives(v) || how == limits && limited(v) {
			continue
		}
		for _, x := range v.Args {
			a.mark(x, how)
		}
	}
}

// limited reports whether the result has limits whatever the operands are.
func limited(v *ir.Value) bool {
	switch v.Op {
	case ir.OpAnd, ir.OpUMod, ir.OpLShr:
		return v.Args[1].Op == ir.OpConst
	case ir.OpZExt:
		return true
	default:
		return isCompare(v.Op)
	}
}

// loopBlocks returns the blocks that backward jumps go over.
func loopBlocks(f *ir.Func) map[*ir.Block]bool {
	order := postorder(f)
	at, in := map[*ir.Block]int{}, map[*ir.Block]bool{}
	for i, b := range order {
		at[b] = i
	}
	for i, b := range order {
		for _, t := range b.Instrs[len(b.Instrs)-1].Targets {
			for k := i; k <= at[t.Block]; k++ {
				in[order[k]] = true
			}
		}
	}
	return in
}

// fewTests is from how many comparisons with constants on a function is made so that the verifier need not remember their outcome.
const fewTests = 32

// manyTests returns the numbers that are not loose if f has many tests. What a test says of a number would be one more thing in which the
// ways through the function differ: the verifier follows each to its end, in a row of tests of one number as many ways as there are tests.
func manyTests(f *ir.Func) (strict map[*ir.Value]strictness, many bool) {
	n := 0
	f.EachInstr(func(v *ir.Value) {
		if isCompare(v.Op) && v.Args[1].Op == ir.OpConst && v.Args[0].Type == ir.I64 {
			n++
		}
	})
	if n <= fewTests {
		return nil, false
	}
	return analyzeLoose(f), true
}

// forgotten returns a register to compare x in: a copy, of which the verifier does not know that it is one, where a test should tell it
// nothing of x.
func (s *selector) forgotten(x, y *ir.Value) reg {
	r := s.use(x)
	if !s.forget || x.Type != ir.I64 || x.Op == ir.OpConst || y.Op != ir.OpConst || s.strict[x] != 0 || s.uses[x] == 1 {
		return r
	}
	t := s.code.newReg()
	s.move(t, regOperand(r)).tied = true
	s.emit(&inst{kind: instALU, alu: asm.Xor, dst: t, src: constOperand(0)})
	return t
}

// looseRegs returns the registers of loose numbers. The parameters of the function are not among them, since they have to be spilled before
// the scratch memory is there.
func (s *selector) looseRegs() map[reg]bool {
	strict, loose := analyzeLoose(s.fn), map[reg]bool{}
	for v, r := range s.regs {
		if v.Type == ir.I64 && strict[v] == 0 {
			loose[r] = true
		}
	}
	for _, p := range s.fn.Blocks[0].Params {
		delete(loose, s.regs[p])
	}
	return loose
}
