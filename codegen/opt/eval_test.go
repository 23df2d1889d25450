package opt

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

// samples are values at which arithmetic turns.
var samples = []int64{0, 1, 2, 7, 8, 63, 64, 128, 255, 256, 0x8000, 1<<31 - 1, 1 << 31, 1 << 32, 1<<63 - 1, -1, -2, -1 << 63}

func TestEvalAgreesWithReference(t *testing.T) {
	for op := ir.OpAdd; canEval(op); op++ {
		for _, width := range []uint8{2, 4} {
			for _, x := range samples {
				for _, y := range samples {
					want := compute(&ir.Value{Op: op, Width: width}, x, y)
					require.Equal(t, want, eval(op, int(width), x, y), "%v %d %d", op, x, y)
				}
			}
		}
	}
}

// unary are the operations that pairs are made of: each makes a value of another one.
func unary() []func(*ir.Builder, *ir.Value) *ir.Value {
	var out []func(*ir.Builder, *ir.Value) *ir.Value
	for _, width := range []int{1, 2, 4} {
		out = append(out,
			func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Extend(x, width, true) },
			func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Extend(x, width, false) })
	}
	out = append(out,
		func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Bswap(x, 4) },
		func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Neg(x) })
	for op := ir.OpAdd; op <= ir.OpSLe; op++ {
		if op.Info().Args != 2 {
			continue
		}
		out = append(out, func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Binary(op, x, x) })
		for _, n := range []int64{0, 1, 7, 8, 40, 255, -1, -4, 1 << 32} {
			out = append(out, func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Binary(op, x, b.Const(n)) })
			if n < 8 {
				out = append(out, func(b *ir.Builder, x *ir.Value) *ir.Value { return b.Binary(op, b.Const(n), x) })
			}
		}
	}
	return out
}

// TestConstPairs folds every operation on the result of every other one.
func TestConstPairs(t *testing.T) {
	ops := unary()
	for i, first := range ops {
		for j, second := range ops {
			if testing.Short() && (i+j)%7 != 0 {
				continue
			}
			b := ir.NewBuilder("f")
			x := b.Load(b.Ctx(), 0, 8, false)
			b.Return(second(b, first(b, x)))
			want := returned(b.Func.Entry().Instrs, nil)
			before := b.Func.String()
			passConst(b.Func)
			if got := returned(b.Func.Entry().Instrs, nil); !slices.Equal(want, got) {
				t.Fatalf("got %d, want %d\nbefore:\n%s\nafter:\n%s", got, want, before, b.Func)
			}
		}
	}
}

// returned runs straight-line code on each of the samples.
func returned(code []*ir.Value, out []int64) []int64 {
	values := map[int]int64{}
	for _, x := range samples {
		for _, v := range code {
			var args [2]int64
			for i, a := range v.Args {
				args[i] = values[a.ID]
			}
			switch v.Op {
			case ir.OpConst:
				values[v.ID] = v.Imm
			case ir.OpLoad:
				values[v.ID] = x
			case ir.OpCtx:
			case ir.OpReturn:
				out = append(out, args[0])
			default:
				values[v.ID] = compute(v, args[0], args[1])
			}
		}
	}
	return out
}

// TestLowBits checks the claim about every operation on every other one.
func TestLowBits(t *testing.T) {
	ops := unary()
	for _, first := range ops {
		b := ir.NewBuilder("f")
		x := first(b, b.Load(b.Ctx(), 0, 8, false))
		n := lowBits(x, 4)
		b.Return(x)
		for _, got := range returned(b.Func.Entry().Instrs, nil) {
			require.LessOrEqual(t, bits.Len64(uint64(got)), n, b.Func)
		}
	}
}

func TestFoldingIsBounded(t *testing.T) {
	b := ir.NewBuilder("f")
	x := b.Ctx()
	for range 100 {
		x = b.AddImm(x, 30000)
	}
	b.Return(b.Load(x, 0, 8, false))
	runFunc(b.Func)
	require.NoError(t, ir.Validate(&ir.Module{Funcs: []*ir.Func{b.Func}}))
	require.Contains(t, b.Func.String(), "const 3000000")
}
