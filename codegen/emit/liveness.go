package emit

import "slices"

// interval is a half-open range of positions. Instruction i reads at position 2i and writes at 2i+1.
type interval struct{ from, to int }

// variables tells the live-range builder what to look at: registers or spill slots.
type variables struct {
	count int
	visit func(in *inst, fn func(id int, how role))
}

func registers(c *code) variables {
	return variables{int(c.next), func(in *inst, fn func(id int, how role)) {
		in.visit(func(r *reg, how role) { fn(int(*r), how) })
	}}
}

func spillSlots(c *code) variables {
	return variables{c.spills, func(in *inst, fn func(id int, how role)) {
		if in.kind != instMove {
			return
		}
		for _, m := range in.moves {
			if m.src.kind == operandSpill {
				fn(int(m.src.imm), roleUse)
			}
		}
		for _, m := range in.moves {
			if m.dst.kind == operandSpill {
				fn(int(m.dst.imm), roleDef)
			}
		}
	}}
}

// liveRanges returns, for each variable, where it holds a value that is still needed: sorted, with holes.
func liveRanges(c *code, vars variables) [][]interval {
	liveOut := liveOuts(c, vars)
	ranges := make([][]interval, vars.count)
	end := 0
	for _, b := range c.blocks {
		end += len(b.insts)
	}
	for i := len(c.blocks) - 1; i >= 0; i-- {
		b := c.blocks[i]
		first := end - len(b.insts)
		blockRanges(b, first, liveOut[i], ranges, vars)
		end = first
	}
	for _, r := range ranges {
		slices.Reverse(r)
	}
	return ranges
}

// blockRanges adds the ranges of one block, whose instructions begin with number first. Ranges are built backwards.
func blockRanges(b *block, first int, liveOut []int32, ranges [][]interval, vars variables) {
	begin := 2 * first
	for _, v := range liveOut {
		extend(ranges, int(v), begin, 2*(first+len(b.insts)))
	}
	for i := len(b.insts) - 1; i >= 0; i-- {
		pos := 2 * (first + i)
		vars.visit(b.insts[i], func(v int, how role) {
			if how&roleDef == 0 {
				return
			}
			at := pos + 1
			if how&roleEarly != 0 {
				at = pos
			}
			if r := ranges[v]; len(r) > 0 && r[len(r)-1].from <= at && at < r[len(r)-1].to {
				r[len(r)-1].from = at
			} else {
				extend(ranges, v, at, pos+2)
			}
		})
		vars.visit(b.insts[i], func(v int, how role) {
			if how&roleUse != 0 {
				extend(ranges, v, begin, pos+1)
			}
		})
	}
}

// extend adds a range that begins no later than those that are there.
func extend(ranges [][]interval, v, from, to int) {
	r := ranges[v]
	if n := len(r); n > 0 && r[n-1].from <= to {
		r[n-1].from = min(r[n-1].from, from)
		r[n-1].to = max(r[n-1].to, to)
		return
	}
	ranges[v] = append(r, interval{from, to})
}

// liveOuts returns the variables that are live at the end of each block, in no particular order. It follows each variable
// from where it is used back to where it is defined, so that it takes as long as the lists it returns are.
func liveOuts(c *code, vars variables) [][]int32 {
	uses, defs := exposed(c, vars)
	preds := predecessors(c)
	out := make([][]int32, len(c.blocks))
	// For the variable at hand, plus 1: the blocks that define it, and those that it is known to be live out of.
	defines, visited := make([]int32, len(c.blocks)), make([]int32, len(c.blocks))
	var work []int32
	for v := range int32(vars.count) {
		if len(uses[v]) == 0 {
			continue
		}
		for _, b := range defs[v] {
			defines[b] = v + 1
		}
		work = append(work[:0], uses[v]...)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			for _, p := range preds[b] {
				if visited[p] == v+1 {
					continue
				}
				visited[p] = v + 1
				out[p] = append(out[p], v)
				if defines[p] != v+1 {
					work = append(work, p)
				}
			}
		}
	}
	return out
}

// exposed returns, for each variable, the blocks that use it before they define it, and those that define it.
func exposed(c *code, vars variables) (uses, defs [][]int32) {
	uses, defs = make([][]int32, vars.count), make([][]int32, vars.count)
	last := func(list []int32) int32 {
		if len(list) == 0 {
			return -1
		}
		return list[len(list)-1]
	}
	for i, b := range c.blocks {
		i := int32(i)
		for _, x := range b.insts {
			vars.visit(x, func(v int, how role) {
				if how&roleUse != 0 && last(defs[v]) != i && last(uses[v]) != i {
					uses[v] = append(uses[v], i)
				}
			})
			vars.visit(x, func(v int, how role) {
				if how&roleDef != 0 && last(defs[v]) != i {
					defs[v] = append(defs[v], i)
				}
			})
		}
	}
	return uses, defs
}

func predecessors(c *code) [][]int32 {
	preds := make([][]int32, len(c.blocks))
	for i, b := range c.blocks {
		for _, s := range b.succs() {
			preds[s.id] = append(preds[s.id], int32(i))
		}
	}
	return preds
}
