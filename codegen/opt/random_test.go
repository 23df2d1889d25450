package opt

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

// generator makes random valid functions with the builder: script variables, ifs, bounded loops, slots, maps and helpers.
type generator struct {
	r      *rand.Rand
	b      *ir.Builder
	vars   []ir.Variable
	slots  []*ir.Slot
	budget int
}

var interesting = []int64{
	0, 1, 2, 3, 7, 8, 16, 31, 32, 63, 64, 65, 255, 256, 4096, 65535, 1 << 31, 1<<32 - 1, 1 << 32,
	1<<63 - 1, -1, -2, -8, -128, -1 << 31, -1 << 63, 1000,
}

// newRandom returns a random function; the same one for the same seed.
func newRandom(seed uint64) *ir.Func {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1)), b: ir.NewBuilder("f"), budget: 40}
	for i := range 3 {
		s := g.b.NewSlot(fmt.Sprintf("s%d", i), 16, 8)
		g.slots = append(g.slots, s)
		for off := int64(0); off < 16; off += 8 {
			if g.r.IntN(2) == 0 {
				g.b.Store(g.b.SlotAddr(s), off, 8, g.value(1))
			}
		}
	}
	for range 4 {
		v := g.b.NewVariable(ir.I64)
		g.vars = append(g.vars, v)
		g.b.Define(v, g.value(2))
	}
	g.stmts(3)
	if !g.b.Terminated() {
		g.finish()
	}
	return g.b.Func
}

// finish shows the variables and slots to the world and returns.
func (g *generator) finish() {
	for i, v := range g.vars {
		g.b.Store(g.b.MapValue("m", 0), int64(8*i), 8, g.b.Use(v))
	}
	for i, s := range g.slots {
		g.b.Store(g.b.MapValue("m", 32), int64(8*i), 8, g.b.Load(g.b.SlotAddr(s), int64(8*g.pick(2)), 8, false))
	}
	g.b.Return(g.value(2))
}

func (g *generator) pick(n int) int { return g.r.IntN(n) }

func (g *generator) constant() *ir.Value { return g.b.Const(interesting[g.pick(len(interesting))]) }

func (g *generator) width() int { return 1 << g.pick(4) }

// value makes an expression.
func (g *generator) value(depth int) *ir.Value {
	if depth == 0 {
		return g.leaf()
	}
	switch g.pick(8) {
	case 0:
		return g.small()
	case 1:
		return g.b.Extend(g.value(depth-1), 1<<g.pick(3), g.pick(2) == 0)
	case 2:
		if g.pick(3) == 0 {
			return g.b.Bswap(g.value(depth-1), 2<<g.pick(3))
		}
		return g.b.Neg(g.value(depth - 1))
	case 3:
		return g.b.Binary(ir.OpEq+ir.Op(g.pick(6)), g.value(depth-1), g.value(depth-1))
	case 4:
		return g.b.Binary(ir.OpAdd+ir.Op(g.pick(13)), g.value(depth-1), g.constant())
	}
	return g.b.Binary(ir.OpAdd+ir.Op(g.pick(13)), g.value(depth-1), g.value(depth-1))
}

// small returns a value that can often be decided at compile time: of few bits, or of loads that differ in their sign only.
func (g *generator) small() *ir.Value {
	if g.pick(2) == 0 {
		return g.b.Binary(ir.OpLShr, g.leaf(), g.b.Const(int64(60+g.pick(8))))
	}
	v := g.b.Load(g.b.Ctx(), int64(8*g.pick(2)), 1, g.pick(2) == 0)
	v.Stable = true
	return v
}

func (g *generator) leaf() *ir.Value {
	switch g.pick(8) {
	case 0, 1:
		return g.constant()
	case 2:
		return g.load()
	case 3:
		return g.b.Call([]ir.Helper{ir.HelperGetCurrentPidTgid, ir.HelperGetCurrentUidGid, ir.HelperKtimeGetNs}[g.pick(3)])
	}
	if len(g.vars) == 0 {
		return g.constant()
	}
	return g.b.Use(g.vars[g.pick(len(g.vars))])
}

func (g *generator) load() *ir.Value {
	switch g.pick(3) {
	case 0:
		v := g.b.Load(g.b.Ctx(), int64(8*g.pick(8)), g.width(), g.pick(2) == 0)
		v.Stable = true
		return v
	case 1:
		return g.b.Load(g.b.MapValue("m", 8), int64(8*g.pick(4)), 8, false)
	}
	addr, off := g.slotPlace()
	return g.b.Load(addr, off, g.width(), g.pick(2) == 0)
}

// slotPlace returns an aligned place of 8 bytes in a slot, part of the offset being added to the address.
func (g *generator) slotPlace() (*ir.Value, int64) {
	addr := g.b.SlotAddr(g.slots[g.pick(len(g.slots))])
	if g.pick(2) == 0 {
		return g.b.AddImm(g.b.AddImm(addr, 16), -8), int64(-8 * g.pick(2))
	}
	return addr, int64(8 * g.pick(2))
}

