package ir_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

func finish(t *testing.T, b *ir.Builder) string {
	t.Helper()
	require.NoError(t, ir.Validate(&ir.Module{Funcs: []*ir.Func{b.Func}}))
	return b.Func.String()
}

func TestBuilderDiamond(t *testing.T) {
	b := ir.NewBuilder("f")
	v := b.NewVariable(ir.I64)
	b.Define(v, b.Const(1))
	then, els, end := b.NewBlock("then"), b.NewBlock("else"), b.NewBlock("end")
	b.Branch(b.Call(ir.HelperGetCurrentPidTgid), then, els)
	b.Seal(then)
	b.Seal(els)
	b.SetBlock(then)
	b.Define(v, b.Const(2))
	b.Jump(end)
	b.SetBlock(els)
	b.Jump(end)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Use(v))
	require.True(t, b.Terminated())
	require.Equal(t, `func f {
b0 entry:
  %0 = const 1
  %1 = call get_current_pid_tgid()
  branch %1, b1, b2
b1 then:
  %3 = const 2
  jump b3(%3)
b2 else:
  jump b3(%0)
b3 end(%6: i64):
  return %6
}
`, finish(t, b))
}

// A loop header is used before its back edge exists, and one of the two variables never changes.
func TestBuilderLoop(t *testing.T) {
	b := ir.NewBuilder("f")
	i, n := b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	b.Define(i, b.Const(0))
	b.Define(n, b.Const(10))
	head, body, end := b.NewBlock("head"), b.NewBlock("body"), b.NewBlock("end")
	b.Jump(head)
	b.SetBlock(head)
	b.Branch(b.Binary(ir.OpULt, b.Use(i), b.Use(n)), body, end)
	b.Seal(body)
	b.SetBlock(body)
	b.Define(i, b.AddImm(b.Use(i), 1))
	b.Jump(head)
	b.Seal(head)
	b.Seal(head) // twice does no harm
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Use(i))
	require.Equal(t, `func f {
b0 entry:
  %0 = const 0
  %1 = const 10
  jump b1(%0, %1)
b1 head(%3: i64, %4: i64):
  %5 = ult %3, %4
  branch %5, b2, b3
b2 body:
  %7 = const 1
  %8 = add %3, %7
  jump b1(%8, %4)
b3 end:
  return %3
}
`, finish(t, b))
}

// The inner loop reads a variable of the outer one through two headers that are not sealed.
func TestBuilderNestedUnsealedLoops(t *testing.T) {
	b := ir.NewBuilder("f")
	x, y := b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	b.Define(x, b.Const(7))
	outer, inner, latch, end := b.NewBlock("outer"), b.NewBlock("inner"), b.NewBlock("latch"), b.NewBlock("end")
	b.Jump(outer)
	b.SetBlock(outer)
	b.Jump(inner)
	b.SetBlock(inner)
	b.Define(y, b.AddImm(b.Use(y), 2))
	b.Branch(b.Use(x), inner, latch)
	b.Seal(inner)
	b.Seal(latch)
	b.SetBlock(latch)
	b.Define(x, b.Use(y))
	b.Branch(b.Use(x), outer, end)
	b.Seal(outer)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Use(x))
	finish(t, b)
}

func TestBuilderUndefinedIsZero(t *testing.T) {
	b := ir.NewBuilder("f")
	n, p := b.NewVariable(ir.I64), b.NewVariable(ir.Ptr)
	end, other := b.NewBlock("end"), b.NewBlock("other")
	b.Branch(b.Binary(ir.OpEq, b.Use(p), b.Use(n)), other, end)
	b.Seal(other)
	b.SetBlock(other)
	b.Define(p, b.Ctx())
	b.Jump(end)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Use(p))
	require.Contains(t, finish(t, b), ": ptr = const 0")
}

func TestBuilderKeepsOffsetsSmall(t *testing.T) {
	b := ir.NewBuilder("f")
	b.Store(b.Ctx(), 40000, 8, b.Load(b.Ctx(), -40000, 2, true))
	b.Return(b.Const(0))
	require.Contains(t, finish(t, b), "const 40000")
}

func TestBuilderPanics(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*ir.Builder)
	}{
		{"code after the end", func(b *ir.Builder) { b.Return(b.Const(0)); b.Const(1) }},
		{"jump to a sealed block", func(b *ir.Builder) {
			blk := b.NewBlock("x")
			b.Seal(blk)
			b.Jump(blk)
		}},
		{"helper arity", func(b *ir.Builder) { b.Call(ir.HelperMapLookupElem) }},
		{"one target", func(b *ir.Builder) {
			blk := b.NewBlock("x")
			b.Branch(b.Const(0), blk, blk)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Panics(t, func() { c.do(ir.NewBuilder("f")) })
		})
	}
}

func TestBuilderSubprogram(t *testing.T) {
	b := ir.NewBuilder("cb")
	b.Func.Sub = true
	p, n := b.Param(ir.Ptr), b.Param(ir.I64)
	b.AtomicAdd(p, 0, 8, n)
	b.Return(b.XchgAdd(p, 8, 8, b.Xchg(p, 8, n)))
	m := ir.NewBuilder("main")
	m.Return(m.CallFunc("cb", m.MapValue("@x", 0), m.Neg(m.Const(1))))
	m2 := &ir.Module{Funcs: []*ir.Func{b.Func, m.Func}}
	require.NoError(t, ir.Validate(m2))
}
