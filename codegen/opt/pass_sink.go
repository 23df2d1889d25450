package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passSink moves pure values down to where they are needed, if control does not get there in every case or gets there less
// often, so that nothing is computed before it is known to be of use. Constants and addresses move in any case, to keep registers
// free. It comes after passGVN, which puts values into the
// block that dominates all their uses.
func passSink(f *ir.Func) bool {
	s := &sinker{f: f, cfg: ir.NewCFG(f), users: usersOf(f), lines: newLines(f)}
	changed := false
	for i := len(s.cfg.Order) - 1; i >= 0; i-- {
		changed = s.block(s.cfg.Order[i]) || changed
	}
	s.lines.close()
	return changed
}

type sinker struct {
	f     *ir.Func
	cfg   *ir.CFG
	exits *ir.Exits // made when it is first needed
	users [][]*ir.Value
	lines *lines
}

// usersOf returns the instructions that use each value, by Value.ID, once for each operand.
func usersOf(f *ir.Func) [][]*ir.Value {
	users := make([][]*ir.Value, f.NumValues())
	f.EachInstr(func(v *ir.Value) {
		v.EachOperand(func(p **ir.Value) { users[(*p).ID] = append(users[(*p).ID], v) })
	})
	return users
}

// block moves what it can out of a block, from its end, so that users go before what they use. Nothing has moved into it yet: that comes from
// blocks that dominate it.
func (s *sinker) block(b *ir.Block) bool {
	n := len(b.Instrs)
	for _, v := range slices.Backward(b.Instrs) {
		if !isPure(v) || v.Op == ir.OpCtx {
			continue
		}
		if to := s.destination(v); to != b {
			s.lines.insert(v, s.place(v, to))
		}
	}
	b.Instrs = slices.DeleteFunc(b.Instrs, func(v *ir.Value) bool { return v.Block != b })
	return len(b.Instrs) < n
}

// destination returns the block that a value is best computed in.
func (s *sinker) destination(v *ir.Value) *ir.Block {
	var common *ir.Block
	for _, u := range s.users[v.ID] {
		if !s.cfg.Reachable(u.Block) {
			continue
		}
		if common == nil {
			common = u.Block
		} else {
			common = s.cfg.CommonDominator(common, u.Block)
		}
	}
	if common == nil || common == v.Block {
		return v.Block
	}
	best := common
	for b := common; b != v.Block; b = s.cfg.Idom(b) {
		if s.cfg.LoopDepth(b) < s.cfg.LoopDepth(best) {
			best = b
		}
	}
	switch {
	case s.cfg.LoopDepth(best) > s.cfg.LoopDepth(v.Block):
		return v.Block
	case len(v.Args) == 0 && v.Op != ir.OpCall: // costs nothing but a register while it waits
		return best
	case s.pays(v.Block, best):
		return best
	}
	return v.Block
}

// pays reports whether control can go on from a block without passing through another one, or passes that less often.
func (s *sinker) pays(from, to *ir.Block) bool {
	if s.cfg.LoopDepth(to) < s.cfg.LoopDepth(from) {
		return true
	}
	if s.exits == nil {
		s.exits = ir.NewExits(s.cfg, s.f)
	}
	return s.exits.Past(from, to)
}

// place returns the first instruction of a block that uses v, or its terminator.
func (s *sinker) place(v *ir.Value, b *ir.Block) *ir.Value {
	s.lines.open(b)
	first := b.Instrs[len(b.Instrs)-1]
	for _, u := range s.users[v.ID] {
		if u.Block == b && s.lines.at[u.ID] < s.lines.at[first.ID] {
			first = u
		}
	}
	return first
}

// lines are the instructions of blocks that others move into, as lists: to insert into the slices themselves takes time with the square of their length.
type lines struct {
	blocks []*ir.Block
	opened map[*ir.Block]bool
	// at orders the instructions of an open block, by Value.ID; before is what stands before each.
	at     []int
	before []*ir.Value
}

// lineGap is the room for others between two instructions of a block.
const lineGap = 1 << 36

func newLines(f *ir.Func) *lines {
	return &lines{opened: map[*ir.Block]bool{}, at: make([]int, f.NumValues()), before: make([]*ir.Value, f.NumValues())}
}

func (l *lines) open(b *ir.Block) {
	if l.opened[b] {
		return
	}
	l.opened[b] = true
	l.blocks = append(l.blocks, b)
	var last *ir.Value
	for i, v := range b.Instrs {
		l.at[v.ID], l.before[v.ID] = (i+1)*lineGap, last
		last = v
	}
}

// insert puts v before another instruction, which is of an open block.
func (l *lines) insert(v, next *ir.Value) {
	if l.room(next) < 2 {
		l.spread(next)
	}
	v.Block = next.Block
	l.at[v.ID], l.before[v.ID] = l.at[next.ID]-l.room(next)/2, l.before[next.ID]
	l.before[next.ID] = v
}

// room is how far an instruction is from the one before it.
func (l *lines) room(v *ir.Value) int {
	if p := l.before[v.ID]; p != nil {
		return l.at[v.ID] - l.at[p.ID]
	}
	return lineGap
}

// spread makes room before an instruction: it moves those apart that are closer to it than the square of how many they are. So an instruction
// is moved as seldom as leaves the time to insert n of them in the order of n log n (Dietz, Sleator, "Two Algorithms for Maintaining Order in
// a List").
func (l *lines) spread(next *ir.Value) {
	n, far := 1, l.before[next.ID]
	for far != nil && l.at[next.ID]-l.at[far.ID] <= n*n {
		n, far = n+1, l.before[far.ID]
	}
	step := lineGap
	if far != nil {
		step = (l.at[next.ID] - l.at[far.ID]) / n
	}
	for i, v := 1, l.before[next.ID]; v != far; i, v = i+1, l.before[v.ID] {
		l.at[v.ID] = l.at[next.ID] - i*step
	}
}

// line returns the instructions of an open block, whose last one does not change.
func (l *lines) line(b *ir.Block) []*ir.Value {
	var out []*ir.Value
	for v := b.Instrs[len(b.Instrs)-1]; v != nil; v = l.before[v.ID] {
		out = append(out, v)
	}
	slices.Reverse(out)
	return out
}

// close gives the open blocks their instructions.
func (l *lines) close() {
	for _, b := range l.blocks {
		b.Instrs = l.line(b)
	}
}
