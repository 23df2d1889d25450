package emit

import (
	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
)

// call selects a call of a helper or a subprogram: arguments to R1 and on, the result from R0.
func (s *selector) call(v *ir.Value) {
	var moves []move
	for i, a := range v.Args {
		moves = append(moves, move{regOperand(r1 + reg(i)), s.operand(a)})
	}
	if len(moves) > 0 {
		s.emit(&inst{kind: instMove, moves: moves})
	}
	in := &inst{kind: instCall, nargs: len(v.Args), helper: v.Helper}
	if v.Op != ir.OpCall {
		in.sym, in.kfunc = v.Sym, v.Op == ir.OpKfunc
	}
	s.emit(in)
	if d, used := s.regs[v]; used {
		s.move(d, regOperand(r0))
	}
}

// branch selects a two-way branch, with its comparison if nothing else needs that.
func (s *selector) branch(v *ir.Value) {
	in, opposite := s.condition(v.Args[0])
	in.kind = instBranch
	in.targets = [2]*block{s.edge(v.Targets[0]), s.edge(v.Targets[1])}
	if opposite {
		in.targets[0], in.targets[1] = in.targets[1], in.targets[0]
	}
	s.emit(in)
}

// condition returns the condition of a branch on c, or its opposite.
func (s *selector) condition(c *ir.Value) (in *inst, opposite bool) {
	if s.others[c] == 0 && c.Op == ir.OpAnd {
		return s.bits(c), false
	}
	if s.others[c] == 0 && isCompare(c.Op) {
		if c.Op == ir.OpEq {
			if in := s.testBits(asm.JNE, c.Args[0], c.Args[1]); in != nil {
				return in, true
			}
		}
		return s.compare(c), false
	}
	return &inst{jump: asm.JNE, left: s.use(c), src: constOperand(0)}, false
}

// edge returns the block to jump to for a target: the target's, or one in between that assigns its parameters.
func (s *selector) edge(t ir.Target) *block {
	to := s.blocks[t.Block]
	if len(t.Args) == 0 {
		return to
	}
	outer := s.group
	s.group = nil
	var moves []move
	for i, p := range t.Block.Params {
		moves = append(moves, move{regOperand(s.reg(p)), s.operand(t.Args[i])})
	}
	s.emit(&inst{kind: instMove, moves: moves})
	s.emit(&inst{kind: instJump, targets: [2]*block{to}})
	b := s.newBlock()
	b.insts = s.group
	s.group = outer
	return b
}

func (s *selector) ret(v *ir.Value) {
	if s.frame.claimed {
		s.releaseScratch()
	}
	if x := v.Args[0]; x.Op == ir.OpConst {
		s.emit(&inst{kind: instJump, targets: [2]*block{s.returnBlock(x.Imm)}})
		return
	}
	s.emit(&inst{kind: instMove, moves: []move{{regOperand(r0), s.operand(v.Args[0])}}})
	s.emit(&inst{kind: instExit})
}

// returnBlock returns the block that returns n; there is one for each n.
func (s *selector) returnBlock(n int64) *block {
	if b := s.returns[n]; b != nil {
		return b
	}
	b := s.newBlock()
	b.last = true
	b.insts = []*inst{
		{kind: instMove, moves: []move{{regOperand(r0), constOperand(n)}}, span: s.span},
		{kind: instExit, span: s.span},
	}
	s.returns[n] = b
	return b
}

// prologue returns the block that runs before the function's first: it takes the context or the parameters from their
// registers and looks up the scratch memory.
func (s *selector) prologue(entry *block) *block {
	b := s.newBlock()
	s.group, s.span = nil, firstSpan(s.fn)
	entry = s.otherBanks(entry)
	var moves []move
	if s.ctx != noReg {
		moves = append(moves, move{regOperand(s.ctx), regOperand(r1)})
	}
	for i, p := range s.fn.Blocks[0].Params {
		if r, used := s.regs[p]; used {
			moves = append(moves, move{regOperand(r), regOperand(r1 + reg(i))})
		}
	}
	if len(moves) > 0 {
		s.emit(&inst{kind: instMove, moves: moves})
	}
	switch {
	case s.scratch == noReg:
		s.emit(&inst{kind: instJump, targets: [2]*block{entry}})
	case s.frame.far:
		s.farScratch(entry)
	case s.frame.claimed:
		s.claimScratch(entry)
	default:
		s.lookupScratch(0, entry)
	}
	b.insts = s.group
	return b
}
