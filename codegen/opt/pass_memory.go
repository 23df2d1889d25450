package opt

import "github.com/gtrace/gtrace/codegen/ir"

// passMemory removes traffic with slots inside a block: a load of what was just stored or loaded uses that value, and a store
// that is overwritten before anything can read it goes. Memory outside the function's slots is left alone, since other CPUs
// share it.
func passMemory(f *ir.Func) bool {
	slots := analyzeSlots(f)
	var renames ir.Renames
	changed := false
	for _, b := range f.Blocks {
		fw := &forwarder{slots: slots, renames: &renames}
		changed = fw.block(b) || changed
		changed = removeOverwritten(b, slots) || changed
	}
	renames.Apply(f)
	return changed
}

// content is what some bytes of a slot are known to hold: the low width bytes of value.
type content struct {
	slot   *ir.Slot
	offset int64
	width  uint8
	value  *ir.Value
}

func (c content) overlaps(slot *ir.Slot, offset int64, width uint8) bool {
	return c.slot == slot && c.offset < offset+int64(width) && offset < c.offset+int64(c.width)
}

type forwarder struct {
	slots   *slotUses
	renames *ir.Renames
	known   []content
}

func (fw *forwarder) block(b *ir.Block) bool {
	changed := false
	kept := b.Instrs[:0]
	for _, v := range b.Instrs {
		fw.renames.ApplyTo(v)
		gone := false
		switch {
		case v.Op == ir.OpLoad:
			var hit bool
			hit, gone = fw.load(v)
			changed = changed || hit
		case v.Op == ir.OpStore || v.Op == ir.OpAtomicAdd:
			fw.store(v)
		case writesMemory(v):
			fw.forgetEscaped()
		}
		if !gone {
			kept = append(kept, v)
		}
	}
	b.Instrs = kept
	return changed
}

// writesMemory reports whether an instruction other than a store may change memory that it was given the address of.
func writesMemory(v *ir.Value) bool {
	switch {
	case v.Op == ir.OpXchgAdd || v.Op == ir.OpXchg || v.Op == ir.OpKfunc || v.Op == ir.OpCallFunc:
		return true
	case v.Op == ir.OpCall:
		return v.Helper.Info().Effect == ir.EffectWrite
	}
	return false
}

// load makes a load an extension of the value that is known to be there, or takes it away. Otherwise it learns what was loaded.
func (fw *forwarder) load(v *ir.Value) (hit, gone bool) {
	slot, offset, ok := slotAddress(v.Args[0])
	if !ok {
		return false, false
	}
	offset += v.Imm
	for _, c := range fw.known {
		if c.slot != slot || c.offset != offset || c.width != v.Width {
			continue
		}
		x := fw.renames.Find(c.value)
		switch {
		case v.Width == 8 && x.Type == v.Type:
			fw.renames.Replace(v, x)
			return true, true
		case v.Width < 8 && x.Type == ir.I64:
			v.Op, v.Args = ir.OpZExt, []*ir.Value{x}
			if v.Signed {
				v.Op = ir.OpSExt
			}
			v.Imm, v.Signed, v.Stable = 0, false, false
			return true, false
		}
	}
	fw.known = append(fw.known, content{slot, offset, v.Width, v})
	return false, false
}

func (fw *forwarder) store(v *ir.Value) {
	slot, offset, ok := slotAddress(v.Args[0])
	if !ok {
		if base := baseSlot(v.Args[0]); base == nil {
			fw.forgetEscaped()
		}
		return
	}
	offset += v.Imm
	fw.forget(func(c content) bool { return c.overlaps(slot, offset, v.Width) })
	if v.Op == ir.OpStore {
		fw.known = append(fw.known, content{slot, offset, v.Width, v.Args[1]})
	}
}

func (fw *forwarder) forgetEscaped() {
	fw.forget(func(c content) bool { return fw.slots.escaped[c.slot] })
}

func (fw *forwarder) forget(which func(content) bool) {
	kept := fw.known[:0]
	for _, c := range fw.known {
		if !which(c) {
			kept = append(kept, c)
		}
	}
	fw.known = kept
}

// removeOverwritten goes through a block from its end and removes stores to bytes that are not read again.
func removeOverwritten(b *ir.Block, slots *slotUses) bool {
	d := &deadBytes{slots: slots, returns: b.Terminator().Op == ir.OpReturn, dead: map[*ir.Slot][]bool{}}
	changed := false
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		v := b.Instrs[i]
		slot, offset, ok := memorySlot(v)
		switch {
		case ok && v.Op == ir.OpStore:
			if d.all(slot, offset, v.Width) {
				b.Instrs = append(b.Instrs[:i], b.Instrs[i+1:]...)
				changed = true
				continue
			}
			d.set(slot, offset, v.Width, true)
		case ok:
			d.set(slot, offset, v.Width, false)
		case readsMemory(v):
			d.reviveEscaped()
		}
	}
	return changed
}

// memorySlot returns the place in a slot that an instruction accesses.
func memorySlot(v *ir.Value) (*ir.Slot, int64, bool) {
	if v.Op != ir.OpLoad && v.Op != ir.OpStore && v.Op != ir.OpAtomicAdd {
		return nil, 0, false
	}
	slot, offset, ok := slotAddress(v.Args[0])
	offset += v.Imm
	return slot, offset, ok && offset >= 0 && offset+int64(v.Width) <= int64(slot.Size)
}

// readsMemory reports whether an instruction may read memory through an address that it gets or computes.
func readsMemory(v *ir.Value) bool {
	switch {
	case v.Op == ir.OpCall || v.Op == ir.OpKfunc || v.Op == ir.OpCallFunc:
		return len(v.Args) > 0
	case v.Op == ir.OpLoad || v.Op == ir.OpAtomicAdd || v.Op == ir.OpXchgAdd || v.Op == ir.OpXchg:
		return true
	}
	return false
}

// deadBytes says which bytes of slots nothing reads from here to the end of the block and beyond.
type deadBytes struct {
	slots   *slotUses
	returns bool // the block ends the run: slots that are not mentioned are dead
	revived bool // some later instruction may read escaped slots
	dead    map[*ir.Slot][]bool
}

func (d *deadBytes) of(slot *ir.Slot) []bool {
	if d.dead[slot] == nil {
		bytes := make([]bool, slot.Size)
		if d.returns && !(d.revived && d.slots.escaped[slot]) {
			fill(bytes, true)
		}
		d.dead[slot] = bytes
	}
	return d.dead[slot]
}

func (d *deadBytes) all(slot *ir.Slot, offset int64, width uint8) bool {
	for _, dead := range d.of(slot)[offset : offset+int64(width)] {
		if !dead {
			return false
		}
	}
	return true
}

func (d *deadBytes) set(slot *ir.Slot, offset int64, width uint8, dead bool) {
	fill(d.of(slot)[offset:offset+int64(width)], dead)
}

func (d *deadBytes) reviveEscaped() {
	d.revived = true
	for slot, bytes := range d.dead {
		if d.slots.escaped[slot] {
			fill(bytes, false)
		}
	}
}

func fill(bytes []bool, b bool) {
	for i := range bytes {
		bytes[i] = b
	}
}
