package stdlib

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// notFound is what strstr returns where there is nothing to find (-ENOENT, as the kernel's function of that name).
const notFound = -2

// textBuiltins work on strings.
func textBuiltins() []*Builtin {
	haystack := []types.Param{{Name: "haystack", Kind: types.ParamString}, {Name: "needle", Kind: types.ParamString}}
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "strlen", Doc: "Length of a string in bytes.",
				Params: []types.Param{{Name: "s", Kind: types.ParamString}}, Result: types.Uint64, Call: true,
			},
			Lower: lowerStrlen,
		},
		{
			Signature: types.Signature{
				Name: "strcap", Doc: "Number of bytes that the storage of a string has.",
				Params: []types.Param{{Name: "s", Kind: types.ParamString}}, Result: types.Uint64, Call: true,
				Fold: func(args []types.Arg, _ types.Env) (types.Folded, bool) {
					return types.Folded{Int: int64(types.Sizeof(args[0].Type))}, true
				},
			},
			Lower: lowerFolded,
		},
		{
			Signature: types.Signature{
				Name: "strncmp", Doc: "Compares at most length bytes of two strings: 0 if they are equal.",
				Params: []types.Param{
					{Name: "a", Kind: types.ParamString},
					{Name: "b", Kind: types.ParamString},
					{Name: "length", Kind: types.ParamLitInt},
				},
				ResultOf: strncmpType, Call: true,
			},
			Lower: lowerStrncmp,
		},
		{
			Signature: types.Signature{
				Name: "strstr", Doc: "Where a string is found in another, counted from 0; negative if it is not.",
				Params: haystack, ResultOf: searchType("strstr", types.Int32), Call: true,
			},
			Lower: func(e Emitter, c Call) Value { return Value{V: find(e, c), Type: c.Result} },
		},
		{
			Signature: types.Signature{
				Name: "strcontains", Doc: "Whether a string contains another.", Params: haystack,
				ResultOf: searchType("strcontains", types.Bool{}), Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				b := e.Builder()
				return Value{V: b.Binary(ir.OpSLe, b.Const(0), find(e, c)), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "str_concat", Doc: "One string followed by another.",
				Params: []types.Param{{Name: "a", Kind: types.ParamString}, {Name: "b", Kind: types.ParamString}},
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return types.String{Size: env.MaxStrlen}, nil
				},
				Call: true,
			},
			Lower: func(e Emitter, c Call) Value { return e.Concat(c, c.Args[0].Lower(), c.Args[1].Lower()) },
		},
	}
}

// lowerFolded is for builtins whose uses are all known at compile time.
func lowerFolded(_ Emitter, c Call) Value {
	panic(fmt.Sprintf("BUG: stdlib: %s has no value known at compile time", c.Sig.Name))
}

func lowerStrlen(e Emitter, c Call) Value {
	if s, ok := c.Args[0].Literal(); ok {
		s, _, _ = strings.Cut(s, "\x00")
		return Value{V: e.Builder().Const(int64(len(s))), Type: c.Result}
	}
	return Value{V: e.StrLen(c.Args[0].Lower()), Type: c.Result}
}

// maxStrncmp is the largest number of bytes that are compared.
const maxStrncmp = 4096

func strncmpType(args []types.Arg, _ types.Env) (types.Type, error) {
	if n := args[2].Int; n < 0 || n > maxStrncmp {
		return nil, fmt.Errorf("strncmp() compares 0 to %d bytes (%d provided)", maxStrncmp, n)
	}
	return types.Uint64, nil
}

// lowerStrncmp compares words of the strings, which are followed by zeros. The NUL of a literal ends the comparison.
func lowerStrncmp(e Emitter, c Call) Value {
	length, _ := c.Args[2].Const()
	n := int(length)
	for _, a := range c.Args[:2] {
		if s, ok := a.Literal(); ok {
			n = min(n, len(s)+1)
		}
		if s, ok := a.Type().(types.String); ok {
			n = min(n, s.Size+1)
		}
	}
	if n == 0 {
		return Value{V: e.Builder().Const(0), Type: c.Result}
	}
	x, y := cut(e, c.Args[0], n), cut(e, c.Args[1], n)
	b := e.Builder()
	result := b.NewVariable(ir.I64)
	done := b.NewBlock("strncmp")
	b.Define(result, b.Const(1))
	compareWords(b, x, y, n, done)
	b.Define(result, b.Const(0))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return Value{V: b.Use(result), Type: c.Result}
}

// cut returns the address of n bytes of a string, or of the string and zeros.
func cut(e Emitter, a Arg, n int) *ir.Value {
	v := a.Lower()
	if s, ok := v.Type.(types.String); ok && !v.Loose && s.Size >= n && aligned(v.V) {
		return v.V
	}
	if v.Loose && v.Type.(types.String).Size < n {
		return e.Padded(v, n)
	}
	return e.Padded(v, max(n, v.Type.(types.String).Size))
}

// aligned reports whether words may be read at an address: a string in a tuple may begin anywhere.
func aligned(v *ir.Value) bool {
	off := int64(0)
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		off, v = off+v.Args[1].Imm, v.Args[0]
	}
	return off%8 == 0
}

// maxUnrolled is the number of words up to which comparisons are unrolled.
const maxUnrolled = 16

// compareWords goes on where n bytes at x and y are equal, else to differ. Words that differ are the last that is read, so
// bytes behind the NUL of a string whose rest is not zero must not be compared: the caller sees to that.
func compareWords(b *ir.Builder, x, y *ir.Value, n int, differ *ir.Block) {
	at := 0
	if n >= 8*maxUnrolled {
		words := n / 8
		repeat(b, int64(words), func(i *ir.Value, _ *ir.Block) {
			off := b.Binary(ir.OpShl, i, b.Const(3))
			same(b, b.Load(b.Binary(ir.OpAdd, x, off), 0, 8, false), b.Load(b.Binary(ir.OpAdd, y, off), 0, 8, false), differ)
		})
		at = words * 8
	}
	for at < n {
		w := wordOf(n - at)
		same(b, b.Load(x, int64(at), w, false), b.Load(y, int64(at), w, false), differ)
		at += w
	}
}

// same goes on where two numbers are equal, else to differ.
func same(b *ir.Builder, x, y *ir.Value, differ *ir.Block) {
	next := b.NewBlock("same")
	b.Branch(b.Binary(ir.OpEq, x, y), next, differ)
	b.Seal(next)
	b.SetBlock(next)
}

// wordOf returns the size of the largest word in n bytes.
func wordOf(n int) int {
	for w := 8; w > 1; w /= 2 {
		if n >= w {
			return w
		}
	}
	return 1
}

// repeat makes a loop of n rounds. The body is given the number of the round, which the verifier knows, and the block that
// it may go to in order to leave the loop.
func repeat(b *ir.Builder, n int64, body func(i *ir.Value, leave *ir.Block)) {
	i := b.NewVariable(ir.I64)
	head, round, done := b.NewBlock("loop"), b.NewBlock("round"), b.NewBlock("looped")
	b.Define(i, b.Const(0))
	b.Jump(head)
	b.SetBlock(head)
	b.Branch(b.Binary(ir.OpULt, b.Use(i), b.Const(n)), round, done)
	b.Seal(round)
	b.SetBlock(round)
	body(b.Use(i), done)
	b.Define(i, b.AddImm(b.Use(i), 1))
	b.Jump(head)
	b.Seal(head)
	b.Seal(done)
	b.SetBlock(done)
}
