package ir

// Terminator returns the block's last instruction, nil for a block that has not ended yet.
func (b *Block) Terminator() *Value {
	if len(b.Instrs) == 0 {
		return nil
	}
	if v := b.Instrs[len(b.Instrs)-1]; v.Op.Info().Terminator {
		return v
	}
	return nil
}

// Targets returns the outgoing edges of the block. Changing an element changes the terminator.
func (b *Block) Targets() []Target {
	if t := b.Terminator(); t != nil {
		return t.Targets
	}
	return nil
}

// Entry returns the block that the function starts with.
func (f *Func) Entry() *Block { return f.Blocks[0] }

// NumValues is greater than the ID of every value of the function, for tables indexed by it.
func (f *Func) NumValues() int { return f.nextValue }

// NumBlocks is greater than the ID of every block of the function, for tables indexed by it.
func (f *Func) NumBlocks() int { return f.nextBlock }

// NewBlock adds an empty block at the end of the layout.
func (f *Func) NewBlock(name string) *Block {
	blk := &Block{ID: f.nextBlock, Name: name, Func: f}
	f.nextBlock++
	f.Blocks = append(f.Blocks, blk)
	return blk
}

// Adopt makes a block of another function, which is in the layout already, one of f.
func (f *Func) Adopt(b *Block) {
	if b.Func != f {
		b.ID, b.Func = f.nextBlock, f
		f.nextBlock++
	}
	for _, list := range [2][]*Value{b.Params, b.Instrs} {
		for _, v := range list {
			v.ID, v.Block = f.nextValue, b
			f.nextValue++
		}
	}
}

// EachOperand calls fn with the place of every operand of v: its arguments, then those of its targets.
func (v *Value) EachOperand(fn func(place **Value)) {
	for i := range v.Args {
		fn(&v.Args[i])
	}
	for i := range v.Targets {
		args := v.Targets[i].Args
		for j := range args {
			fn(&args[j])
		}
	}
}

// EachInstr calls fn for every instruction of the function, in layout order.
func (f *Func) EachInstr(fn func(*Value)) {
	for _, b := range f.Blocks {
		for _, v := range b.Instrs {
			fn(v)
		}
	}
}

// UseCounts returns how often each value is an operand, indexed by Value.ID.
func UseCounts(f *Func) []int {
	counts := make([]int, f.NumValues())
	f.EachInstr(func(v *Value) {
		v.EachOperand(func(p **Value) { counts[(*p).ID]++ })
	})
	return counts
}

// Renames is a set of values that are to be replaced by others. The zero Renames is ready to use.
type Renames struct{ to map[*Value]*Value }

// Replace notes that every use of old becomes a use of by.
func (r *Renames) Replace(old, by *Value) {
	if r.to == nil {
		r.to = map[*Value]*Value{}
	}
	if r.Find(by) == old {
		return
	}
	r.to[old] = by
}

// Find returns what v is to be replaced by in the end; v itself if by nothing. It shortens the way there for the next time.
func (r *Renames) Find(v *Value) *Value {
	last, n := v, 0
	for by, ok := r.to[last]; ok; by, ok = r.to[last] {
		last = by
		n++
	}
	for ; n > 1; n-- {
		v, r.to[v] = r.to[v], last
	}
	return last
}

// Empty reports whether nothing is replaced.
func (r *Renames) Empty() bool { return len(r.to) == 0 }

// ApplyTo replaces the operands of one instruction and reports whether any changed.
func (r *Renames) ApplyTo(v *Value) bool {
	changed := false
	if r.Empty() {
		return false
	}
	v.EachOperand(func(p **Value) {
		if by := r.Find(*p); by != *p {
			*p, changed = by, true
		}
	})
	return changed
}

// Apply replaces the operands of the whole function.
func (r *Renames) Apply(f *Func) {
	if !r.Empty() {
		f.EachInstr(func(v *Value) { r.ApplyTo(v) })
	}
}

// SplitCriticalEdges puts an empty block on every edge from a block with several successors to one with several
// predecessors, so that code can be placed on the edge. The new blocks follow their predecessor in the layout.
func SplitCriticalEdges(f *Func) {
	edges := make([]int, f.NumBlocks())
	for _, b := range f.Blocks {
		for _, t := range b.Targets() {
			edges[t.Block.ID]++
		}
	}
	var layout []*Block
	for _, b := range f.Blocks {
		layout = append(layout, b)
		if targets := b.Targets(); len(targets) > 1 {
			for i := range targets {
				if edges[targets[i].Block.ID] > 1 {
					layout = append(layout, splitEdge(f, b.Terminator(), &targets[i]))
				}
			}
		}
	}
	f.Blocks = layout
}

func splitEdge(f *Func, from *Value, t *Target) *Block {
	mid := &Block{ID: f.nextBlock, Func: f}
	f.nextBlock++
	jump := f.NewValue(OpJump, None)
	jump.Block, jump.Span = mid, from.Span
	jump.Targets = []Target{*t}
	mid.Instrs = []*Value{jump}
	*t = Target{Block: mid}
	return mid
}
