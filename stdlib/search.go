package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// maxNeedle is the size of the largest string, not known at compile time, all of which is compared at every place: the verifier
// follows each comparison. There is another way for longer ones.
const maxNeedle = 32

// maxLiteral is the same for literals.
const maxLiteral = 64

func searchType(name string, result types.Type) func([]types.Arg, types.Env) (types.Type, error) {
	return func(args []types.Arg, _ types.Env) (types.Type, error) {
		hay, needle := args[0], args[1]
		sum := types.Sizeof(hay.Type) + types.Sizeof(needle.Type)
		if isLong(needle) && sum > maxSearch {
			return nil, fmt.Errorf("%s() looks for and in at most %d bytes (%d provided); str(p, n) makes strings of at most n", name, maxSearch, sum)
		}
		return result, nil
	}
}

// isLong reports whether a needle is too long to be compared at every place.
func isLong(needle types.Arg) bool {
	if needle.Const {
		return len(needle.Str) > maxLiteral
	}
	return types.Sizeof(needle.Type) > maxNeedle
}

// find returns where a needle is in a haystack.
func find(e Emitter, c Call) *ir.Value {
	needle, known := c.Args[1].Literal()
	switch {
	case known && len(needle) <= maxLiteral:
		return findLiteral(e, c.Args[0], needle)
	case known || types.Sizeof(c.Args[1].Type()) > maxNeedle:
		return findLong(e, c.Args[0], c.Args[1])
	}
	return findString(e, c.Args[0], c.Args[1])
}

// manyPlaces is the number of places from which a search is code that the verifier follows once: up to that it follows it wherever it is,
// which spares the program two lookups of memory.
const manyPlaces = 64

// findLiteral looks for the needle at every place, its bytes compared by words.
func findLiteral(e Emitter, hay Arg, needle string) *ir.Value {
	b := e.Builder()
	if needle == "" {
		return b.Const(0)
	}
	v := hay.Lower()
	size := v.Type.(types.String).Size
	if size < len(needle) {
		return b.Const(notFound)
	}
	last := b.AddImm(e.StrLen(v), int64(-len(needle)))
	room, places := size+placesAtOnce, size-len(needle)+1
	search := func(e Emitter, text, last *ir.Value) *ir.Value {
		return findPlace(e, text, last, places, func(p *ir.Value, off int64, next *ir.Block) {
			compareLiteral(e.Builder(), p, off, needle, next)
		})
	}
	if places <= manyPlaces {
		return search(e, e.Padded(v, room), last)
	}
	return e.Once(Once{
		Name: fmt.Sprintf("find %q in %d", needle, size), Size: room, Other: notFound,
		Prepare: func(mem *ir.Value) []*ir.Value {
			e.PutString(mem, v, room)
			return []*ir.Value{last}
		},
		Code: func(e Emitter, mem *ir.Value, args []*ir.Value) *ir.Value { return search(e, mem, args[0]) },
	})
}

// compareLiteral goes on where a needle is at an address, else to next.
func compareLiteral(b *ir.Builder, p *ir.Value, off int64, needle string, next *ir.Block) {
	for k := 0; k < len(needle); {
		w := wordOf(len(needle) - k)
		same(b, b.Load(p, off+int64(k), w, false), b.Const(word(needle[k:k+w])), next)
		k += w
	}
}

// findString looks for a needle that is only known at run time: of the last word, only the bytes that it has are compared.
func findString(e Emitter, hay, needle Arg) *ir.Value {
	b := e.Builder()
	x, y := hay.Lower(), needle.Lower()
	size := x.Type.(types.String).Size
	n := types.Align(y.Type.(types.String).Size, 8)
	length := e.StrLen(y)
	last := b.Binary(ir.OpSub, e.StrLen(x), length)
	room := types.Align(size+placesAtOnce+n, 8)
	search := func(e Emitter, text, want, mask, last *ir.Value) *ir.Value {
		return findPlace(e, text, last, size+1, func(p *ir.Value, off int64, next *ir.Block) {
			compareMasked(e.Builder(), p, off, want, mask, n, next)
		})
	}
	if size*n/8 <= manyPlaces {
		return search(e, e.Padded(x, room), e.Padded(y, n), maskOf(e, e.Bytes(nowhere(b), n), length, n), last)
	}
	return e.Once(Once{
		Name: fmt.Sprintf("find %d in %d", n, size), Size: room + 2*n, Other: notFound,
		Prepare: func(mem *ir.Value) []*ir.Value {
			e.PutString(mem, x, room)
			e.PutString(b.AddImm(mem, int64(room)), y, n)
			return []*ir.Value{last, length}
		},
		Code: func(e Emitter, mem *ir.Value, args []*ir.Value) *ir.Value {
			b := e.Builder()
			want, mask := b.AddImm(mem, int64(room)), b.AddImm(mem, int64(room+n))
			for k := 0; k < n; k += 8 {
				b.Store(mask, int64(k), 8, b.Const(0))
			}
			return search(e, mem, want, maskOf(e, mask, args[1], n), args[0])
		},
	})
}

