package emit_test

import (
	"fmt"
	"math/rand"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/diag"
)

const (
	entrySize = 64 // of the values of the map "m"
	dataSize  = 128
	entries   = 4
	ctxSize   = 96
)

// generator makes random functions that terminate and whose result does not depend on time or chance.
type generator struct {
	*rand.Rand
	b     *ir.Builder
	vars  []ir.Variable
	slots []*ir.Slot // initialised, with 8-byte words
	file  *diag.File
	subs  []*ir.Func
	loops int
	// repeated counts the loops around, where branches are rare: the verifier follows every path of every round.
	repeated int
	size     int // statements left
	v4       bool
	// main is set for programs; subprograms have no context.
	main bool
}

var sourceText = strings.Repeat("@x = count(); // a line\n", 100)

func generate(seed int64, v4 bool) *ir.Module {
	r := rand.New(rand.NewSource(seed))
	file := diag.NewFile("random.bt", sourceText)
	m := &ir.Module{}
	var subs []*ir.Func
	for i := range r.Intn(3) {
		g := &generator{Rand: r, b: ir.NewBuilder(fmt.Sprintf("sub %d", i)), file: file, v4: v4, size: 3 + r.Intn(10)}
		g.b.Func.Sub = true
		g.function(1+r.Intn(5), 2+r.Intn(10))
		subs = append(subs, g.b.Func)
	}
	g := &generator{Rand: r, b: ir.NewBuilder("main"), file: file, v4: v4, size: 5 + r.Intn(60), main: true, subs: subs}
	vars := 3 + r.Intn(38)
	if r.Intn(25) == 0 { // more than the stack has room for
		vars = 60 + r.Intn(80)
	}
	g.function(0, vars)
	m.Funcs = append([]*ir.Func{g.b.Func}, subs...)
	return m
}

func (g *generator) function(params, vars int) {
	g.span()
	var ps []*ir.Value
	for range params {
		ps = append(ps, g.b.Param(ir.I64))
	}
	for i := range vars {
		v := g.b.NewVariable(ir.I64)
		g.vars = append(g.vars, v)
		switch {
		case i < len(ps):
			g.b.Define(v, ps[i])
		case g.main && g.Intn(4) > 0:
			g.b.Define(v, g.b.Load(g.b.Ctx(), int64(8*g.Intn(ctxSize/8)), 8, false))
		default:
			g.b.Define(v, g.constant())
		}
	}
	g.statements()
	sum := g.b.Const(0)
	for _, v := range g.vars {
		sum = g.b.Binary(ir.OpAdd, g.b.Binary(ir.OpMul, sum, g.b.Const(31)), g.b.Use(v))
	}
	g.b.Return(g.b.Binary(ir.OpXor, sum, g.b.Binary(ir.OpLShr, sum, g.b.Const(32))))
}

func (g *generator) span() {
	at := g.Intn(len(sourceText) - 20)
	g.b.Span = diag.Span{File: g.file, Start: at, End: at + 10}
	if g.Intn(4) == 0 {
		g.b.Span = diag.Span{}
	}
}

func (g *generator) constant() *ir.Value {
	switch g.Intn(6) {
	case 0:
		return g.b.Const(int64(g.Uint64()))
	case 1:
		return g.b.Const(int64(g.Uint32()))
	case 2:
		return g.b.Const(-int64(g.Intn(1000)))
	case 3:
		return g.b.Const(0xffffffff >> g.Intn(4))
	default:
		return g.b.Const(int64(g.Intn(100)))
	}
}

func (g *generator) variable() ir.Variable { return g.vars[g.Intn(len(g.vars))] }

func (g *generator) operand() *ir.Value {
	if g.Intn(4) == 0 {
		return g.constant()
	}
	return g.b.Use(g.variable())
}

func (g *generator) set(x *ir.Value) { g.b.Define(g.variable(), x) }

func (g *generator) statements() {
	n := 1 + g.Intn(12)
	if g.main && g.loops == 0 {
		n = g.size
	}
	for range n {
		if g.size <= 0 {
			return
		}
		g.size--
		g.span()
		g.statement()
	}
}

func (g *generator) statement() {
	switch g.Intn(20) {
	case 0, 1, 2, 3, 4, 5:
		g.set(g.binary())
	case 6:
		g.set(g.unary())
	case 7, 8:
		g.set(g.compare())
	case 9:
		g.openSlot()
	case 10, 11:
		g.useSlot()
	case 12:
		g.noise()
	case 13, 14:
		g.diamond()
	case 15:
		g.loop()
	case 16:
		g.lookup()
	case 17:
		g.data()
	case 18:
		g.call()
	case 19:
		g.pointers()
	}
}

