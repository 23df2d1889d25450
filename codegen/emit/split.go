package emit

import (
	"fmt"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// The verifier gives up a function with more than 8192 branches in a row, since it keeps the other way of each. A function that it follows by
// itself ("global") begins anew. So parts of long programs become such functions: pieces that everything goes into at one block and comes out
// of at another, that are given no more than five numbers, yield no more than one, and do not use the context or memory of other pieces.

// partBranches is how many branches a part has.
const partBranches = 1000

// maxParams is how many parameters a function of BPF has.
const maxParams = 5

// splitLong makes functions of parts of the long programs in a module.
func splitLong(m *ir.Module, size int) {
	if size == 0 {
		size = partBranches
	}
	for _, f := range slices.Clone(m.Funcs) {
		n := 0
		f.EachInstr(func(v *ir.Value) { n += branches(v) })
		if !f.Sub && n > 4*size {
			m.Funcs = append(m.Funcs, newSplitter(f).split(size)...)
		}
	}
}

func branches(v *ir.Value) int {
	if v.Op == ir.OpBranch {
		return 1
	}
	return 0
}

// splitter takes parts out of a function. Blocks are numbers in reverse postorder; a cut is the number of the block that begins behind it.
type splitter struct {
	f     *ir.Func
	order []*ir.Block
	at    map[*ir.Block]int
	// last is where a value is used last; spans of slots are where one is used first and last.
	last    map[*ir.Value]int
	slots   map[*ir.Slot]interval
	cuts    []bool
	strict  map[*ir.Value]strictness
	renames ir.Renames
	moved   map[*ir.Slot]bool
	parts   []*ir.Func
}

func newSplitter(f *ir.Func) *splitter {
	s := &splitter{
		f: f, order: postorder(f), at: map[*ir.Block]int{}, last: map[*ir.Value]int{}, slots: map[*ir.Slot]interval{},
		strict: analyzeLoose(f, nil), moved: map[*ir.Slot]bool{},
	}
	slices.Reverse(s.order)
	for i, b := range s.order {
		s.at[b] = i
	}
	for i, b := range s.order {
		for _, v := range b.Instrs {
			v.EachOperand(func(p **ir.Value) { s.use(*p, i) })
		}
	}
	s.findCuts()
	return s
}

func (s *splitter) use(v *ir.Value, at int) {
	s.last[v] = max(s.last[v], at)
	if v.Op != ir.OpSlot {
		return
	}
	r, known := s.slots[v.Slot]
	if !known {
		r = interval{at, at}
	}
	s.slots[v.Slot] = interval{min(r.from, at), max(r.to, at)}
}

// findCuts finds the blocks that everything goes through, before which no pointer and no memory is in use, and no number of which the
// verifier has to know more than that it is one.
func (s *splitter) findCuts() {
	over := make([]int, len(s.order)+2)
	none := func(from, to int) { // no cut from one block to another
		if from <= to {
			over[from]++
			over[to+1]--
		}
	}
	for i, b := range s.order {
		for _, t := range b.Targets() {
			to := s.at[t.Block]
			none(i+1, to-1)
			none(to+1, i)
		}
	}
	for v, last := range s.last {
		if !anywhere(v) && (v.Type != ir.I64 || s.strict[v] > 0) {
			none(s.at[v.Block]+1, last)
		}
	}
	for _, r := range s.slots {
		none(r.from+1, r.to)
	}
	s.cuts = make([]bool, len(s.order))
	sum := over[0]
	for k := 1; k < len(s.order); k++ {
		sum += over[k]
		s.cuts[k] = sum == 0
	}
}

// anywhere reports whether a value can be made where it is used.
func anywhere(v *ir.Value) bool {
	switch v.Op {
	case ir.OpConst, ir.OpMapPtr, ir.OpMapValue, ir.OpFuncPtr, ir.OpSlot, ir.OpCtx:
		return true
	default:
		return false
	}
}

// split takes out parts of about size branches.
func (s *splitter) split(size int) []*ir.Func {
	start, n := 0, 0
	for k, b := range s.order {
		if s.cuts[k] && (start == 0 || n >= size) {
			if start > 0 {
				s.take(start, k)
			}
			start, n = k, 0
		}
		for _, v := range b.Instrs {
			n += branches(v)
		}
	}
	s.tidy()
	return s.parts
}

// part is a part of the function that may be taken out.
type part struct {
	blocks []*ir.Block
	next   *ir.Block
	ins    []*ir.Value // from before
	out    *ir.Value   // for after, or nil
	// anew are the values from before that can be made anew, left those that are used after it.
	anew, left []*ir.Value
}

// take makes the blocks from one cut to the next a function, if they can be one.
func (s *splitter) take(from, to int) {
	p := &part{blocks: s.order[from:to], next: s.order[to]}
	if !s.examine(p, from, to) {
		return
	}
	s.parts = append(s.parts, s.outline(p, fmt.Sprintf("%s_part%d", s.f.Name, len(s.parts))))
}

// examine finds out what a part takes and gives, and reports whether a function can.
func (s *splitter) examine(p *part, from, to int) bool {
	possible, seen := len(p.next.Params) <= 1, map[*ir.Value]bool{}
	outs := len(p.next.Params)
	p.ins = append(p.ins, p.blocks[0].Params...)
	for _, b := range p.blocks {
		for _, v := range slices.Concat(b.Params, b.Instrs) {
			possible = possible && v.Op != ir.OpReturn
			if s.last[v] >= to && (b != p.blocks[0] || v.Op != ir.OpParam) { // what the first block is given stays where it is
				if anywhere(v) {
					p.left = append(p.left, v)
				} else {
					p.out, outs = v, outs+1
				}
			}
			v.EachOperand(func(o **ir.Value) {
				x := *o
				possible = possible && x.Op != ir.OpCtx
				if s.at[x.Block] >= from || seen[x] {
					return
				}
				seen[x] = true
				if anywhere(x) {
					p.anew = append(p.anew, x)
				} else {
					p.ins = append(p.ins, x)
				}
			})
			for _, t := range v.Targets {
				possible = possible && t.Block != p.blocks[0]
			}
		}
	}
	for _, v := range p.ins {
		possible = possible && v.Type == ir.I64 && s.strict[v] == 0
	}
	for _, v := range p.next.Params {
		possible = possible && v.Type == ir.I64 && s.strict[v] == 0
	}
	return possible && outs <= 1 && len(p.ins) <= maxParams
}

// outline makes a part a function, and a call of it in its place.
func (s *splitter) outline(p *part, name string) *ir.Func {
	b := ir.NewBuilder(name)
	g, first := b.Func, p.blocks[0]
	g.Sub, g.Global, g.Reentrant = true, true, s.f.Reentrant
	inside := map[*ir.Value]*ir.Value{}
	for _, v := range p.ins {
		inside[v] = b.Param(ir.I64)
	}
	entry := g.Entry()
	for _, v := range p.anew {
		inside[v] = copyTo(entry, v)
	}
	entry.Instrs = append(entry.Instrs, first.Instrs...)
	g.Adopt(entry)
	for _, blk := range p.blocks[1:] {
		g.Blocks = append(g.Blocks, blk)
		g.Adopt(blk)
	}
	s.adoptSlots(g)
	end, result := s.end(g, p)
	g.EachInstr(func(v *ir.Value) {
		v.EachOperand(func(o **ir.Value) {
			if x := inside[*o]; x != nil {
				*o = x
			}
		})
		for i := range v.Targets {
			if v.Targets[i].Block == p.next {
				v.Targets[i].Block = end
			}
		}
	})
	end.Instrs = append(end.Instrs, in(end, g.NewValue(ir.OpReturn, ir.None, result)))
	s.call(p, name)
	return g
}

// end adds the block that a part ends with, and returns it with the function's result.
func (s *splitter) end(g *ir.Func, p *part) (*ir.Block, *ir.Value) {
	end := g.NewBlock("end")
	switch {
	case len(p.next.Params) == 1:
		end.Params = []*ir.Value{in(end, g.NewValue(ir.OpParam, ir.I64))}
		return end, end.Params[0]
	case p.out != nil:
		return end, p.out
	}
	zero := in(end, g.NewValue(ir.OpConst, ir.I64))
	end.Instrs = append(end.Instrs, zero)
	return end, zero
}

// call puts a call in the place of a part.
func (s *splitter) call(p *part, name string) {
	first := p.blocks[0]
	span := first.Instrs[0].Span
	first.Instrs = nil
	for _, v := range p.left {
		s.renames.Replace(v, copyTo(first, v))
	}
	call := in(first, s.f.NewValue(ir.OpCallFunc, ir.I64, p.ins...))
	call.Sym, call.Span = name, span
	jump := in(first, s.f.NewValue(ir.OpJump, ir.None))
	jump.Targets, jump.Span = []ir.Target{{Block: p.next}}, span
	if len(p.next.Params) == 1 {
		jump.Targets[0].Args = []*ir.Value{call}
	}
	first.Instrs = append(first.Instrs, call, jump)
	if p.out != nil {
		s.renames.Replace(p.out, call)
	}
	gone := map[*ir.Block]bool{}
	for _, b := range p.blocks[1:] {
		gone[b] = true
	}
	s.f.Blocks = slices.DeleteFunc(s.f.Blocks, func(b *ir.Block) bool { return gone[b] })
}

// adoptSlots gives a part the memory that it uses.
func (s *splitter) adoptSlots(g *ir.Func) {
	for _, b := range g.Blocks {
		b.Instrs = slices.DeleteFunc(b.Instrs, func(v *ir.Value) bool { return v.Op == ir.OpCtx })
		for _, v := range b.Instrs {
			if v.Op == ir.OpSlot && !s.moved[v.Slot] {
				s.moved[v.Slot] = true
				v.Slot.ID = len(g.Slots)
				g.Slots = append(g.Slots, v.Slot)
			}
		}
	}
}

// tidy leaves in the function what is still its own.
func (s *splitter) tidy() {
	s.renames.Apply(s.f)
	for _, b := range s.f.Blocks {
		b.Instrs = slices.DeleteFunc(b.Instrs, func(v *ir.Value) bool { return v.Op == ir.OpSlot && s.moved[v.Slot] })
	}
	s.f.Slots = slices.DeleteFunc(s.f.Slots, func(o *ir.Slot) bool { return s.moved[o] })
	for i, o := range s.f.Slots {
		o.ID = i
	}
}

// copyTo adds a copy of a value to the end of a block.
func copyTo(b *ir.Block, v *ir.Value) *ir.Value {
	c := b.Func.NewValue(v.Op, v.Type)
	id := c.ID
	*c = *v
	c.ID = id
	b.Instrs = append(b.Instrs, in(b, c))
	return c
}

func in(b *ir.Block, v *ir.Value) *ir.Value {
	v.Block = b
	return v
}
