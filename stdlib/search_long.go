package stdlib

import (
	"fmt"
	"math/bits"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// maxSearch bounds the sizes of a haystack and a long needle together: the verifier follows each step of the search.
const maxSearch = 8192

// stepsAtOnce is the number of steps between two looks at whether more are needed: the verifier bears few branches.
const stepsAtOnce = 16

// search is the search for a long needle in the way of Knuth, Morris and Pratt: its steps are at most twice the bytes of both
// strings, so that the verifier of every kernel can follow them one by one. A step has no branch.
type search struct {
	e Emitter
	b *ir.Builder
	// needle has length bytes, and then zeros; borders has, by the number of the needle's first bytes, how many of them are
	// both at their beginning and at their end, and not all.
	needle, borders, length *ir.Value
	// entries is a power of two, more than the needle's length.
	entries int64
}

// findLong returns where a needle is in a haystack.
func findLong(e Emitter, hay, needle Arg) *ir.Value {
	b := e.Builder()
	x, y := hay.Lower(), needle.Lower()
	n, m := x.Type.(types.String).Size, y.Type.(types.String).Size
	hayLen, length := e.StrLen(x), e.StrLen(y)
	entries, hayEntries := powerFor(m+1), powerFor(n)
	return e.Once(Once{
		Name: fmt.Sprintf("find long %d in %d", m, n), Size: int(hayEntries + 3*entries), Other: notFound,
		Prepare: func(mem *ir.Value) []*ir.Value {
			e.PutString(mem, x, int(hayEntries))
			e.PutString(b.AddImm(mem, hayEntries), y, int(entries))
			return []*ir.Value{hayLen, length}
		},
		Code: func(e Emitter, mem *ir.Value, args []*ir.Value) *ir.Value {
			b := e.Builder()
			s := &search{e: e, b: b, length: args[1], entries: entries}
			s.needle, s.borders = b.AddImm(mem, hayEntries), b.AddImm(mem, hayEntries+entries)
			b.Store(s.borders, 0, 4, b.Const(0))
			s.run(s.needle, entries, s.length, 1, 2*m, true)
			at, matched := s.run(mem, hayEntries, args[0], 0, 2*n, false)
			return s.place(at, matched)
		},
	})
}

// powerFor returns the smallest power of two that is at least n.
func powerFor(n int) int64 { return int64(1) << bits.Len(uint(n-1)) }

// place is where the needle was found, given the place behind it, or notFound.
func (s *search) place(at, matched *ir.Value) *ir.Value {
	b := s.b
	all, some, done := b.NewBlock("all"), b.NewBlock("some"), b.NewBlock("found")
	result := b.NewVariable(ir.I64)
	b.Branch(b.Binary(ir.OpEq, matched, s.length), all, some)
	b.Seal(all)
	b.Seal(some)
	b.SetBlock(all)
	b.Define(result, b.Binary(ir.OpSub, at, s.length))
	b.Jump(done)
	b.SetBlock(some)
	b.Define(result, b.Const(notFound))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return b.Use(result)
}

// run goes through a text from a place on, at most a number of steps, and returns the place that it got to and the number of
// the needle's bytes that are right before that. It ends behind the first needle. With learn it writes down the borders.
func (s *search) run(text *ir.Value, entries int64, length *ir.Value, from int64, steps int, learn bool) (at, matched *ir.Value) {
	b := s.b
	i, j := b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	b.Define(i, b.Const(from))
	b.Define(j, b.Const(0))
	repeat(b, int64((steps+stepsAtOnce-1)/stepsAtOnce), func(_ *ir.Value, leave *ir.Block) {
		more := b.NewBlock("more")
		b.Branch(s.going(b.Use(i), length, b.Use(j)), more, leave)
		b.Seal(more)
		b.SetBlock(more)
		repeat(b, stepsAtOnce, func(*ir.Value, *ir.Block) {
			at, matched := s.step(text, entries, length, b.Use(i), b.Use(j))
			if learn {
				// Without a border yet, this is written again in the next step.
				place := b.Binary(ir.OpAnd, b.AddImm(b.Use(i), 1), b.Const(s.entries-1))
				b.Store(b.Binary(ir.OpAdd, s.borders, b.Binary(ir.OpShl, place, b.Const(1))), 0, 2, matched)
			}
			b.Define(i, s.e.Hide(at))
			b.Define(j, s.e.Hide(matched))
		})
	})
	return b.Use(i), b.Use(j)
}

// going is 1 as long as the text is not over and the needle not found.
func (s *search) going(at, length, matched *ir.Value) *ir.Value {
	return s.b.Binary(ir.OpAnd, s.negative(s.b.Binary(ir.OpSub, at, length)), s.negative(s.b.Binary(ir.OpSub, matched, s.length)))
}

// negative is 1 for a negative number, else 0.
func (s *search) negative(n *ir.Value) *ir.Value { return s.b.Binary(ir.OpLShr, n, s.b.Const(63)) }

// step compares one byte. If it is the needle's next one, both go on; else the needle goes back to its border, and if there is
// none, the text goes on.
func (s *search) step(text *ir.Value, entries int64, length, at, matched *ir.Value) (nextAt, nextMatched *ir.Value) {
	b := s.b
	j := b.Binary(ir.OpAnd, matched, b.Const(s.entries-1))
	have := b.Load(b.Binary(ir.OpAdd, text, b.Binary(ir.OpAnd, at, b.Const(entries-1))), 0, 1, false)
	want := b.Load(b.Binary(ir.OpAdd, s.needle, j), 0, 1, false)
	border := b.Load(b.Binary(ir.OpAdd, s.borders, b.Binary(ir.OpShl, j, b.Const(1))), 0, 2, false)
	going := s.going(at, length, matched)
	same := b.Binary(ir.OpAnd, going, s.negative(b.AddImm(b.Binary(ir.OpXor, have, want), -1)))
	first := b.Binary(ir.OpAnd, going, s.negative(b.AddImm(matched, -1)))
	back := b.Binary(ir.OpMul, b.Binary(ir.OpSub, going, same), b.Binary(ir.OpSub, border, matched))
	nextAt = b.Binary(ir.OpAdd, at, b.Binary(ir.OpOr, same, first))
	return nextAt, b.Binary(ir.OpAdd, b.Binary(ir.OpAdd, matched, same), back)
}
