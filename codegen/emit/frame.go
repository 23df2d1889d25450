package emit

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// bitset is a set of small integers.
type bitset []uint64

func newBitset(n int) bitset         { return make(bitset, (n+63)/64) }
func (s bitset) set(i int)           { s[i/64] |= 1 << (i % 64) }
func (s bitset) has(i int) bool      { return s[i/64]&(1<<(i%64)) != 0 }
func (s bitset) equal(o bitset) bool { return slices.Equal(s, o) }

func (s bitset) or(o bitset) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s bitset) each(fn func(i int)) {
	for w, x := range s {
		for ; x != 0; x &= x - 1 {
			fn(w*64 + bits.TrailingZeros64(x))
		}
	}
}

// bigSlot is the size from which a memory object never goes on the stack.
const bigSlot = 256

// frame is where a function's memory objects and spilled registers are.
type frame struct {
	// place is the distance of a slot's first byte below R10, or its offset in the scratch memory.
	place       map[*ir.Slot]int
	scratch     map[*ir.Slot]bool
	scratchKey  *ir.Slot
	slotBytes   int
	scratchSize int
	// spillPlace is the number of the 8-byte place of every spill slot, below the slots.
	spillPlace []int
	spillBytes int
}

func (fr *frame) inScratch(s *ir.Slot) bool { return fr.scratch[s] }

func (fr *frame) size() int { return alignUp(fr.slotBytes, 8) + fr.spillBytes }

// spillOffset returns the offset from R10 of a place for spilled registers.
func (fr *frame) spillOffset(place int) int64 {
	return -int64(alignUp(fr.slotBytes, 8) + 8*(place+1))
}

// newFrame places the slots: on the stack as long as they fit into budget bytes, the largest ones in the scratch memory if
// they do not.
func newFrame(f *ir.Func, a *slotAnalysis, budget int, haveScratch bool) (*frame, error) {
	var stack, scratch, pinned []*ir.Slot
	for _, s := range f.Slots {
		switch {
		case !a.used[s.ID]:
		case s.OnStack:
			pinned = append(pinned, s)
		case s.Size > bigSlot:
			scratch = append(scratch, s)
		default:
			stack = append(stack, s)
		}
	}
	slices.SortStableFunc(stack, func(x, y *ir.Slot) int { return y.Size - x.Size })
	fr := &frame{place: map[*ir.Slot]int{}, scratch: map[*ir.Slot]bool{}, scratchKey: &ir.Slot{ID: -1, Name: "scratch key", Size: 4, Align: 4}}
	for {
		key := 0
		if len(scratch) > 0 {
			key = 8
		}
		fr.slotBytes = max(key, a.color(slices.Concat(stack, pinned), func(s *ir.Slot, from int) { fr.place[s] = alignUp(from+s.Size, slotAlign(s)) }))
		if fr.slotBytes <= budget || len(stack) == 0 {
			break
		}
		scratch = append(scratch, stack[0])
		stack = stack[1:]
	}
	if fr.slotBytes > budget || len(scratch) > 0 && !haveScratch {
		return nil, fmt.Errorf("the program's memory objects need %d bytes of stack, %d are available", a.total(), budget)
	}
	for _, s := range scratch {
		fr.scratch[s] = true
	}
	fr.place[fr.scratchKey] = 8
	slices.SortStableFunc(scratch, func(x, y *ir.Slot) int { return y.Size - x.Size })
	fr.scratchSize = alignUp(a.color(scratch, func(s *ir.Slot, from int) { fr.place[s] = from }), 8)
	return fr, nil
}

func slotAlign(s *ir.Slot) int { return max(1, s.Align) }

// slotAnalysis knows which slots of a function are in use at the same time.
type slotAnalysis struct {
	slots     []*ir.Slot
	used      []bool
	conflicts []bitset
}

func (a *slotAnalysis) total() int {
	n := 0
	for i, s := range a.slots {
		if a.used[i] {
			n += s.Size
		}
	}
	return n
}

// color gives every slot the lowest position where it overlaps no slot that it is in conflict with, and returns the number of
// bytes taken. A position is a distance from one end of the memory; sizes are rounded up to the alignment, so that the
// other end of a slot is aligned as well.
func (a *slotAnalysis) color(slots []*ir.Slot, place func(s *ir.Slot, from int)) int {
	type placed struct {
		slot     *ir.Slot
		from, to int
	}
	var done []placed
	size := 0
	for _, s := range slots {
		taken := slices.DeleteFunc(slices.Clone(done), func(p placed) bool { return !a.conflicts[s.ID].has(p.slot.ID) })
		slices.SortFunc(taken, func(x, y placed) int { return x.from - y.from })
		n, from := alignUp(s.Size, slotAlign(s)), 0
		for _, p := range taken {
			if from+n <= p.from {
				break
			}
			from = max(from, alignUp(p.to, slotAlign(s)))
		}
		done = append(done, placed{s, from, from + n})
		place(s, from)
		size = max(size, from+n)
	}
	return size
}