func (g *generator) binary() *ir.Value {
	ops := []ir.Op{
		ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpUDiv, ir.OpUMod, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpShl, ir.OpLShr, ir.OpAShr,
	}
	if g.v4 {
		ops = append(ops, ir.OpSDiv, ir.OpSMod)
	}
	return g.b.Binary(ops[g.Intn(len(ops))], g.operand(), g.operand())
}

func (g *generator) unary() *ir.Value {
	width := 1 << g.Intn(3)
	switch g.Intn(4) {
	case 0:
		return g.b.Neg(g.operand())
	case 1:
		return g.b.Extend(g.operand(), width, true)
	case 2:
		return g.b.Extend(g.operand(), width, false)
	default:
		return g.b.Bswap(g.operand(), 1<<g.Intn(4))
	}
}

func (g *generator) compare() *ir.Value {
	ops := []ir.Op{ir.OpEq, ir.OpNe, ir.OpULt, ir.OpULe, ir.OpSLt, ir.OpSLe}
	x, y := g.operand(), g.operand()
	if g.Intn(4) == 0 {
		x, y = g.b.Binary(ir.OpAnd, x, y), g.b.Const(0)
	}
	return g.b.Binary(ops[g.Intn(len(ops))], x, y)
}

// openSlot makes a new slot and writes all of it.
func (g *generator) openSlot() {
	size := []int{8, 8, 16, 16, 24, 40, 64, 120, 200, 264}[g.Intn(10)]
	s := g.b.NewSlot("s", size, 8)
	addr := g.b.SlotAddr(s)
	for off := 0; off < size; off += 8 {
		if g.Intn(3) == 0 {
			g.b.Store(addr, int64(off), 4, g.operand())
			g.b.Store(g.b.AddImm(addr, int64(off)), 4, 4, g.constant())
			continue
		}
		g.b.Store(addr, int64(off), 8, g.operand())
	}
	g.slots = append(g.slots, s)
	if len(g.slots) > 3 { // forget an old one, so that its place can be used again
		i := g.Intn(len(g.slots))
		g.slots = append(g.slots[:i:i], g.slots[i+1:]...)
	}
}

func (g *generator) slot() *ir.Slot {
	if len(g.slots) == 0 {
		g.openSlot()
	}
	return g.slots[g.Intn(len(g.slots))]
}

func (g *generator) useSlot() {
	s := g.slot()
	g.access(g.b.SlotAddr(s), s.Size, true)
}

// access reads or writes memory of at least 8 bytes.
func (g *generator) access(addr *ir.Value, size int, onStack bool) {
	how := g.Intn(5)
	width := 1 << g.Intn(4)
	if how == 4 {
		width = max(width, 4)
	}
	off := int64(g.Intn(size/width) * width)
	if g.Intn(4) == 0 && (how < 4 || !onStack) { // a variable offset below the greatest power of two that fits
		n := 8
		for n*2 <= size {
			n *= 2
		}
		addr, off = g.b.Binary(ir.OpAdd, addr, g.b.Binary(ir.OpAnd, g.operand(), g.b.Const(int64(n-width)))), 0
		if n == width {
			addr = addr.Args[0]
		}
	}
	switch how {
	case 0, 1:
		g.b.Store(addr, off, width, g.operand())
	case 2, 3:
		g.set(g.b.Load(addr, off, width, g.Intn(2) == 0))
	default:
		if onStack || g.Intn(2) == 0 { // see XchgAdd
			g.b.AtomicAdd(addr, off, width, g.operand())
			return
		}
		if width == 8 && g.Intn(2) == 0 {
			g.set(g.b.Xchg(addr, off, g.operand()))
			return
		}
		g.set(g.b.XchgAdd(addr, off, width, g.operand()))
	}
}

// noise calls something whose result does not count.
func (g *generator) noise() {
	h := ir.HelperKtimeGetNs
	if g.Intn(2) == 0 {
		h = ir.HelperGetPrandomU32
	}
	t := g.b.Call(h)
	if g.Intn(2) == 0 {
		g.set(g.b.Binary(ir.OpXor, g.b.Binary(ir.OpSub, t, t), g.operand()))
		return
	}
	g.set(g.b.Binary(ir.OpOr, g.b.Binary(ir.OpAnd, g.operand(), g.b.Const(-1)), g.b.Binary(ir.OpAnd, t, g.b.Const(0))))
}

