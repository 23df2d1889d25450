package emit

import (
	"fmt"
	"math"
	"slices"
)

// Register allocation is a linear scan over live ranges with holes, with eviction.
//
// Intervals are taken in the order of their start. One goes to a register that its moves suggest, if that is free over all
// of its range; else to any free one; else to the register whose occupants weigh least, if together they weigh less than
// the newcomer: they are evicted and try again. What finds no place is spilled. The weight of an interval is the
// number of its uses, in loops tenfold, by its length, so that what is used next far away goes first. Registers that calls
// and the frame of a function fix (arguments, results, what a call destroys) are occupants that cannot be evicted: this is how
// values that live across a call come to R6 to R9.
//
// After a pass, every spilled register is replaced by short ones around each use (spill.go), which cannot be spilled, and the
// scan starts over, until nothing is left to spill.

// segment is a range in which a register is taken by owner.
type segment struct {
	interval
	owner reg
}

// occupancy is what one register holds: segments, sorted and disjoint. Those that calls and the frame fix are kept apart,
// since the others come nearly in order: then adding one moves few.
type occupancy struct{ fixed, segments []segment }

// firstSegment returns the index of the first segment that ends after pos.
func firstSegment(segments []segment, pos int) int {
	i, _ := slices.BinarySearchFunc(segments, pos, func(s segment, pos int) int {
		if s.to <= pos {
			return -1
		}
		return 1
	})
	return i
}

// each calls fn with the segments that overlap the ranges, until it returns false.
func (o *occupancy) each(ranges []interval, fn func(s segment) bool) {
	for _, r := range ranges {
		for _, list := range [2][]segment{o.fixed, o.segments} {
			for i := firstSegment(list, r.from); i < len(list) && list[i].from < r.to; i++ {
				if !fn(list[i]) {
					return
				}
			}
		}
	}
}

func (o *occupancy) free(ranges []interval) bool {
	free := true
	o.each(ranges, func(segment) bool { free = false; return false })
	return free
}

// fix takes the register over ranges for good.
func (o *occupancy) fix(owner reg, ranges []interval) {
	o.fixed = make([]segment, len(ranges))
	for i, r := range ranges {
		o.fixed[i] = segment{r, owner}
	}
}

func (o *occupancy) add(owner reg, ranges []interval) {
	for _, r := range ranges {
		o.segments = slices.Insert(o.segments, firstSegment(o.segments, r.from), segment{r, owner})
	}
}

func (o *occupancy) remove(owner reg, ranges []interval) {
	for _, r := range ranges {
		i := firstSegment(o.segments, r.from)
		if o.segments[i].owner != owner {
			panic(fmt.Sprintf("BUG: emit: register is not held by v%d", owner))
		}
		o.segments = slices.Delete(o.segments, i, i+1)
	}
}

// allocation is the outcome: where every virtual register is.
type allocation struct {
	code    *code
	ranges  [][]interval
	weights []float64
	hints   [][]reg
	likes   [][]reg // those of the hints that are registers of the machine, each once
	assign  []reg   // noReg if none
	regs    [numAlloc]occupancy
	spilled map[reg]bool
}

// order is the order in which free registers are taken. Those that calls destroy come first; argument registers last among
// them, since moves suggest them to others.
var order = [numAlloc]reg{0, 5, 4, 3, 2, 1, 6, 7, 8, 9}

// allocate gives every virtual register of c one of R0 to R9. It inserts the code for those that are spilled.
func allocate(c *code) *allocation {
	for {
		a := newAllocation(c)
		a.scan()
		if len(a.spilled) == 0 {
			return a
		}
		spill(c, a.spilled)
	}
}

func newAllocation(c *code) *allocation {
	a := &allocation{code: c, ranges: liveRanges(c, registers(c)), spilled: map[reg]bool{}}
	a.assign = make([]reg, c.next)
	a.weigh()
	a.hint()
	for r := range a.assign {
		a.assign[r] = noReg
	}
	for r := range reg(numAlloc) {
		a.regs[r].fix(r, a.ranges[r])
		a.assign[r] = r
	}
	return a
}