// analyzeSlots finds out which slots live at the same time. A slot lives where an instruction that used it may have run and
// one that uses it may still run. Uses are instructions with the address, or a value made from it, as operand; a slot whose
// address is stored lives everywhere.
func analyzeSlots(f *ir.Func) *slotAnalysis {
	n := len(f.Slots)
	a := &slotAnalysis{slots: f.Slots, used: make([]bool, n), conflicts: make([]bitset, n)}
	for i := range a.conflicts {
		a.conflicts[i] = newBitset(n)
	}
	if n == 0 {
		return a
	}
	l := newSlotLiveness(f)
	l.solve()
	for _, b := range l.order {
		l.walk(b, func(live bitset) { a.conflict(live) })
	}
	return a
}

func (a *slotAnalysis) conflict(live bitset) {
	live.each(func(i int) {
		a.used[i] = true
		a.conflicts[i].or(live)
	})
}

// slotLiveness is the data flow of analyzeSlots.
type slotLiveness struct {
	f       *ir.Func
	n       int
	order   []*ir.Block // postorder
	from    map[*ir.Value]bitset
	escaped bitset
	touched map[*ir.Block]bitset // by any instruction
	started map[*ir.Block]bitset // touched before the block, on some path
	needed  map[*ir.Block]bitset // touched after the block, on some path
	touches map[*ir.Value]bitset
}

func newSlotLiveness(f *ir.Func) *slotLiveness {
	n := len(f.Slots)
	l := &slotLiveness{
		f: f, n: n, order: postorder(f), from: map[*ir.Value]bitset{}, escaped: newBitset(n),
		touched: map[*ir.Block]bitset{}, started: map[*ir.Block]bitset{}, needed: map[*ir.Block]bitset{},
		touches: map[*ir.Value]bitset{},
	}
	for _, b := range l.order {
		l.touched[b], l.started[b], l.needed[b] = newBitset(n), newBitset(n), newBitset(n)
	}
	for l.derive() {
	}
	for _, b := range l.order {
		for _, v := range b.Instrs {
			l.touch(b, v)
		}
	}
	return l
}

// derive finds the slots that values are addresses in, and reports whether it found more.
func (l *slotLiveness) derive() bool {
	changed := false
	add := func(v *ir.Value, slots bitset) {
		if slots == nil {
			return
		}
		if l.from[v] == nil {
			l.from[v] = newBitset(l.n)
		}
		before := slices.Clone(l.from[v])
		l.from[v].or(slots)
		changed = changed || !before.equal(l.from[v])
	}
	for i := len(l.order) - 1; i >= 0; i-- {
		for _, v := range l.order[i].Instrs {
			if v.Op == ir.OpSlot && l.from[v] == nil {
				s := newBitset(l.n)
				s.set(v.Slot.ID)
				add(v, s)
			}
			if derives(v) {
				for _, a := range v.Args {
					add(v, l.from[a])
				}
			}
			for _, t := range v.Targets {
				for j, p := range t.Block.Params {
					add(p, l.from[t.Args[j]])
				}
			}
		}
	}
	return changed
}

// derives reports whether v only computes with its operands.
func derives(v *ir.Value) bool { return v.Op.Info().Pure }

// touch records the slots that v uses.
func (l *slotLiveness) touch(b *ir.Block, v *ir.Value) {
	if derives(v) && !isCompare(v.Op) {
		return
	}
	var t bitset
	for i, a := range v.Args {
		s := l.from[a]
		if s == nil {
			continue
		}
		if t == nil {
			t = newBitset(l.n)
		}
		t.or(s)
		if i == 1 && (v.Op == ir.OpStore || v.Op == ir.OpAtomicAdd || v.Op == ir.OpXchgAdd) {
			l.escaped.or(s)
		}
	}
	if t != nil {
		l.touches[v] = t
		l.touched[b].or(t)
	}
}

// solve computes started and needed.
func (l *slotLiveness) solve() {
	for changed := true; changed; {
		changed = false
		for i := len(l.order) - 1; i >= 0; i-- {
			b := l.order[i]
			out := slices.Clone(l.started[b])
			out.or(l.touched[b])
			for _, t := range b.Instrs[len(b.Instrs)-1].Targets {
				changed = merge(l.started[t.Block], out) || changed
			}
		}
		for _, b := range l.order {
			for _, t := range b.Instrs[len(b.Instrs)-1].Targets {
				in := slices.Clone(l.needed[t.Block])
				in.or(l.touched[t.Block])
				changed = merge(l.needed[b], in) || changed
			}
		}
	}
}

func merge(dst, src bitset) bool {
	before := slices.Clone(dst)
	dst.or(src)
	return !before.equal(dst)
}

// walk calls fn with the slots that live at each instruction of a block that uses one, and at the block's ends.
func (l *slotLiveness) walk(b *ir.Block, fn func(live bitset)) {
	after := make([]bitset, len(b.Instrs)+1)
	after[len(b.Instrs)] = l.needed[b]
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		after[i] = after[i+1]
		if t := l.touches[b.Instrs[i]]; t != nil {
			after[i] = slices.Clone(after[i+1])
			after[i].or(t)
		}
	}
	before := slices.Clone(l.started[b])
	live := newBitset(l.n)
	report := func(after bitset) {
		for w := range live {
			live[w] = before[w]&after[w] | l.escaped[w]
		}
		fn(live)
	}
	report(after[0])
	for i, v := range b.Instrs {
		if t := l.touches[v]; t != nil {
			before.or(t)
			report(after[i])
		}
	}
	report(after[len(b.Instrs)])
}