// nested runs fn for code that may not run: slots that it opens are not initialised after it.
func (g *generator) nested(fn func()) {
	before := append([]*ir.Slot(nil), g.slots...)
	g.loops++
	fn()
	g.loops--
	g.slots = before
}

func (g *generator) diamond() {
	if g.repeated > 0 && g.Intn(4) > 0 {
		return
	}
	then, els, end := g.b.NewBlock("then"), g.b.NewBlock("else"), g.b.NewBlock("end")
	cond := g.b.Use(g.variable())
	if g.Intn(3) > 0 {
		cond = g.compare()
	}
	if g.Intn(4) == 0 {
		g.b.Branch(cond, then, end)
		g.b.Seal(els)
		els = nil
	} else {
		g.b.Branch(cond, then, els)
	}
	for _, b := range []*ir.Block{then, els} {
		if b == nil {
			continue
		}
		g.b.Seal(b)
		g.b.SetBlock(b)
		g.nested(g.statements)
		g.b.Jump(end)
	}
	g.b.Seal(end)
	g.b.SetBlock(end)
}

func (g *generator) loop() {
	if g.loops > 1 {
		return
	}
	head, body, end := g.b.NewBlock("head"), g.b.NewBlock("body"), g.b.NewBlock("end")
	i := g.b.NewVariable(ir.I64)
	g.b.Define(i, g.b.Const(0))
	g.b.Jump(head)
	g.b.SetBlock(head)
	g.b.Branch(g.b.Binary(ir.OpULt, g.b.Use(i), g.b.Const(int64(1+g.Intn(4)))), body, end)
	g.b.Seal(body)
	g.b.SetBlock(body)
	g.repeated++
	g.nested(func() { g.nested(g.statements) })
	g.repeated--
	if g.Intn(2) == 0 { // exchange variables: cycles in the parallel move
		x, y := g.variable(), g.variable()
		a, b := g.b.Use(x), g.b.Use(y)
		g.b.Define(x, b)
		g.b.Define(y, a)
	}
	g.b.Define(i, g.b.AddImm(g.b.Use(i), 1))
	g.b.Jump(head)
	g.b.Seal(head)
	g.b.Seal(end)
	g.b.SetBlock(end)
}

func (g *generator) lookup() {
	key := g.b.NewSlot("key", 4, 4)
	g.b.Store(g.b.SlotAddr(key), 0, 4, g.b.Const(int64(g.Intn(entries+1))))
	p := g.b.Call(ir.HelperMapLookupElem, g.b.MapPtr("m"), g.b.SlotAddr(key))
	found, end := g.b.NewBlock("found"), g.b.NewBlock("end")
	if g.Intn(2) == 0 {
		g.b.Branch(p, found, end)
	} else {
		g.b.Branch(g.b.Binary(ir.OpEq, p, g.b.Const(0)), end, found)
	}
	g.b.Seal(found)
	g.b.SetBlock(found)
	g.nested(func() {
		g.access(p, entrySize, false)
		if g.Intn(3) == 0 {
			g.noise()
			g.access(p, entrySize, false)
		}
	})
	g.b.Jump(end)
	g.b.Seal(end)
	g.b.SetBlock(end)
}

func (g *generator) data() {
	off := 8 * g.Intn(dataSize/8-1)
	p := g.b.MapValue("d", int64(off))
	g.access(p, dataSize-off, false)
	if g.Intn(2) == 0 {
		g.access(p, dataSize-off, false)
	}
}

func (g *generator) call() {
	if len(g.subs) == 0 {
		g.noise()
		return
	}
	f := g.subs[g.Intn(len(g.subs))]
	var args []*ir.Value
	for range f.Blocks[0].Params {
		args = append(args, g.operand())
	}
	g.set(g.b.CallFunc(f.Name, args...))
}

// pointers makes a variable that is one of two addresses.
func (g *generator) pointers() {
	x, y := g.slot(), g.slot()
	p := g.b.NewVariable(ir.Ptr)
	then, els, end := g.b.NewBlock("x"), g.b.NewBlock("y"), g.b.NewBlock("end")
	g.b.Branch(g.compare(), then, els)
	for i, s := range []*ir.Slot{x, y} {
		b := []*ir.Block{then, els}[i]
		g.b.Seal(b)
		g.b.SetBlock(b)
		g.b.Define(p, g.b.SlotAddr(s))
		g.b.Jump(end)
	}
	g.b.Seal(end)
	g.b.SetBlock(end)
	g.access(g.b.Use(p), min(x.Size, y.Size), true)
}
