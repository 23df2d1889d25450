package emit

import (
	"math"
	"slices"
	"sort"

	"github.com/gtrace/gtrace/codegen/ir"
)

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
	// bank is which piece of scratch memory a slot is in, of banks: the kernel's limit for one is bankSize.
	bank  map[*ir.Slot]int
	banks int
	// claimed is set where a run must claim its scratch memory first: the first 8 bytes count who holds it.
	claimed bool
	// spillPlace is where every spill slot is.
	spillPlace []operand
	spillBytes int
	// far is set where spilled registers may be in the scratch memory, whose address is then in scratchBase from the prologue on.
	far         bool
	scratchBase *ir.Slot
}

func (fr *frame) inScratch(s *ir.Slot) bool { return fr.scratch[s] }

func (fr *frame) size() int { return alignUp(fr.slotBytes, 8) + fr.spillBytes }

// spillOffset returns the offset from R10 of a place for spilled registers.
func (fr *frame) spillOffset(place int) int64 {
	return -int64(alignUp(fr.slotBytes, 8) + 8*(place+1))
}

// newFrame places the slots: on the stack as long as they fit into budget bytes, the largest ones in the scratch memory if
// they do not. With far, none is on the stack that need not be, and the scratch memory is there for spilled registers, too.
func newFrame(f *ir.Func, a *slotAnalysis, budget int, haveScratch, far bool) (*frame, error) {
	var stack, scratch, pinned []*ir.Slot
	for _, s := range f.Slots {
		switch {
		case !a.used[s.ID]:
		case s.OnStack:
			pinned = append(pinned, s)
		case s.Size > bigSlot || far:
			scratch = append(scratch, s)
		default:
			stack = append(stack, s)
		}
	}
	slices.SortStableFunc(stack, func(x, y *ir.Slot) int { return y.Size - x.Size })
	fr := &frame{
		place: map[*ir.Slot]int{}, scratch: map[*ir.Slot]bool{}, scratchKey: &ir.Slot{ID: -1, Name: "scratch key", Size: 4, Align: 4},
		far: far, scratchBase: &ir.Slot{ID: -2, Name: "scratch base", Size: 8, Align: 8},
	}
	key, base := 0, 0
	if far { // the address comes after the key that it is looked up by
		key, base = 16, 16
	}
	always := len(scratch)
	moved := fewestMoved(len(stack), func(n int) bool {
		if always+n > 0 {
			key = max(key, 8)
		}
		fr.slotBytes = max(key, base+a.color(slices.Concat(stack[n:], pinned), budget, func(s *ir.Slot, from int) {
			fr.place[s] = base + alignUp(from+s.Size, slotAlign(s))
		}))
		return fr.slotBytes <= budget
	})
	scratch = append(scratch, stack[:moved]...)
	if fr.slotBytes > budget || (far || len(scratch) > 0) && !haveScratch {
		return nil, tooMuchStack(f, "'s memory objects need", a.total(), budget)
	}
	for _, s := range scratch {
		fr.scratch[s] = true
	}
	fr.place[fr.scratchKey], fr.place[fr.scratchBase] = 8, 16
	slices.SortStableFunc(scratch, func(x, y *ir.Slot) int { return y.Size - x.Size })
	first := 0
	if fr.claimed = f.Reentrant && (far || len(scratch) > 0); fr.claimed {
		first = 8
	}
	fr.fillBanks(a, scratch, first)
	if len(scratch) == 0 && !far {
		fr.scratchSize = 0
	}
	return fr, nil
}

// fewestMoved returns how many of some slots have to be moved so that the others fit, which is what the last call of fits is about. The fewer the
// rest is, the less it takes, so that only few numbers have to be tried; all are moved if nothing else helps.
func fewestMoved(slots int, fits func(n int) bool) int {
	if fits(0) || slots == 0 {
		return 0
	}
	n := 1 + sort.Search(slots-1, func(i int) bool { return fits(i + 1) })
	fits(n)
	return n
}

// bankSize is how much memory of a CPU the kernel has in one piece (PCPU_MIN_UNIT_SIZE), less room for spilled registers.
const bankSize = 32<<10 - 4096

// fillBanks places slots in scratch memory from first on: in as few pieces as will do.
func (fr *frame) fillBanks(a *slotAnalysis, scratch []*ir.Slot, first int) {
	for fr.banks = 1; ; fr.banks++ {
		groups := make([][]*ir.Slot, fr.banks)
		fr.bank = map[*ir.Slot]int{}
		for i, s := range scratch {
			fr.bank[s] = i % fr.banks
			groups[i%fr.banks] = append(groups[i%fr.banks], s)
		}
		fr.scratchSize = 0
		limit := bankSize
		if fr.banks >= len(scratch) {
			limit = math.MaxInt
		}
		for _, g := range groups {
			size := first + alignUp(a.color(g, limit, func(s *ir.Slot, from int) { fr.place[s] = first + from }), 8)
			if fr.scratchSize = max(fr.scratchSize, size); size > limit {
				break
			}
		}
		if fr.scratchSize <= bankSize || fr.banks >= len(scratch) {
			return
		}
	}
}

// scratchEntries is the number of pieces of scratch memory on each CPU.
func (fr *frame) scratchEntries() int {
	switch {
	case fr.scratchSize == 0:
		return 0
	case fr.claimed:
		return claimable * fr.banks
	}
	return fr.banks
}

func slotAlign(s *ir.Slot) int { return max(1, s.Align) }
