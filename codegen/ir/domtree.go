package ir

// tree is the dominator tree of a graph whose nodes are numbered in reverse postorder from its entry, 0.
type tree struct {
	// preds calls each with every predecessor of a node.
	preds func(i int, each func(p int))
	idom  []int // immediate dominator
	enter []int // preorder number in the tree
	leave []int // largest preorder number in the subtree

	visited []int // the last call of newDominator that climbed over a node
	climb   int   // the number of that call
}

func newTree(n int, preds func(i int, each func(p int))) *tree {
	t := &tree{preds: preds, idom: make([]int, n), visited: make([]int, n)}
	t.findDominators()
	t.number()
	return t
}

// findDominators iterates to a fixed point over the order (Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm").
func (t *tree) findDominators() {
	for i := range t.idom {
		t.idom[i] = -1
	}
	t.idom[0] = 0
	for changed := true; changed; {
		changed = false
		for i := 1; i < len(t.idom); i++ {
			if d := t.newDominator(i); d != t.idom[i] {
				t.idom[i], changed = d, true
			}
		}
	}
}

// newDominator returns the nearest common dominator of a node's predecessors, as far as they have one yet. It climbs the
// tree over each node once: a way that joins one that was climbed before leads to no other dominator.
func (t *tree) newDominator(i int) int {
	t.climb++
	d := -1
	t.preds(i, func(j int) {
		switch {
		case t.idom[j] < 0:
		case d < 0:
			d = j
			t.visited[d] = t.climb
		default:
			d = t.intersect(d, j)
		}
	})
	return d
}

// intersect climbs from two nodes to where they meet, or from j to where this call has been.
func (t *tree) intersect(d, j int) int {
	for d != j {
		for j > d {
			if t.visited[j] == t.climb {
				return d
			}
			t.visited[j] = t.climb
			j = t.idom[j]
		}
		for d > j {
			d = t.idom[d]
			t.visited[d] = t.climb
		}
	}
	return d
}

// number gives every node the interval of its subtree. A dominator comes before what it dominates, so sizes add up from the end
// and numbers are handed out from the start.
func (t *tree) number() {
	n := len(t.idom)
	size, next := make([]int, n), make([]int, n)
	for i := n - 1; i > 0; i-- {
		size[i]++
		size[t.idom[i]] += size[i]
	}
	size[0]++
	t.enter, t.leave = make([]int, n), make([]int, n)
	for i := range n {
		if i > 0 {
			p := t.idom[i]
			t.enter[i] = next[p]
			next[p] += size[i]
		}
		next[i] = t.enter[i] + 1
		t.leave[i] = t.enter[i] + size[i] - 1
	}
}

func (t *tree) dominates(i, j int) bool { return t.enter[i] <= t.enter[j] && t.enter[j] <= t.leave[i] }

// Exits says which blocks lie on all ways to the end of a function.
type Exits struct {
	tree *tree
	// index is the position of a block by ID, in an order in which what comes to the end is before what leads there; 0 is the end, -1 a
	// block from which it cannot be reached.
	index []int
}

// NewExits analyses a function.
func NewExits(c *CFG, f *Func) *Exits {
	e := &Exits{index: make([]int, f.NumBlocks())}
	for i := range e.index {
		e.index[i] = -1
	}
	order := e.order(c)
	e.tree = newTree(len(order)+1, func(i int, each func(p int)) {
		targets := order[i-1].Targets()
		if len(targets) == 0 {
			each(0)
		}
		for _, t := range targets {
			if j := e.index[t.Block.ID]; j > 0 {
				each(j)
			}
		}
	})
	return e
}

// order returns the blocks in reverse postorder from the end backwards.
func (e *Exits) order(c *CFG) []*Block {
	type frame struct {
		preds []*Block
		b     *Block
	}
	var post []*Block
	visit := func(end *Block) {
		stack := []frame{{c.Preds(end), end}}
		e.index[end.ID] = 0
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.preds) == 0 {
				post = append(post, top.b)
				stack = stack[:len(stack)-1]
				continue
			}
			p := top.preds[0]
			if top.preds = top.preds[1:]; e.index[p.ID] < 0 {
				e.index[p.ID] = 0
				stack = append(stack, frame{c.Preds(p), p})
			}
		}
	}
	for _, b := range c.Order {
		if len(b.Targets()) == 0 {
			visit(b)
		}
	}
	for i, j := 0, len(post)-1; i < j; i, j = i+1, j-1 {
		post[i], post[j] = post[j], post[i]
	}
	for i, b := range post {
		e.index[b.ID] = i + 1
	}
	return post
}

// Past reports whether there is a way from one block to the end of the function that does not lead through another one.
func (e *Exits) Past(from, through *Block) bool {
	i, j := e.index[from.ID], e.index[through.ID]
	return i > 0 && (j < 0 || !e.tree.dominates(j, i))
}
