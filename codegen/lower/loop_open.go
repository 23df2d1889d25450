package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// The verifier goes through the rounds of a called loop until one ends as another did before. Of the numbers that the rounds change
// it must then know no more than that they are numbers: a counter that began with a constant makes each round end differently, and
// the kernel widens only those that no comparison needs.

// open returns the value that a variable of the given type gets in a round or before the first.
func (f *fn) open(t types.Type, x *ir.Value) *ir.Value {
	if _, ok := t.(types.Int); !ok {
		return x
	}
	return f.Hide(x)
}

// openMemory opens the numbers of a variable that is in memory.
func (f *fn) openMemory(v *check.Var) { f.openAt(f.addressOf(v), 0, v.Type) }

func (f *fn) openAt(base *ir.Value, off int64, t types.Type) {
	switch t := t.(type) {
	case types.Int:
		f.b.Store(base, off, t.Size, f.Hide(f.b.Load(base, off, t.Size, false)))
	case types.Tuple:
		f.openElems(base, off, t.Elems)
	case types.Record:
		f.openElems(base, off, t.Types())
	default: // no other type has numbers that a script counts in
	}
}

func (f *fn) openElems(base *ir.Value, off int64, elems []types.Type) {
	for _, p := range f.partsOf(base, elems) {
		f.openAt(base, off+p.off, p.t)
	}
}