// compareMasked goes on where n bytes, of which a mask leaves those that count, are at an address, else to next.
func compareMasked(b *ir.Builder, p *ir.Value, off int64, want, mask *ir.Value, n int, next *ir.Block) {
	for k := int64(0); k < int64(n); k += 8 {
		got := b.Binary(ir.OpAnd, b.Load(p, off+k, 8, false), b.Load(mask, k, 8, false))
		same(b, got, b.Load(want, k, 8, false), next)
	}
}

// maskOf sets all bits of the first of n bytes, which are zero, and returns their address.
func maskOf(e Emitter, mask, length *ir.Value, n int) *ir.Value {
	b := e.Builder()
	repeat(b, int64(n), func(i *ir.Value, leave *ir.Block) {
		within := b.NewBlock("within")
		b.Branch(b.Binary(ir.OpULt, i, length), within, leave)
		b.Seal(within)
		b.SetBlock(within)
		b.Store(b.Binary(ir.OpAdd, mask, i), 0, 1, b.Const(0xff))
	})
	return mask
}

// nowhere is the address 0, which reads as zeros.
func nowhere(b *ir.Builder) Value {
	return Value{V: b.Const(0), Type: types.Pointer{Elem: types.Void{}, Space: types.SpaceKernel}}
}

// placesAtOnce is the number of places between two looks at whether the text is over: the fewer steps, the more of such searches the
// verifier follows in one program.
const placesAtOnce = 8

// findPlace returns the first place in a text at which compare does not go to next; there is none after last.
func findPlace(e Emitter, text, last *ir.Value, places int, compare func(p *ir.Value, off int64, next *ir.Block)) *ir.Value {
	b := e.Builder()
	// What the verifier knows of the end would be one thing on each way that leads here, and it would follow the search for each.
	last = e.Hide(last)
	at := b.NewVariable(ir.I64)
	b.Define(at, b.Const(notFound))
	repeat(b, int64((places+placesAtOnce-1)/placesAtOnce), func(i *ir.Value, leave *ir.Block) {
		within := b.NewBlock("within")
		first := b.Binary(ir.OpMul, i, b.Const(placesAtOnce))
		b.Branch(b.Binary(ir.OpSLe, first, last), within, leave)
		b.Seal(within)
		b.SetBlock(within)
		p := b.Binary(ir.OpAdd, text, first)
		for k := range int64(placesAtOnce) {
			next := b.NewBlock("next")
			compare(p, k, next)
			foundAt(e, at, b.AddImm(first, k), last, leave)
			b.Seal(next)
			b.SetBlock(next)
		}
	})
	return b.Use(at)
}

// foundAt ends a search at a place, which may be after the last one: there are other bytes there.
func foundAt(e Emitter, at ir.Variable, place, last *ir.Value, leave *ir.Block) {
	b := e.Builder()
	found := b.NewBlock("found")
	b.Branch(b.Binary(ir.OpSLe, place, last), found, leave)
	b.Seal(found)
	b.SetBlock(found)
	b.Define(at, e.Hide(place))
	b.Jump(leave)
}

// word is the number that the bytes of a text are in memory, as a load that is extended by zeros reads it.
func word(s string) int64 {
	var n uint64
	for i := len(s) - 1; i >= 0; i-- {
		n = n<<8 | uint64(s[i])
	}
	return int64(n)
}