func (g *generator) stmts(depth int) {
	for range 1 + g.pick(5) {
		if g.b.Terminated() || g.budget <= 0 {
			return
		}
		g.budget--
		g.stmt(depth)
	}
}

func (g *generator) stmt(depth int) {
	switch n := g.pick(16); {
	case n >= 14: // what is computed here is seen
		g.b.AtomicAdd(g.b.MapValue("m", 0), int64(8*g.pick(4)), 8, g.value(3))
	case n < 5:
		g.b.Define(g.vars[g.pick(len(g.vars))], g.value(2))
	case n < 7:
		addr, off := g.slotPlace()
		g.b.Store(addr, off, g.width(), g.value(1))
	case n == 7:
		g.b.AtomicAdd(g.b.MapValue("m", 0), int64(8*g.pick(4)), 8, g.value(1))
	case n == 8:
		g.b.Call(ir.HelperMapDeleteElem, g.b.MapPtr("h"), g.b.SlotAddr(g.slots[g.pick(2)]))
	case n == 9 && depth < 3:
		g.finish()
	case n < 12 && depth > 0:
		g.ifStmt(depth)
	case depth > 0:
		g.loop(depth)
	}
}

func (g *generator) ifStmt(depth int) {
	then, els, end := g.b.NewBlock("then"), g.b.NewBlock("else"), g.b.NewBlock("end")
	cond := g.b.Use(g.vars[0])
	if g.pick(3) > 0 {
		cond = g.value(2)
	}
	g.b.Branch(cond, then, els)
	g.b.Seal(then)
	g.b.Seal(els)
	reached := false
	for _, blk := range []*ir.Block{then, els} {
		g.b.SetBlock(blk)
		g.stmts(depth - 1)
		if !g.b.Terminated() {
			g.b.Jump(end)
			reached = true
		}
	}
	g.b.Seal(end)
	if reached {
		g.b.SetBlock(end)
	}
}

// loop makes a counted loop, so that every function ends.
func (g *generator) loop(depth int) {
	i := g.b.NewVariable(ir.I64)
	head, body, end := g.b.NewBlock("head"), g.b.NewBlock("body"), g.b.NewBlock("end")
	g.b.Define(i, g.b.Const(0))
	g.b.Jump(head)
	g.b.SetBlock(head)
	g.b.Branch(g.b.Binary(ir.OpULt, g.b.Use(i), g.b.Const(int64(g.pick(4)))), body, end)
	g.b.Seal(body)
	g.b.Seal(end)
	g.b.SetBlock(body)
	g.stmts(depth - 1)
	if !g.b.Terminated() {
		g.b.Define(i, g.b.AddImm(g.b.Use(i), 1))
		g.b.Jump(head)
	}
	g.b.Seal(head)
	g.b.SetBlock(end)
}

// reparse returns a copy of a function.
func reparse(t *testing.T, f *ir.Func) *ir.Func {
	t.Helper()
	m, err := ir.Parse(f.String())
	require.NoError(t, err)
	return m.Funcs[0]
}

func checkSame(t *testing.T, seed uint64, step string, before, after *ir.Func) {
	t.Helper()
	if err := ir.Validate(&ir.Module{Funcs: []*ir.Func{after}}); err != nil {
		t.Fatalf("seed %d, %s: %v\nbefore:\n%s\nafter:\n%s", seed, step, err, before, after)
	}
	for input := range uint64(3) {
		want, err := run(before, input)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, before)
		}
		got, err := run(after, input)
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("seed %d, %s, input %d: %v\ngot %q\nwant %q\nbefore:\n%s\nafter:\n%s", seed, step, input, err, got, want, before, after)
		}
	}
}

func checkSeed(t *testing.T, seed uint64) {
	t.Helper()
	f := newRandom(seed)
	before := reparse(t, f)
	checkSame(t, seed, "builder", before, f)
	for round := range 3 {
		for _, p := range append(cleanup(), placement()...) {
			before := reparse(t, f)
			p.run(f)
			checkSame(t, seed, fmt.Sprintf("round %d of %s", round, p.name), before, f)
		}
	}
	whole := reparse(t, before)
	runFunc(whole)
	checkSame(t, seed, "pipeline", before, whole)
	ir.SplitCriticalEdges(whole)
	checkSame(t, seed, "split edges", before, whole)
}

// TestRandom compares random functions before and after each pass in the reference interpreter.
func TestRandom(t *testing.T) {
	n := uint64(200)
	if testing.Short() {
		n = 40
	}
	for seed := range n {
		checkSeed(t, seed)
	}
	start := uint64(time.Now().UnixNano())
	for seed := start; seed < start+n/4; seed++ {
		checkSeed(t, seed)
	}
}
