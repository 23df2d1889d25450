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
  %12 = xchg 8 [%3 - 8], %11
  %13 = add %1, %5
  %14 = sub %13, %1
  %15 = mul %5, %14
  %16 = udiv %15, %5
  %17 = sdiv %15, %5
  %18 = umod %15, %5
  %19 = smod %15, %5
  %20 = and %15, %16
  %21 = or %20, %16
  %22 = xor %21, %16
  %23 = shl %22, %5
  %24 = lshr %23, %5
  %25 = ashr %24, %5
  %26 = neg %25
  %27 = sext 4 %26
  %28 = zext 1 %27
  %29 = bswap 8 %28
  %30 = eq %29, %28
  %31 = ne %29, %28
  %32 = ult %29, %28
  %33 = ule %29, %28
  %34 = slt %29, %28
  %35 = sle %29, %28
  %36: ptr = load u64 [%1]
  %37 = number %36
  jump b1(%35, %6)
b1 "loop: head"(%38: i64, %39: ptr):
  %40 = call map_lookup_elem(%2, %1)
  %41 = kfunc bpf_rcu_read_lock()
  %42: ptr = kfunc bpf_task_from_pid(%38)
  kfunc bpf_rcu_read_unlock()
  %44 = callfunc "a callback"(%1, %5)
  call ringbuf_submit(%40, %5)
  branch %40, b2, b1(%44, %40)
b2:
  return %38
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
