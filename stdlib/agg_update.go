package stdlib

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// addTo adds n to the 64-bit number at addr+off, with one instruction if others may change it meanwhile.
func addTo(b *ir.Builder, addr *ir.Value, off int64, n *ir.Value, shared bool) {
	if shared {
		b.AtomicAdd(addr, off, 8, n)
		return
	}
	b.Store(addr, off, 8, b.Binary(ir.OpAdd, b.Load(addr, off, 8, false), n))
}

func increment(b *ir.Builder, addr *ir.Value, off int64, shared bool) {
	addTo(b, addr, off, b.Const(1), shared)
}

// updateTotal is avg and stats: {total, count}.
func updateTotal(e Emitter, c Call) func(*ir.Value) {
	n := c.Args[0].Lower().V
	return func(addr *ir.Value) {
		addTo(e.Builder(), addr, 0, n, c.Shared)
		increment(e.Builder(), addr, 8, c.Shared)
	}
}

// updateExtreme is min and max: {value, set}. What is kept is the number in the form of types.ExtremeMask, where the largest is the best and 0,
// which is there from the begin, no better than any.
func updateExtreme(e Emitter, c Call) func(*ir.Value) {
	n := c.Args[0].Lower().V
	b := e.Builder()
	v := b.Binary(ir.OpXor, n, b.Const(int64(types.ExtremeMask(c.Result))))
	return func(addr *ir.Value) {
		keepLargest(e, addr, 0, v, c.Shared)
		b.Store(addr, 8, 8, b.Const(1))
	}
}

// keepLargest replaces the number at addr+off by v if that is larger, without sign.
func keepLargest(e Emitter, addr *ir.Value, off int64, v *ir.Value, shared bool) {
	if shared && e.Target().Has(target.AtomicFetch) {
		raise(e, addr, off, v)
		return
	}
	b := e.Builder()
	store, kept := b.NewBlock("better"), b.NewBlock("kept")
	b.Branch(b.Binary(ir.OpULt, b.Load(addr, off, 8, false), v), store, kept)
	b.Seal(store)
	b.SetBlock(store)
	b.Store(addr, off, 8, v)
	b.Jump(kept)
	b.Seal(kept)
	b.SetBlock(kept)
}

// raiseTries is how often a program tries to put a number in place that other threads change: for each time that it does not succeed, another
// thread must have come between two neighbouring instructions.
const raiseTries = 4

// raise replaces the number at addr+off by a larger one. Where another thread has put one there that is larger still, between the look and the
// exchange, that is what has to go back.
func raise(e Emitter, addr *ir.Value, off int64, v *ir.Value) {
	b := e.Builder()
	carried := b.NewVariable(ir.I64)
	b.Define(carried, v)
	done := b.NewBlock("kept")
	for range raiseTries {
		put, back := b.NewBlock("better"), b.NewBlock("put_back")
		b.Branch(b.Binary(ir.OpULt, b.Load(addr, off, 8, false), b.Use(carried)), put, done)
		b.Seal(put)
		b.SetBlock(put)
		old := b.Xchg(addr, off, b.Use(carried))
		b.Branch(b.Binary(ir.OpULt, b.Use(carried), old), back, done)
		b.Seal(back)
		b.SetBlock(back)
		b.Define(carried, old)
	}
	e.Lost()
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
}

// better reports whether n replaces old.
func better(b *ir.Builder, t types.Type, n, old *ir.Value) *ir.Value {
	op := ir.OpULt
	if types.IsSigned(t) {
		op = ir.OpSLt
	}
	if _, ok := t.(types.Min); ok {
		return b.Binary(op, n, old)
	}
	return b.Binary(op, old, n)
}
