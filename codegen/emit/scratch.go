package emit

import (
	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
)

// claimable is how many runs of a reentrant function can have scratch memory on a CPU at once: threads that have lost the CPU in
// the middle of it, and the one that is running.
const claimable = 4

// lookupScratch finds entry n of the scratch map and goes on at found. A function whose memory is not there ends.
func (s *selector) lookupScratch(n int64, found *block) {
	key := operand{kind: operandSlot, slot: s.frame.scratchKey}
	s.lookup(s.opts.ScratchMap, key, n)
	s.move(s.scratch, regOperand(r0))
	s.emit(&inst{
		kind: instBranch, jump: asm.JEq, left: s.scratch, src: constOperand(0),
		targets: [2]*block{s.returnBlock(0), found},
	})
}

// farScratch finds the scratch memory, keeps its address on the stack, where all spills find it, and goes on at entry.
func (s *selector) farScratch(entry *block) {
	base, there, outer := s.scratch, s.newBlock(), s.group
	s.scratch, s.group = s.code.newReg(), nil
	s.emit(&inst{kind: instStore, base: operand{kind: operandSlot, slot: s.frame.scratchBase}, width: 8, src: regOperand(s.scratch)})
	s.move(base, operand{kind: operandBase})
	s.emit(&inst{kind: instJump, targets: [2]*block{entry}})
	there.insts, s.group = s.group, outer
	if s.frame.claimed {
		s.claimScratch(there)
	} else {
		s.lookupScratch(0, there)
	}
	s.scratch = base
}

// otherBanks returns a block that finds the scratch memory that is in other pieces than the first and goes on at entry.
func (s *selector) otherBanks(entry *block) *block {
	for n := s.frame.banks - 1; n > 0; n-- {
		r, used := s.banks[n]
		if !used {
			continue
		}
		b := s.newBlock()
		key := operand{kind: operandSlot, slot: s.frame.scratchKey}
		if s.frame.claimed {
			s.claimedKey(key, n)
		} else {
			s.emit(&inst{kind: instStore, base: key, width: 4, src: constOperand(int64(n))})
		}
		s.found(s.opts.ScratchMap, key)
		s.move(r, regOperand(r0))
		s.emit(&inst{kind: instBranch, jump: asm.JEq, left: r, src: constOperand(0), targets: [2]*block{s.returnBlock(0), entry}})
		b.insts, s.group = s.group, nil
		entry = b
	}
	return entry
}

// claimedKey stores the number of piece n of the scratch memory that was claimed.
func (s *selector) claimedKey(key operand, n int) {
	if s.index == noReg {
		s.index = s.code.newReg()
	}
	at := s.code.newReg()
	s.move(at, regOperand(s.index)).tied = true
	s.emit(&inst{kind: instALU, alu: aluAdd, dst: at, src: constOperand(int64(n * claimable))})
	s.emit(&inst{kind: instStore, base: key, width: 4, src: regOperand(at)})
}

// lookup leaves the address of entry n of an array map in R0.
func (s *selector) lookup(sym string, key operand, n int64) {
	s.emit(&inst{kind: instStore, base: key, width: 4, src: constOperand(n)})
	s.found(sym, key)
}

// found leaves the address of the entry of an array map whose number is at key in R0.
func (s *selector) found(sym string, key operand) {
	s.emit(&inst{kind: instMove, moves: []move{
		{regOperand(r1), operand{kind: operandMap, sym: sym}},
		{regOperand(r1 + 1), key},
	}})
	s.emit(&inst{kind: instCall, nargs: 2, helper: ir.HelperMapLookupElem})
}

// claimScratch finds an entry of the scratch map that no other run on this CPU holds. A run that finds none is counted as lost.
func (s *selector) claimScratch(entry *block) {
	next := s.lostRun()
	for n := claimable - 1; n >= 0; n-- {
		try, first := s.newBlock(), s.group
		s.group = nil
		if s.index != noReg {
			s.move(s.index, constOperand(int64(n)))
		}
		s.tryScratch(entry, next)
		try.insts, s.group = s.group, nil
		s.lookupScratch(int64(n), try)
		if n == 0 {
			s.group = append(first, s.group...)
			return
		}
		next = s.newBlock()
		next.insts, s.group = s.group, first
	}
}

// tryScratch goes on at entry if no other run holds the entry that was found, else at next. A run holds an entry if the number at its
// beginning was 0 before the run added one to it; else it takes that back. Programs stay on their CPU, so that two trials never compete for
// long. Kernels that cannot add and tell at once (before 5.12) turn preemption off: there, a run that comes in between ends before this
// one goes on, and leaves the entry as it was.
func (s *selector) tryScratch(entry, next *block) {
	old := s.code.newReg()
	if s.has(target.AtomicFetch) {
		s.move(old, constOperand(1)).tied = true
		s.emit(&inst{kind: instFetch, base: regOperand(s.scratch), width: 8, dst: old})
		taken := s.newBlock()
		s.emit(&inst{kind: instBranch, jump: asm.JEq, left: old, src: constOperand(0), targets: [2]*block{entry, taken}})
		insts := s.group
		s.group = nil
		s.releaseScratch()
		s.emit(&inst{kind: instJump, targets: [2]*block{next}})
		taken.insts, s.group = s.group, insts
		return
	}
	s.emit(&inst{kind: instLoad, dst: old, base: regOperand(s.scratch), width: 8})
	free := s.newBlock()
	s.emit(&inst{kind: instBranch, jump: asm.JEq, left: old, src: constOperand(0), targets: [2]*block{free, next}})
	insts := s.group
	s.group = nil
	s.emit(&inst{kind: instStore, base: regOperand(s.scratch), width: 8, src: constOperand(1)})
	s.emit(&inst{kind: instJump, targets: [2]*block{entry}})
	free.insts, s.group = s.group, insts
}

// releaseScratch ends the run's claim.
func (s *selector) releaseScratch() {
	minus := s.code.newReg()
	s.move(minus, constOperand(-1))
	s.emit(&inst{kind: instAtomic, base: regOperand(s.scratchReg()), width: 8, src: regOperand(minus)})
}

// lostRun is where a run ends that found no scratch memory.
func (s *selector) lostRun() *block {
	outer := s.group
	s.group = nil
	counter, one, lost := s.code.newReg(), s.code.newReg(), s.newBlock()
	s.move(counter, operand{kind: operandMapValue, sym: s.opts.LostMap})
	s.move(one, constOperand(1))
	s.emit(&inst{kind: instAtomic, base: regOperand(counter), width: 8, src: regOperand(one)})
	s.emit(&inst{kind: instJump, targets: [2]*block{s.returnBlock(0)}})
	lost.insts, s.group = s.group, outer
	lost.last = true
	return lost
}
