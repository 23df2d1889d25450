package stdlib

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// updateHist counts a number in the slot that types.Hist.Slot says.
func updateHist(e Emitter, c Call) func(*ir.Value) {
	t := c.Result.(types.Hist)
	n := c.Args[0].Lower()
	slot := histSlot(e.Builder(), n, t)
	return func(addr *ir.Value) { countSlot(e.Builder(), addr, slot, t.Slots(), c.Shared) }
}

// isUnsigned reports whether a number cannot be negative as it is kept in 64 bits.
func isUnsigned(t types.Type) bool {
	i, ok := t.(types.Int)
	return ok && !i.Signed && i.Size < 8
}

// countSlot adds one to a counter. The verifier learns the bounds of the slot here, where the address is made.
func countSlot(b *ir.Builder, addr, slot *ir.Value, slots int, shared bool) {
	inside, done := b.NewBlock("slot"), b.NewBlock("counted")
	b.Branch(b.Binary(ir.OpULt, slot, b.Const(int64(slots))), inside, done)
	b.Seal(inside)
	b.SetBlock(inside)
	counter := b.Binary(ir.OpAdd, addr, b.Binary(ir.OpShl, slot, b.Const(3)))
	increment(b, counter, 0, shared)
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
}

// histSlot computes types.Hist.Slot. The negative numbers of hist leave before anything else. Those of a histogram that is signed take the way
// of all numbers: combined with the sign, 0 or -1, a negative number and its bucket are mirrored, while others stay.
func histSlot(b *ir.Builder, n Value, t types.Hist) *ir.Value {
	slot := b.NewVariable(ir.I64)
	done := b.NewBlock("hist_slot")
	number, base := n.V, int64(t.Zero())
	var sign *ir.Value
	switch {
	case isUnsigned(n.Type) || t.AnyUnsigned():
	case t.Signed:
		sign = b.Binary(ir.OpAShr, number, b.Const(63))
		number, base = b.Binary(ir.OpXor, number, sign), 0
	default:
		positive := b.NewBlock("not_negative")
		b.Define(slot, b.Const(0))
		b.Branch(b.Binary(ir.OpSLt, number, b.Const(0)), done, positive)
		b.Seal(positive)
		b.SetBlock(positive)
	}
	large := b.NewBlock("large")
	b.Define(slot, b.AddImm(number, base))
	b.Branch(b.Binary(ir.OpULt, number, b.Const(1<<t.Bits)), done, large) // with one bit less, the same numbers have the same buckets
	b.Seal(large)
	b.SetBlock(large)
	b.Define(slot, largeSlot(b, number, t, sign, base))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	if sign == nil {
		return b.Use(slot)
	}
	return b.AddImm(b.Binary(ir.OpXor, b.Use(slot), sign), int64(t.Zero()))
}

// largeSlot is base + (e-k+1)<<k + sub for numbers of at least 2^k, where k is one less under a sign of -1.
func largeSlot(b *ir.Builder, n *ir.Value, t types.Hist, sign *ir.Value, base int64) *ir.Value {
	e := highestBit(b, n)
	if t.Bits == 0 {
		return b.AddImm(e, 1+base)
	}
	shift := b.AddImm(e, int64(-t.Bits)) // n >> shift is 2^k + sub
	if sign != nil && t.NegativeBits() < t.Bits {
		shift = b.Binary(ir.OpSub, shift, sign)
	}
	sub := b.Binary(ir.OpLShr, n, shift)
	k := b.Const(int64(t.Bits))
	if sign != nil && t.NegativeBits() < t.Bits {
		k = b.Binary(ir.OpAdd, k, sign)
	}
	return b.AddImm(b.Binary(ir.OpAdd, b.Binary(ir.OpShl, shift, k), sub), base)
}

// highestBit returns the number of the highest bit that is set in n, which is not 0. It is found by halving: six steps, each of a
// comparison and at most one shift.
func highestBit(b *ir.Builder, n *ir.Value) *ir.Value {
	rest, e := b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	b.Define(rest, n)
	b.Define(e, b.Const(0))
	for _, w := range []int64{32, 16, 8, 4, 2} {
		upper, next := b.NewBlock("upper"), b.NewBlock("next")
		high := b.Binary(ir.OpLShr, b.Use(rest), b.Const(w))
		b.Branch(high, upper, next)
		b.Seal(upper)
		b.SetBlock(upper)
		b.Define(rest, high)
		b.Define(e, b.AddImm(b.Use(e), w))
		b.Jump(next)
		b.Seal(next)
		b.SetBlock(next)
	}
	// What is left is 1, 2 or 3.
	return b.Binary(ir.OpAdd, b.Use(e), b.Binary(ir.OpLShr, b.Use(rest), b.Const(1)))
}

// updateLHist counts a number in the slot that types.LHist.Slot says.
func updateLHist(e Emitter, c Call) func(*ir.Value) {
	t := c.Result.(types.LHist)
	slot := lhistSlot(e.Builder(), c.Args[0].Lower(), t)
	return func(addr *ir.Value) { countSlot(e.Builder(), addr, slot, t.Slots(), c.Shared) }
}

func lhistSlot(b *ir.Builder, n Value, t types.LHist) *ir.Value {
	slot := b.NewVariable(ir.I64)
	done, notBelow, inside := b.NewBlock("lhist_slot"), b.NewBlock("not_below"), b.NewBlock("inside")
	b.Define(slot, b.Const(0))
	b.Branch(b.Binary(ir.OpSLt, n.V, b.Const(t.Min)), done, notBelow)
	b.Seal(notBelow)
	b.SetBlock(notBelow)
	b.Define(slot, b.Const(int64(t.Slots()-1)))
	b.Branch(b.Binary(ir.OpSLt, n.V, b.Const(t.Max)), inside, done)
	b.Seal(inside)
	b.SetBlock(inside)
	steps := b.Binary(ir.OpUDiv, b.AddImm(n.V, -t.Min), b.Const(t.Step))
	b.Define(slot, b.AddImm(steps, 1))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return b.Use(slot)
}
