package ir_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

// graph returns a function whose block i goes on to the blocks of succs[i].
func graph(t *testing.T, succs [][]int) *ir.Func {
	t.Helper()
	var b strings.Builder
	b.WriteString("func f {\n")
	for i, s := range succs {
		fmt.Fprintf(&b, "b%d:\n  %%%d = const 1\n", i, i)
		switch len(s) {
		case 0:
			fmt.Fprintf(&b, "  return %%%d\n", i)
		case 1:
			fmt.Fprintf(&b, "  jump b%d\n", s[0])
		case 2:
			fmt.Fprintf(&b, "  branch %%%d, b%d, b%d\n", i, s[0], s[1])
		}
	}
	b.WriteString("}\n")
	m := mustParse(t, b.String())
	require.NoError(t, ir.Validate(m))
	return m.Funcs[0]
}

func TestCFGNestedLoops(t *testing.T) {
	// b1 heads the outer loop, b2 the inner one; b6 is unreachable.
	f := graph(t, [][]int{{1}, {2, 5}, {3, 4}, {2}, {1}, {}, {5}})
	c := ir.NewCFG(f)
	require.Len(t, c.Order, 6)
	require.False(t, c.Reachable(f.Blocks[6]))
	var depths []int
	for _, b := range f.Blocks[:6] {
		depths = append(depths, c.LoopDepth(b))
	}
	require.Equal(t, []int{0, 1, 2, 2, 1, 0}, depths)
	require.Nil(t, c.Idom(f.Blocks[0]))
	require.Equal(t, f.Blocks[2], c.Idom(f.Blocks[4]))
	require.Equal(t, f.Blocks[1], c.Idom(f.Blocks[5]))
	require.Equal(t, f.Blocks[1], c.CommonDominator(f.Blocks[4], f.Blocks[5]))
	require.Equal(t, []*ir.Block{f.Blocks[2], f.Blocks[5]}, c.Children(f.Blocks[1]))
	require.Equal(t, []*ir.Block{f.Blocks[1]}, c.Preds(f.Blocks[5]), "edges from unreachable blocks do not count")
	require.Equal(t, 0, c.Index(f.Blocks[0]))
}

// Dominance is compared with its definition: without a, b cannot be reached.
func TestCFGRandom(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		succs := make([][]int, 2+r.IntN(10))
		for i := range succs {
			for _, s := range r.Perm(len(succs) - 1)[:min(len(succs)-1, r.IntN(3))] {
				succs[i] = append(succs[i], s+1)
			}
		}
		f := graph(t, succs)
		c := ir.NewCFG(f)
		for a := range succs {
			for b := range succs {
				if !c.Reachable(f.Blocks[a]) || !c.Reachable(f.Blocks[b]) {
					continue
				}
				want := a == b || a == 0 || !reaches(succs, a, b)
				require.Equal(t, want, c.Dominates(f.Blocks[a], f.Blocks[b]), "seed %d: b%d, b%d\n%s", seed, a, b, f)
			}
		}
		for i, b := range c.Order {
			if d := c.Idom(b); d != nil {
				require.Less(t, c.Index(d), i)
				require.True(t, c.Dominates(d, b))
			}
		}
	}
}

// reaches reports whether there is a way from the entry to a block that avoids another.
func reaches(succs [][]int, avoid, to int) bool {
	seen := map[int]bool{avoid: true, 0: true}
	work := []int{0}
	for len(work) > 0 {
		b := work[0]
		work = work[1:]
		if b == to {
			return true
		}
		for _, s := range succs[b] {
			if !seen[s] {
				seen[s] = true
				work = append(work, s)
			}
		}
	}
	return false
}

func TestSplitCriticalEdges(t *testing.T) {
	m := mustParse(t, `func f {
b0:
  %0 = const 1
  branch %0, b1, b2(%0)
b1:
  branch %0, b2(%0), b1
b2(%1: i64):
  return %1
}
`)
	ir.SplitCriticalEdges(m.Funcs[0])
	require.NoError(t, ir.Validate(m))
	require.Equal(t, `func f {
b0:
  %0 = const 1
  branch %0, b3, b4
b3:
  jump b1
b4:
  jump b2(%0)
b1:
  branch %0, b5, b6
b5:
  jump b2(%0)
b6:
  jump b1
b2(%1: i64):
  return %1
}
`, m.String())
}

func TestRenames(t *testing.T) {
	m := mustParse(t, "func f {\nb0:\n  %0 = const 1\n  %1 = const 2\n  %2 = const 3\n  %3 = add %0, %1\n  jump b1(%0)\nb1(%4: i64):\n  return %4\n}\n")
	f := m.Funcs[0]
	v := f.Blocks[0].Instrs
	var r ir.Renames
	require.True(t, r.Empty())
	r.Replace(v[0], v[1])
	r.Replace(v[1], v[2])
	r.Replace(v[2], v[0]) // would be a circle
	r.Apply(f)
	require.Contains(t, f.String(), "add %2, %2")
	require.Contains(t, f.String(), "jump b1(%2)")
	require.Equal(t, 3, ir.UseCounts(f)[2])
}

// TestExits compares with a search for a way past a block.
func TestExits(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		succs := make([][]int, 2+rng.IntN(12))
		for i := range succs {
			for _, s := range rng.Perm(len(succs) - 1)[:min(len(succs)-1, rng.IntN(3))] {
				succs[i] = append(succs[i], s+1)
			}
		}
		f := graph(t, succs)
		cfg := ir.NewCFG(f)
		exits := ir.NewExits(cfg, f)
		for _, from := range cfg.Order {
			for _, through := range cfg.Order {
				if from != through {
					require.Equal(t, wayPast(from, through), exits.Past(from, through), "b%d past b%d\n%v", from.ID, through.ID, f)
				}
			}
		}
	}
}

func wayPast(from, through *ir.Block) bool {
	seen := map[*ir.Block]bool{through: true}
	for work := []*ir.Block{from}; len(work) > 0; {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if len(b.Targets()) == 0 {
			return true
		}
		for _, t := range b.Targets() {
			if !seen[t.Block] {
				seen[t.Block] = true
				work = append(work, t.Block)
			}
		}
	}
	return false
}
