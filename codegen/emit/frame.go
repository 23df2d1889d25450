package emit

import (
	"fmt"
	"slices"

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
	// claimed is set where a run must claim its scratch memory first: the first 8 bytes count who holds it.
	claimed bool
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
	first := 0
	if fr.claimed = f.Reentrant && len(scratch) > 0; fr.claimed {
		first = 8
	}
	fr.scratchSize = first + alignUp(a.color(scratch, func(s *ir.Slot, from int) { fr.place[s] = first + from }), 8)
	if len(scratch) == 0 {
		fr.scratchSize = 0
	}
	return fr, nil
}

// scratchEntries is the number of pieces of scratch memory on each CPU.
func (fr *frame) scratchEntries() int {
	switch {
	case fr.scratchSize == 0:
		return 0
	case fr.claimed:
		return claimable
	}
	return 1
}

func slotAlign(s *ir.Slot) int { return max(1, s.Align) }