// weigh computes what spilling each register would cost.
func (a *allocation) weigh() {
	a.weights = make([]float64, a.code.next)
	for _, b := range a.code.blocks {
		per := math.Pow(10, float64(b.depth))
		for _, in := range b.insts {
			in.visit(func(r *reg, _ role) { a.weights[*r] += per })
		}
	}
	for r := range a.weights {
		length := 1
		for _, i := range a.ranges[r] {
			length += i.to - i.from
		}
		a.weights[r] /= float64(length)
		if _, ok := a.code.remat[reg(r)]; ok {
			a.weights[r] /= 4
		}
		if a.code.atomic[reg(r)] {
			a.weights[r] = math.Inf(1)
		}
	}
}

// hint collects, for each register, those that it is moved to and from.
func (a *allocation) hint() {
	a.hints, a.likes = make([][]reg, a.code.next), make([][]reg, a.code.next)
	hint := func(x, y reg) {
		if x.virtual() {
			a.hints[x] = append(a.hints[x], y)
		}
		if x.virtual() && !y.virtual() && !slices.Contains(a.likes[x], y) {
			a.likes[x] = append(a.likes[x], y)
		}
	}
	join := func(x, y reg) {
		hint(x, y)
		hint(y, x)
	}
	for _, b := range a.code.blocks {
		for _, in := range b.insts {
			if in.kind == instExtend && in.src.isReg() {
				join(in.dst, in.src.reg)
			}
			for _, m := range in.moves {
				if m.dst.isReg() && m.src.isReg() {
					join(m.dst.reg, m.src.reg)
				}
			}
		}
	}
}

// scan places all registers.
func (a *allocation) scan() {
	var queue []reg
	for r := firstVirtual; r < a.code.next; r++ {
		if len(a.ranges[r]) > 0 {
			queue = append(queue, r)
		}
	}
	slices.SortStableFunc(queue, func(x, y reg) int { return a.ranges[x][0].from - a.ranges[y][0].from })
	for _, r := range queue {
		again := []reg{r}
		for len(again) > 0 {
			r := again[len(again)-1]
			again = append(again[:len(again)-1], a.place(r)...)
		}
	}
}

// place finds a register for r and returns those that had to leave it.
func (a *allocation) place(r reg) []reg {
	ranges := a.ranges[r]
	if phys := a.suggested(r); phys != noReg {
		a.take(r, phys)
		return nil
	}
	for _, phys := range order {
		if a.regs[phys].free(ranges) {
			a.take(r, phys)
			return nil
		}
	}
	phys, occupants := a.cheapest(r)
	if phys == noReg {
		if a.code.atomic[r] {
			panic("BUG: emit: no register for an instruction's operands")
		}
		a.spilled[r] = true
		return nil
	}
	for _, o := range occupants {
		a.regs[phys].remove(o, a.ranges[o])
		a.assign[o] = noReg
	}
	a.take(r, phys)
	return occupants
}

func (a *allocation) take(r, phys reg) {
	a.regs[phys].add(r, a.ranges[r])
	a.assign[r] = phys
}

// suggested returns a free register that saves a move, or that a register which r is moved to would like.
func (a *allocation) suggested(r reg) reg {
	for _, h := range a.hints[r] {
		if phys := a.assign[h]; phys != noReg && a.regs[phys].free(a.ranges[r]) {
			return phys
		}
	}
	for _, h := range a.hints[r] {
		for _, phys := range a.likes[h] {
			if a.regs[phys].free(a.ranges[r]) {
				return phys
			}
		}
	}
	return noReg
}

// cheapest returns the register whose occupants weigh least, and less than r, and the occupants.
func (a *allocation) cheapest(r reg) (reg, []reg) {
	best, limit := noReg, a.weights[r]
	var occupants []reg
	for _, phys := range order {
		sum := 0.0
		var here []reg
		a.regs[phys].each(a.ranges[r], func(s segment) bool {
			if !s.owner.virtual() {
				sum = math.Inf(1)
				return false
			}
			if !slices.Contains(here, s.owner) {
				here = append(here, s.owner)
				sum += a.weights[s.owner]
			}
			return sum < limit
		})
		if sum < limit {
			best, limit, occupants = phys, sum, here
		}
	}
	return best, occupants
}
