package emit

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// slotUses are the places where a function's slots are used.
type slotUses struct {
	order   []*ir.Block // in reverse postorder
	escaped []bool
	touches [][]blockTouch // by slot, in the order of the blocks
	from    map[*ir.Value][]int32
}

// blockTouch is the first and the last instruction of a block, counted from 1, that use a slot. The block is its number.
type blockTouch struct{ block, first, last int }

func findSlotUses(f *ir.Func) *slotUses {
	n := len(f.Slots)
	u := &slotUses{order: postorder(f), escaped: make([]bool, n), touches: make([][]blockTouch, n), from: map[*ir.Value][]int32{}}
	slices.Reverse(u.order)
	for u.derive() {
	}
	for i, b := range u.order {
		for at, v := range b.Instrs {
			u.touch(i, at+1, v)
		}
	}
	return u
}

// derive finds the slots that values are addresses in, and reports whether it found more.
func (u *slotUses) derive() bool {
	changed := false
	add := func(v *ir.Value, slots []int32) {
		for _, s := range slots {
			if i, known := slices.BinarySearch(u.from[v], s); !known {
				u.from[v] = slices.Insert(slices.Clip(u.from[v]), i, s)
				changed = true
			}
		}
	}
	for _, b := range u.order {
		for _, v := range b.Instrs {
			if v.Op == ir.OpSlot {
				add(v, []int32{int32(v.Slot.ID)})
			}
			if derives(v) {
				for _, a := range v.Args {
					add(v, u.from[a])
				}
			}
			for _, t := range v.Targets {
				for j, p := range t.Block.Params {
					add(p, u.from[t.Args[j]])
				}
			}
		}
	}
	return changed
}

// derives reports whether v only computes with its operands.
func derives(v *ir.Value) bool { return v.Op.Info().Pure }

// touch records the slots that v uses.
func (u *slotUses) touch(block, at int, v *ir.Value) {
	if derives(v) && !isCompare(v.Op) {
		return
	}
	for i, a := range v.Args {
		for _, s := range u.from[a] {
			list := u.touches[s]
			if k := len(list) - 1; k >= 0 && list[k].block == block {
				list[k].last = at
			} else {
				u.touches[s] = append(list, blockTouch{block, at, at})
			}
			if i == 1 && (v.Op == ir.OpStore || v.Op == ir.OpAtomicAdd || v.Op == ir.OpXchgAdd || v.Op == ir.OpXchg) {
				u.escaped[s] = true
			}
		}
	}
}
