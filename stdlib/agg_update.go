package stdlib

import (
	"github.com/gtrace/gtrace/codegen/ir"
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

// updateExtreme is min and max: {value, set}. The first number is taken whatever it is.
func updateExtreme(e Emitter, c Call) func(*ir.Value) {
	n := c.Args[0].Lower().V
	return func(addr *ir.Value) {
		b := e.Builder()
		compare, store, done := b.NewBlock("compare"), b.NewBlock("store"), b.NewBlock("kept")
		b.Branch(b.Load(addr, 8, 8, false), compare, store)
		b.Seal(compare)
		b.SetBlock(compare)
		b.Branch(better(b, c.Result, n, b.Load(addr, 0, 8, false)), store, done)
		b.Seal(store)
		b.SetBlock(store)
		b.Store(addr, 0, 8, n)
		b.Store(addr, 8, 8, b.Const(1))
		b.Jump(done)
		b.Seal(done)
		b.SetBlock(done)
	}
}

// better reports whether n replaces old.
func better(b *ir.Builder, t types.Type, n, old *ir.Value) *ir.Value {
	op := ir.OpULt
	if isSigned(t) {
		op = ir.OpSLt
	}
	if _, ok := t.(types.Min); ok {
		return b.Binary(op, n, old)
	}
	return b.Binary(op, old, n)
}
