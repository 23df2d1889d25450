package emit

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf/asm"
)

// What the kernel may make of one instruction when it loads a program: it puts code in the place of helpers, of reads of the
// context and of divisions, and refuses the program if a jump cannot reach its target then.
const (
	callWeight   = 24
	loadWeight   = 3
	divideWeight = 6
)

// weight is the number of 8-byte units that an instruction may have in the kernel, at most.
func weight(in *asm.Instruction) int {
	switch op := in.OpCode; {
	case op.Class().IsJump() && op.JumpOp() == asm.Call:
		return callWeight
	case op.Class() == asm.LdXClass:
		return loadWeight
	case op.Class().IsALU() && (op.ALUOp() == asm.Div || op.ALUOp() == asm.Mod):
		return divideWeight
	default:
		return int(in.Width())
	}
}

// islandEvery is how far islands are apart. With it, a jump reaches the next one over islands of thousands of jumps.
const islandEvery = 20000

// item is an instruction in a program with islands. Those with a target are jumps: to the item where the chunk begins, or to
// the jump for that chunk in an island.
type item struct {
	ins    asm.Instruction
	to     *chunk
	island *island
}

// island is a place between two instructions for jumps to what is too far away from the jumps that want to go there.
type island struct {
	before int // the item that follows
	// skip is set if the item before goes on to the next one, which has to jump over the island.
	skip   bool
	jumps  []*item
	byGoal map[*chunk]int
	// start and begin are where the island is in units and by weight.
	start, begin int
}

// archipelago is a program whose jumps reach further than instructions can say.
type archipelago struct {
	items   []*item
	islands []*island
	first   map[*chunk]int // the first item
	// start and begin are where an item is in units and by weight.
	start, begin []int
	grown        bool
}

// linkByIslands is link for programs whose jumps do not reach their targets, for kernels without long jumps.
func linkByIslands(chunks []*chunk) (asm.Instructions, error) {
	a := &archipelago{first: map[*chunk]int{}}
	for _, c := range chunks {
		a.first[c] = len(a.items)
		a.add(c)
	}
	a.start, a.begin = make([]int, len(a.items)), make([]int, len(a.items))
	a.found()
	for a.grown = true; a.grown; {
		a.grown = false
		a.place()
		a.route()
	}
	return a.instructions()
}

func (a *archipelago) add(c *chunk) {
	lines := lineTagger{}
	for _, in := range c.body {
		a.items = append(a.items, &item{ins: in})
	}
	for _, j := range c.jumps {
		a.items = append(a.items, &item{ins: lines.tag(j.ins, c.span), to: j.to})
	}
	if c.exit {
		a.items = append(a.items, &item{ins: lines.tag(asm.Return(), c.span)})
	}
}

// found makes the islands. None is behind a jump inside of a chunk, which would no longer jump over one instruction.
func (a *archipelago) found() {
	at := 0
	for i, it := range a.items {
		if at >= islandEvery {
			prev := a.items[i-1]
			op := prev.ins.OpCode
			jumps := op.Class().IsJump() && op.JumpOp() != asm.Call && op.JumpOp() != asm.Exit
			if !jumps || prev.to != nil {
				ends := op.Class().IsJump() && (op.JumpOp() == asm.Ja || op.JumpOp() == asm.Exit)
				a.islands = append(a.islands, &island{before: i, skip: !ends, byGoal: map[*chunk]int{}})
				at = 0
			}
		}
		at += weight(&it.ins)
	}
}

// place finds out where everything is.
func (a *archipelago) place() {
	next, start, begin := 0, 0, 0
	for i, it := range a.items {
		if next < len(a.islands) && a.islands[next].before == i {
			isle := a.islands[next]
			if isle.skip && len(isle.jumps) > 0 {
				start, begin = start+1, begin+1
			}
			isle.start, isle.begin = start, begin
			start, begin = start+len(isle.jumps), begin+len(isle.jumps)
			next++
		}
		a.start[i], a.begin[i] = start, begin
		start += int(it.ins.Width())
		begin += weight(&it.ins)
	}
}

// route sends the jumps that do not reach their targets to islands, and on from there.
func (a *archipelago) route() {
	next := 0 // the first island behind the item
	for i, it := range a.items {
		for next < len(a.islands) && a.islands[next].before <= i {
			next++
		}
		a.send(it, a.begin[i], next-1, next)
	}
	for k, isle := range a.islands {
		for n, it := range isle.jumps {
			a.send(it, isle.begin+n, k-1, k+1)
		}
	}
}

// send sends a jump to the island before or behind it if it cannot reach its target.
func (a *archipelago) send(it *item, at, before, behind int) {
	if it.to == nil || it.island != nil || reaches(a.begin[a.first[it.to]]-at) {
		return
	}
	k := behind
	if a.begin[a.first[it.to]] < at {
		k = before
	}
	if k < 0 || k >= len(a.islands) {
		return // there is none: instructions reports it
	}
	isle := a.islands[k]
	it.island, a.grown = isle, true
	if _, ok := isle.byGoal[it.to]; !ok {
		isle.byGoal[it.to] = len(isle.jumps)
		isle.jumps = append(isle.jumps, &item{ins: asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)}, to: it.to})
	}
}

// reaches reports whether a jump over a distance by weight can be written.
func reaches(distance int) bool { return distance > math.MinInt16 && distance < math.MaxInt16 }

// instructions returns the program with its jumps resolved.
func (a *archipelago) instructions() (asm.Instructions, error) {
	var out asm.Instructions
	next := 0
	for i, it := range a.items {
		if next < len(a.islands) && a.islands[next].before == i {
			isle := a.islands[next]
			next++
			if isle.skip && len(isle.jumps) > 0 {
				out = append(out, asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource), Offset: int16(len(isle.jumps))})
			}
			for n, j := range isle.jumps {
				if err := a.resolve(j, isle.start+n, isle.begin+n); err != nil {
					return nil, err
				}
				out = append(out, j.ins)
			}
		}
		if it.to != nil {
			if err := a.resolve(it, a.start[i], a.begin[i]); err != nil {
				return nil, err
			}
		}
		out = append(out, it.ins)
	}
	return out, nil
}

// resolve writes the offset into a jump.
func (a *archipelago) resolve(it *item, start, begin int) error {
	to := a.first[it.to]
	goal, weighted := a.start[to], a.begin[to]
	if it.island != nil {
		n := it.island.byGoal[it.to]
		goal, weighted = it.island.start+n, it.island.begin+n
	}
	if !reaches(weighted - begin) {
		return fmt.Errorf("the program is too long: a jump over %d instructions, and jumps reach %d", goal-start, math.MaxInt16)
	}
	it.ins.Offset = int16(goal - start - 1)
	return nil
}
