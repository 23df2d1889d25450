package ir_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

func TestValidateRejects(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no terminator", "func f {\nb0:\n  %0 = const 1\n}", "b0: no terminator"},
		{"terminator inside", "func f {\nb0:\n  %0 = const 1\n  return %0\n  return %0\n}", "terminator inside the block"},
		{"use before definition", "func f {\nb0:\n  %1 = neg %0\n  %0 = const 1\n  return %1\n}", "%0 is not defined here"},
		{
			"not dominated",
			"func f {\nb0:\n  %0 = const 1\n  branch %0, b1, b2\nb1:\n  %1 = const 2\n  jump b2\nb2:\n  return %1\n}",
			"%1 is not defined here",
		},
		{
			"unreachable definition",
			"func f {\nb0:\n  %0 = const 1\n  jump b2\nb1:\n  %1 = const 2\n  jump b2\nb2:\n  return %1\n}",
			"%1 is not defined here",
		},
		{
			"argument count",
			"func f {\nb0:\n  %0 = const 1\n  jump b1\nb1(%1: i64):\n  return %1\n}",
			"b1 takes 1 arguments, 0 given",
		},
		{
			"argument type",
			"func f {\nb0:\n  %0 = const 1\n  jump b1(%0)\nb1(%1: ptr):\n  return %1\n}",
			"%0 is i64, parameter %1 is ptr",
		},
		{"one target", "func f {\nb0:\n  %0 = const 1\n  branch %0, b1, b1\nb1:\n  return %0\n}", "both targets are b1"},
		{"jump to entry", "func f {\nb0:\n  jump b0\n}", "jump to the entry block"},
		{"program with parameters", "func f {\nb0(%0: i64):\n  return %0\n}", "a program has no parameters"},
		{"load from an integer", "func f {\nb0:\n  %0 = const 1\n  %1 = load u8 [%0]\n  return %1\n}", "is not a pointer"},
		{"offset", "func f {\nb0:\n  %0 = ctx\n  %1 = load u8 [%0 + 40000]\n  return %1\n}", "offset 40000"},
		{"extension width", "func f {\nb0:\n  %0 = const 1\n  %1 = zext 8 %0\n  return %1\n}", "width 8"},
		{"atomic width", "func f {\nb0:\n  %0 = ctx\n  %1 = xchg_add 2 [%0], %0\n  return %1\n}", "width 2"},
		{"exchange width", "func f {\nb0:\n  %0 = ctx\n  %1 = xchg 4 [%0], %0\n  return %1\n}", "width 4"},
		{"map offset", "func f {\nb0:\n  %0 = mapvalue m - 8\n  return %0\n}", "offset -8"},
		{"helper arity", "func f {\nb0:\n  %0 = call map_lookup_elem()\n  return %0\n}", "takes 2 arguments, 0 given"},
		{"helper without a value", "func f {\nb0:\n  %0: i64 = call ringbuf_submit(%0, %0)\n  return %0\n}", "instead of none"},
		{"pointer constant", "func f {\nb0:\n  %0: ptr = const 5\n  return %0\n}", "type ptr"},
		{"pointer product", "func f {\nb0:\n  %0 = ctx\n  %1: ptr = mul %0, %0\n  return %1\n}", "type ptr instead of i64"},
		{"value of a store", "func f {\nb0:\n  %0 = ctx\n  %1: i64 = store 8 [%0], %0\n  return %0\n}", "instead of none"},
		{"no subprogram", "func f {\nb0:\n  %0 = funcptr g\n  return %0\n}", `no subprogram "g"`},
		{"call of a program", "func f {\nb0:\n  %0 = callfunc f()\n  return %0\n}", `no subprogram "f"`},
		{"callee arity", "sub g {\nb0(%0: i64):\n  return %0\n}\nfunc f {\nb0:\n  %0 = callfunc g()\n  return %0\n}", "g takes 1 arguments"},
		{"slot alignment", "func f {\n  slot s0 x size 4 align 3\nb0:\n  %0 = const 0\n  return %0\n}", "align 3"},
		{"two functions", "func f {\nb0:\n  %0 = const 0\n  return %0\n}\nfunc f {\nb0:\n  %0 = const 0\n  return %0\n}", "defined twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, ir.Validate(mustParse(t, c.text)), c.want)
		})
	}
}

func TestValidateForeignParts(t *testing.T) {
	m := mustParse(t, "func f {\n  slot s0 x size 8 align 8\nb0:\n  %0 = slot s0\n  %1 = const 1\n  return %1\n}")
	f := m.Funcs[0]
	f.Blocks[0].Instrs[0].Slot = &ir.Slot{ID: 0, Size: 8, Align: 8}
	require.ErrorContains(t, ir.Validate(m), "unknown slot")
	f.Blocks[0].Instrs[0].Slot = f.Slots[0]
	f.Blocks[0].Instrs[1].ID = 0
	require.ErrorContains(t, ir.Validate(m), "repeated value ID")
}
