package opt

import "github.com/gtrace/gtrace/codegen/ir"

// slotUses says which slots only loads and stores of the function touch.
type slotUses struct{ escaped map[*ir.Slot]bool }

// analyzeSlots finds the slots whose address goes anywhere but into loads, stores and constant offsets.
func analyzeSlots(f *ir.Func) *slotUses {
	s := &slotUses{escaped: map[*ir.Slot]bool{}}
	f.EachInstr(func(v *ir.Value) {
		skip := 0 // the first operand is an address that stays private
		if v.Op == ir.OpLoad || v.Op == ir.OpStore || v.Op == ir.OpAtomicAdd || v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
			skip = 1
		}
		v.EachOperand(func(p **ir.Value) {
			if skip > 0 {
				skip--
				return
			}
			if slot := baseSlot(*p); slot != nil {
				s.escaped[slot] = true
			}
		})
	})
	return s
}

// private returns the slot that a memory instruction accesses if nothing else can; else nil.
func (s *slotUses) private(v *ir.Value) *ir.Slot {
	if v.Op != ir.OpLoad && v.Op != ir.OpStore && v.Op != ir.OpAtomicAdd {
		return nil
	}
	slot, _, ok := slotAddress(v.Args[0])
	if !ok || s.escaped[slot] {
		return nil
	}
	return slot
}

// baseSlot returns the slot that an address was made from by arithmetic; nil if it is none.
func baseSlot(v *ir.Value) *ir.Slot {
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		v = v.Args[0]
	}
	return v.Slot
}

// slotAddress returns the slot and the offset of an address, if they are constant.
func slotAddress(v *ir.Value) (*ir.Slot, int64, bool) {
	offset := int64(0)
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		offset += v.Args[1].Imm
		v = v.Args[0]
	}
	return v.Slot, offset, v.Op == ir.OpSlot
}
