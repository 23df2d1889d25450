package opt

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// passGVN makes one value of pure ones that compute the same, the later one using the result of the one that dominates it:
// arithmetic, calls of helpers that yield the same for a whole run, and stable loads.
func passGVN(f *ir.Func) bool {
	cfg := ir.NewCFG(f)
	g := &numbering{table: map[valueKey]*ir.Value{}}
	children := make([][]*ir.Block, f.NumBlocks())
	for _, b := range cfg.Order[1:] {
		d := cfg.Idom(b)
		children[d.ID] = append(children[d.ID], b)
	}
	g.walk(f.Entry(), children)
	if g.renames.Empty() {
		return false
	}
	g.renames.Apply(f)
	return true
}

// valueKey is what makes two pure values equal.
type valueKey struct {
	op     ir.Op
	typ    ir.Type
	width  uint8
	signed bool
	imm    int64
	helper ir.Helper
	sym    string
	slot   *ir.Slot
	args   [5]int
}

type numbering struct {
	table   map[valueKey]*ir.Value
	renames ir.Renames
}

// walk numbers a block, then the blocks that it dominates, and forgets the block's values.
func (g *numbering) walk(b *ir.Block, children [][]*ir.Block) {
	var added []valueKey
	kept := b.Instrs[:0]
	for _, v := range b.Instrs {
		g.renames.ApplyTo(v)
		if !isPure(v) || len(v.Args) > 5 {
			kept = append(kept, v)
			continue
		}
		k := keyOf(v)
		if first := g.table[k]; first != nil {
			g.renames.Replace(v, first)
			continue
		}
		g.table[k] = v
		added = append(added, k)
		kept = append(kept, v)
	}
	b.Instrs = kept
	for _, c := range children[b.ID] {
		g.walk(c, children)
	}
	for _, k := range added {
		delete(g.table, k)
	}
}

func keyOf(v *ir.Value) valueKey {
	k := valueKey{
		op: v.Op, typ: v.Type, width: v.Width, signed: v.Signed, imm: v.Imm,
		helper: v.Helper, sym: v.Sym, slot: v.Slot,
	}
	for i, x := range v.Args {
		k.args[i] = x.ID + 1
	}
	if v.Op.Info().Commutes {
		slices.Sort(k.args[:2])
	}
	return k
}
