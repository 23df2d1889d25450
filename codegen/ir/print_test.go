package ir_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

// everything holds every op.
const everything = `sub "a callback" {
b0 entry(%0: ptr, %1: i64):
  %2 = load s32 [%0 - 4]
  %3 = add %2, %1
  return %3
}

func main {
  slot s0 key size 16 align 8
  slot s1 "" size 3 align 1
b0 entry:
  %0 = ctx
  %1 = slot s0
  %2 = map @x
  %3 = mapvalue gt_data + 16
  %4 = funcptr "a callback"
  %5 = const -7
  %6: ptr = const 0
  %7 = load u64 [%0 + 8] stable
  %8 = load u8 [%3]
  store 4 [%1 + 12], %8
  atomic_add 8 [%3 - 8], %5
  %11 = xchg_add 4 [%3], %5
  %12 = add %1, %5
  %13 = sub %12, %1
  %14 = mul %5, %13
  %15 = udiv %14, %5
  %16 = sdiv %14, %5
  %17 = umod %14, %5
  %18 = smod %14, %5
  %19 = and %14, %15
  %20 = or %19, %15
  %21 = xor %20, %15
  %22 = shl %21, %5
  %23 = lshr %22, %5
  %24 = ashr %23, %5
  %25 = neg %24
  %26 = sext 4 %25
  %27 = zext 1 %26
  %28 = bswap 8 %27
  %29 = eq %28, %27
  %30 = ne %28, %27
  %31 = ult %28, %27
  %32 = ule %28, %27
  %33 = slt %28, %27
  %34 = sle %28, %27
  %35: ptr = load u64 [%1]
  %36 = number %35
  jump b1(%34, %6)
b1 "loop: head"(%37: i64, %38: ptr):
  %39 = call map_lookup_elem(%2, %1)
  %40 = kfunc bpf_rcu_read_lock()
  %41: ptr = kfunc bpf_task_from_pid(%37)
  kfunc bpf_rcu_read_unlock()
  %43 = callfunc "a callback"(%1, %5)
  call ringbuf_submit(%39, %5)
  branch %39, b2, b1(%43, %39)
b2:
  return %37
}
`

func mustParse(t *testing.T, text string) *ir.Module {
	t.Helper()
	m, err := ir.Parse(text)
	require.NoError(t, err)
	return m
}

func TestPrintParseRoundTrip(t *testing.T) {
	want := everything
	m := mustParse(t, want)
	require.NoError(t, ir.Validate(m))
	require.Equal(t, want, m.String())
	seen := map[ir.Op]bool{}
	for _, f := range m.Funcs {
		for _, b := range f.Blocks {
			for _, v := range append(b.Params, b.Instrs...) {
				seen[v.Op] = true
			}
		}
	}
	for op := ir.OpParam; op.Info().Name != "return"; op++ {
		require.True(t, seen[op], "%v is not in the text", op)
	}
}

func TestPrintComments(t *testing.T) {
	m := mustParse(t, "func f { ; the program\nb0:\n  %0 = const 1 ; one\n  return %0\n}\n")
	m.Funcs[0].Blocks[0].Instrs[0].Comment = "one"
	require.Equal(t, "func f {\nb0:\n  %0 = const 1 ; one\n  return %0\n}\n", m.Text(ir.PrintOptions{Comments: true}))
	require.NotContains(t, m.String(), "one")
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no function", "b0:", "line 1: expected func, sub or global"},
		{"not closed", "func f {\nb0:\n  %0 = const 1\n", "function f: missing }"},
		{"undefined value", "func f {\nb0:\n  return %7\n}", "%7 is not defined"},
		{"undefined block", "func f {\nb0:\n  jump b3\n}", "b3 is not defined"},
		{"twice", "func f {\nb0:\n  %0 = const 1\n  %0 = const 2\n}", "line 4: %0 is defined twice"},
		{"unknown op", "func f {\nb0:\n  %0 = frob 1\n}", "unknown instruction"},
		{"unknown helper", "func f {\nb0:\n  %0 = call frob()\n}", "unknown helper"},
		{"rest", "func f {\nb0:\n  %0 = const 1 2\n}", `unexpected "2"`},
		{"width", "func f {\nb0:\n  %0 = ctx\n  %1 = load u24 [%0]\n}", "bad width"},
		{"character", "func f {\nb0:\n  %0 = const !\n}", "unexpected character"},
		{"slot", "func f {\nb0:\n  %0 = slot s0\n}", "unknown slot"},
		{"outside", "func f {\n  %0 = const 0\n}", "before the first block"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ir.Parse(c.text)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add("func f {\nb0:\n  %0 = const 1\n  return %0\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ir.Parse(text)
		if err != nil || ir.Validate(m) != nil {
			return
		}
		printed := m.String()
		again, err := ir.Parse(printed)
		require.NoError(t, err)
		require.Equal(t, printed, again.String())
	})
}
