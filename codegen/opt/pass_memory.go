package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passMemory removes traffic with slots inside a block: a load of what was just stored or loaded uses that value, and a store
// that is overwritten before anything can read it goes. Memory outside the function's slots is left alone, since other CPUs
// share it.
func passMemory(f *ir.Func) bool {
	slots := analyzeSlots(f)
	dead := newDeadBytes(slots)
	var renames ir.Renames
	changed := false
	for _, b := range f.Blocks {
		fw := &forwarder{slots: slots, renames: &renames, known: map[*ir.Slot]*contents{}}
		changed = fw.block(b) || changed
		changed = removeOverwritten(b, dead) || changed
	}
	renames.Apply(f)
	return changed
}

// content is what some bytes of a slot are known to hold: the low width bytes of value.
type content struct {
	offset int64
	width  uint8
	value  *ir.Value
}

func (c content) overlaps(offset int64, width uint8) bool {
	return c.offset < offset+int64(width) && offset < c.offset+int64(c.width)
}

// contents are what is known of a slot, if that was learnt at the time that it is: then nothing that others may do to it has come since.
type contents struct {
	at   int
	list []content
}

type forwarder struct {
	slots   *slotUses
	renames *ir.Renames
	// now goes on with each instruction that may write to all slots whose address is known to others.
	now   int
	known map[*ir.Slot]*contents
}

// of returns what is known of a slot now.
func (fw *forwarder) of(slot *ir.Slot) *contents {
	k := fw.known[slot]
	if k == nil {
		k = &contents{}
		fw.known[slot] = k
	}
	if fw.slots.escaped[slot] && k.at < fw.now {
		k.list = k.list[:0]
	}
	k.at = fw.now
	return k
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
			fw.now++
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
	known := fw.of(slot)
	for _, c := range known.list {
		if c.offset != offset || c.width != v.Width {
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
	known.list = append(known.list, content{offset, v.Width, v})
	return false, false
}

func (fw *forwarder) store(v *ir.Value) {
	slot, offset, ok := slotAddress(v.Args[0])
	if !ok {
		if base := baseSlot(v.Args[0]); base == nil {
			fw.now++
		}
		return
	}
	offset += v.Imm
	known := fw.of(slot)
	known.list = slices.DeleteFunc(known.list, func(c content) bool { return c.overlaps(offset, v.Width) })
	if v.Op == ir.OpStore {
		known.list = append(known.list, content{offset, v.Width, v.Args[1]})
	}
}

// removeOverwritten goes through a block from its end and removes stores to bytes that are not read again.
func removeOverwritten(b *ir.Block, d *deadBytes) bool {
	d.begin(b.Terminator().Op == ir.OpReturn)
	var gone map[*ir.Value]bool
	for _, v := range slices.Backward(b.Instrs) {
		slot, offset, ok := memorySlot(v)
		switch {
		case ok && v.Op == ir.OpStore && d.all(slot, offset, v.Width):
			if gone == nil {
				gone = map[*ir.Value]bool{}
			}
			gone[v] = true
		case ok:
			d.set(slot, offset, v.Width, v.Op == ir.OpStore)
		case readsMemory(v):
			d.now++ // nothing is dead any more that others can read
		}
	}
	if gone == nil {
		return false
	}
	b.Instrs = slices.DeleteFunc(b.Instrs, func(v *ir.Value) bool { return gone[v] })
	return true
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

// deadBytes says which bytes of slots nothing reads from here to the end of the block and beyond. Time goes on with each instruction that may
// read all slots whose address is known to others, so that what was known of those is out of date without being touched.
type deadBytes struct {
	slots *slotUses
	// The block began at a time, and ends the run or not: then the slots that it does not mention are dead.
	now, began int
	returns    bool
	bytes      map[*ir.Slot][]byteState
}

// byteState is what is known of a byte: whether it was dead, and since when that is known.
type byteState struct {
	at   int
	dead bool
}

func newDeadBytes(slots *slotUses) *deadBytes {
	return &deadBytes{slots: slots, bytes: map[*ir.Slot][]byteState{}}
}

// begin forgets all, at the end of a block.
func (d *deadBytes) begin(returns bool) {
	d.now++
	d.began, d.returns = d.now, returns
}

func (d *deadBytes) of(slot *ir.Slot, offset int64, width uint8) []byteState {
	if d.bytes[slot] == nil {
		d.bytes[slot] = make([]byteState, slot.Size)
	}
	return d.bytes[slot][offset : offset+int64(width)]
}

func (d *deadBytes) all(slot *ir.Slot, offset int64, width uint8) bool {
	escaped := d.slots.escaped[slot]
	for _, b := range d.of(slot, offset, width) {
		if b.at < d.began {
			b = byteState{d.began, d.returns}
		}
		if !b.dead || escaped && b.at < d.now {
			return false
		}
	}
	return true
}

func (d *deadBytes) set(slot *ir.Slot, offset int64, width uint8, dead bool) {
	bytes := d.of(slot, offset, width)
	for i := range bytes {
		bytes[i] = byteState{d.now, dead}
	}
}
