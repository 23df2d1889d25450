package ir

import (
	"errors"
	"fmt"
	"math"
)

// Validate reports the first broken rules of a module, joined, at most one for each function: SSA dominance, terminators,
// argument counts and types, widths, offsets, slots, and the arity of calls.
func Validate(m *Module) error {
	funcs := map[string]*Func{}
	var errs []error
	for _, f := range m.Funcs {
		if funcs[f.Name] != nil {
			errs = append(errs, fmt.Errorf("function %s: defined twice", f.Name))
		}
		funcs[f.Name] = f
	}
	for _, f := range m.Funcs {
		if err := validateFunc(m, f, funcs); err != nil {
			errs = append(errs, fmt.Errorf("function %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

type validator struct {
	m     *Module
	f     *Func
	funcs map[string]*Func
	cfg   *CFG
	known map[*Block]bool
	// place is the position of a value in its block, -1 for parameters; absent for values that are in no block.
	place map[*Value]int
}

func validateFunc(m *Module, f *Func, funcs map[string]*Func) error {
	if len(f.Blocks) == 0 {
		return errors.New("no blocks")
	}
	c := &validator{m: m, f: f, funcs: funcs, known: map[*Block]bool{}, place: map[*Value]int{}}
	for _, step := range []func() error{c.layout, c.slots, c.values, c.dominance} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// layout checks blocks and terminators, and learns where each value is.
func (c *validator) layout() error {
	ids := map[int]bool{}
	for _, b := range c.f.Blocks {
		if b.Func != c.f || ids[b.ID] || b.ID >= c.f.nextBlock {
			return fmt.Errorf("b%d: bad or repeated block", b.ID)
		}
		ids[b.ID] = true
		c.known[b] = true
	}
	for _, b := range c.f.Blocks {
		if err := c.blockLayout(b); err != nil {
			return fmt.Errorf("b%d: %w", b.ID, err)
		}
	}
	c.cfg = NewCFG(c.f)
	for _, b := range c.cfg.Order {
		if b.Terminator() == nil {
			return fmt.Errorf("b%d: no terminator", b.ID)
		}
	}
	if len(c.cfg.Preds(c.f.Entry())) > 0 {
		return errors.New("jump to the entry block")
	}
	if len(c.f.Entry().Params) > 0 && !c.f.Sub {
		return errors.New("a program has no parameters")
	}
	return c.uniqueIDs()
}

func (c *validator) blockLayout(b *Block) error {
	for _, p := range b.Params {
		if p.Op != OpParam || p.Block != b {
			return fmt.Errorf("%v: bad parameter", p)
		}
		c.place[p] = -1
	}
	for i, v := range b.Instrs {
		switch {
		case v.Op == OpInvalid || v.Op >= endOp || v.Op == OpParam:
			return fmt.Errorf("%s: op %d is no instruction", name(v), v.Op)
		case v.Block != b:
			return fmt.Errorf("%s: belongs to another block", name(v))
		case v.Op.Info().Terminator && i < len(b.Instrs)-1:
			return fmt.Errorf("%v: terminator inside the block", v.Op)
		}
		if _, twice := c.place[v]; twice {
			return fmt.Errorf("%s: in the function twice", name(v))
		}
		c.place[v] = i
		if err := c.targets(v); err != nil {
			return err
		}
	}
	return nil
}

// targets checks the successors of an instruction.
func (c *validator) targets(v *Value) error {
	want := map[Op]int{OpJump: 1, OpBranch: 2}[v.Op]
	if len(v.Targets) != want {
		return fmt.Errorf("%v: %d targets", v.Op, len(v.Targets))
	}
	for _, t := range v.Targets {
		if !c.known[t.Block] {
			return fmt.Errorf("%v: unknown target", v.Op)
		}
		if len(t.Args) != len(t.Block.Params) {
			return fmt.Errorf("%v: b%d takes %d arguments, %d given", v.Op, t.Block.ID, len(t.Block.Params), len(t.Args))
		}
	}
	if want == 2 && v.Targets[0].Block == v.Targets[1].Block {
		return fmt.Errorf("%v: both targets are b%d", v.Op, v.Targets[0].Block.ID)
	}
	return nil
}

func (c *validator) uniqueIDs() error {
	seen := make([]bool, c.f.nextValue)
	for v := range c.place {
		if v.ID < 0 || v.ID >= len(seen) || seen[v.ID] {
			return fmt.Errorf("%s: bad or repeated value ID", name(v))
		}
		seen[v.ID] = true
	}
	return nil
}

func (c *validator) slots() error {
	for i, s := range c.f.Slots {
		if s.ID != i || s.Size <= 0 || !oneOf(s.Align, 1, 2, 4, 8) {
			return fmt.Errorf("slot s%d: size %d, align %d at index %d", s.ID, s.Size, s.Align, i)
		}
	}
	return nil
}

// values checks every instruction by itself: operands, widths, types.
func (c *validator) values() error {
	for _, b := range c.f.Blocks {
		for _, v := range b.Instrs {
			for _, check := range []func(*Value) error{c.operands, c.immediate, c.resultType, c.callee} {
				if err := check(v); err != nil {
					return fmt.Errorf("b%d: %s %v: %w", b.ID, name(v), v.Op, err)
				}
			}
		}
	}
	return nil
}

func (c *validator) operands(v *Value) error {
	if n := v.Op.Info().Args; n >= 0 && len(v.Args) != n {
		return fmt.Errorf("%d operands", len(v.Args))
	}
	var err error
	v.EachOperand(func(p **Value) {
		switch x := *p; {
		case x == nil:
			err = errors.New("missing operand")
		case x.Type == None:
			err = fmt.Errorf("operand %s has no value", name(x))
		}
	})
	if err != nil {
		return err
	}
	for _, t := range v.Targets {
		for i, p := range t.Block.Params {
			if t.Args[i].Type != p.Type {
				return fmt.Errorf("%s is %v, parameter %s is %v", name(t.Args[i]), t.Args[i].Type, name(p), p.Type)
			}
		}
	}
	if v.isMemory() && v.Args[0].Type != Ptr {
		return fmt.Errorf("address %s is not a pointer", name(v.Args[0]))
	}
	return nil
}

// isMemory reports whether the op accesses memory at Args[0]+Imm.
func (v *Value) isMemory() bool {
	return v.Op == OpLoad || v.Op == OpStore || v.Op == OpAtomicAdd || v.Op == OpXchgAdd || v.Op == OpXchg
}

// immediate checks widths, offsets and the slot.
func (c *validator) immediate(v *Value) error {
	w := int(v.Width)
	ok := true
	switch {
	case v.Op == OpLoad || v.Op == OpStore:
		ok = oneOf(w, 1, 2, 4, 8)
	case v.Op == OpAtomicAdd || v.Op == OpXchgAdd:
		ok = oneOf(w, 4, 8)
	case v.Op == OpXchg:
		ok = w == 8
	case v.Op == OpSExt || v.Op == OpZExt:
		ok = oneOf(w, 1, 2, 4)
	case v.Op == OpBswap:
		ok = oneOf(w, 2, 4, 8)
	}
	if !ok {
		return fmt.Errorf("width %d", w)
	}
	if v.isMemory() && !FitsOffset(v.Imm) {
		return fmt.Errorf("offset %d", v.Imm)
	}
	if v.Op == OpSlot && (v.Slot == nil || v.Slot.ID >= len(c.f.Slots) || c.f.Slots[v.Slot.ID] != v.Slot) {
		return errors.New("unknown slot")
	}
	if v.Op == OpMapValue && (v.Imm < 0 || v.Imm > math.MaxInt32) {
		return fmt.Errorf("offset %d", v.Imm)
	}
	return nil
}

// FitsOffset reports whether n can be the Imm of a memory instruction.
func FitsOffset(n int64) bool { return n >= math.MinInt16 && n <= math.MaxInt16 }

func (c *validator) resultType(v *Value) error {
	want := defaultType(v)
	ok := v.Type == want
	switch {
	case v.Op == OpConst:
		ok = v.Type == I64 || v.Type == Ptr && v.Imm == 0 // the null pointer
	case v.Op == OpLoad:
		ok = v.Type == I64 || v.Type == Ptr && v.Width == 8
	case v.Op == OpKfunc:
		ok = true
	}
	if !ok {
		return fmt.Errorf("type %v instead of %v", v.Type, want)
	}
	return nil
}

func (c *validator) callee(v *Value) error {
	switch {
	case v.Op == OpCall:
		if v.Helper == HelperInvalid || v.Helper >= endHelper {
			return fmt.Errorf("unknown helper %d", v.Helper)
		}
		if n := v.Helper.Info().Args; n != len(v.Args) {
			return fmt.Errorf("%v takes %d arguments, %d given", v.Helper, n, len(v.Args))
		}
	case v.Op == OpKfunc:
		if len(v.Args) > 5 {
			return fmt.Errorf("%d arguments", len(v.Args))
		}
	case v.Op == OpCallFunc || v.Op == OpFuncPtr:
		return c.subprogram(v)
	}
	return nil
}

func (c *validator) subprogram(v *Value) error {
	if x := c.m.Extern(v.Sym); x != nil && v.Op == OpCallFunc {
		if len(v.Args) != x.Args {
			return fmt.Errorf("%s takes %d arguments, %d given", v.Sym, x.Args, len(v.Args))
		}
		return nil
	}
	f := c.funcs[v.Sym]
	if f == nil || !f.Sub || len(f.Blocks) == 0 {
		return fmt.Errorf("no subprogram %q", v.Sym)
	}
	params := f.Entry().Params
	if v.Op == OpFuncPtr {
		return nil
	}
	if len(params) != len(v.Args) || len(params) > 5 {
		return fmt.Errorf("%s takes %d arguments, %d given", v.Sym, len(params), len(v.Args))
	}
	for i, p := range params {
		if p.Type != v.Args[i].Type && p.Type != I64 { // a pointer may be handed on as a number
			return fmt.Errorf("argument %d is %v instead of %v", i, v.Args[i].Type, p.Type)
		}
	}
	return nil
}

// dominance checks that every operand is defined on every way to its use.
func (c *validator) dominance() error {
	for _, b := range c.cfg.Order {
		for i, v := range b.Instrs {
			var err error
			v.EachOperand(func(p **Value) {
				if !c.defined(*p, b, i) {
					err = fmt.Errorf("b%d: %v: %s is not defined here", b.ID, v, name(*p))
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *validator) defined(x *Value, b *Block, i int) bool {
	at, ok := c.place[x]
	switch {
	case !ok:
		return false
	case x.Block == b:
		return at < i
	}
	return c.cfg.Reachable(x.Block) && c.cfg.Dominates(x.Block, b)
}

func oneOf(n int, set ...int) bool {
	for _, m := range set {
		if n == m {
			return true
		}
	}
	return false
}
