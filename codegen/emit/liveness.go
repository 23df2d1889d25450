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
func blockRanges(b *block, first int, liveOut bitset, ranges [][]interval, vars variables) {
	begin := 2 * first
	liveOut.each(func(v int) { extend(ranges, v, begin, 2*(first+len(b.insts))) })
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

// liveOuts returns the variables that are live at the end of each block.
func liveOuts(c *code, vars variables) []bitset {
	n := len(c.blocks)
	in, out, defs := make([]bitset, n), make([]bitset, n), make([]bitset, n)
	for i, b := range c.blocks {
		in[i], out[i], defs[i] = newBitset(vars.count), newBitset(vars.count), newBitset(vars.count)
		for _, x := range b.insts {
			vars.visit(x, func(v int, how role) {
				if how&roleUse != 0 && !defs[i].has(v) {
					in[i].set(v)
				}
			})
			vars.visit(x, func(v int, how role) {
				if how&roleDef != 0 {
					defs[i].set(v)
				}
			})
		}
	}
	for changed := true; changed; {
		changed = false
		for i := n - 1; i >= 0; i-- {
			for _, s := range c.blocks[i].succs() {
				out[i].or(in[s.id])
			}
			for w := range out[i] {
				x := in[i][w] | out[i][w]&^defs[i][w]
				changed = changed || x != in[i][w]
				in[i][w] = x
			}
		}
	}
	return out
}
