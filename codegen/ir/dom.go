package ir

// CFG is the shape of a function's control flow at one moment: order, predecessors, dominators and loops. It does not
// follow later changes of blocks and terminators.
type CFG struct {
	// Order holds the reachable blocks in reverse postorder: every block after its dominators, and the body of a loop after
	// its header.
	Order []*Block

	index []int      // position in Order by Block.ID, -1 for unreachable blocks
	preds [][]*Block // by Block.ID
	idom  []int      // position of the immediate dominator by position
	depth []int      // loops around a block by Block.ID
	enter []int      // preorder number in the dominator tree, by position
	leave []int      // largest preorder number in the subtree, by position

	children [][]*Block // in the dominator tree, by position
	visited  []int      // the last call of newDominator that climbed over a position
	climb    int        // the number of that call
}

// NewCFG analyses a function.
func NewCFG(f *Func) *CFG {
	c := &CFG{Order: reversePostorder(f)}
	c.index = make([]int, f.NumBlocks())
	for i := range c.index {
		c.index[i] = -1
	}
	for i, b := range c.Order {
		c.index[b.ID] = i
	}
	c.findPreds(f)
	c.findDominators()
	c.numberTree()
	c.findLoops(f)
	return c
}

// Reachable reports whether control can get to a block.
func (c *CFG) Reachable(b *Block) bool { return c.index[b.ID] >= 0 }

// Index returns the position of a reachable block in Order.
func (c *CFG) Index(b *Block) int { return c.index[b.ID] }

// Preds returns the reachable predecessors, one for each edge.
func (c *CFG) Preds(b *Block) []*Block { return c.preds[b.ID] }

// LoopDepth returns the number of loops around a block.
func (c *CFG) LoopDepth(b *Block) int { return c.depth[b.ID] }

// Idom returns the immediate dominator of a reachable block, nil for the entry.
func (c *CFG) Idom(b *Block) *Block {
	i := c.index[b.ID]
	if i == 0 {
		return nil
	}
	return c.Order[c.idom[i]]
}

// Dominates reports whether every way to b leads through a; a block dominates itself. Both must be reachable.
func (c *CFG) Dominates(a, b *Block) bool {
	i, j := c.index[a.ID], c.index[b.ID]
	return c.enter[i] <= c.enter[j] && c.enter[j] <= c.leave[i]
}

// CommonDominator returns the nearest block that dominates both reachable blocks.
func (c *CFG) CommonDominator(a, b *Block) *Block {
	if c.Dominates(b, a) {
		return b
	}
	i := c.index[a.ID]
	for !c.Dominates(c.Order[i], b) {
		i = c.idom[i]
	}
	return c.Order[i]
}

// Children returns the blocks that b immediately dominates, in the order of Order.
func (c *CFG) Children(b *Block) []*Block { return c.children[c.index[b.ID]] }

func reversePostorder(f *Func) []*Block {
	type frame struct {
		b    *Block
		next int
	}
	seen := make([]bool, f.NumBlocks())
	var post []*Block
	stack := []frame{{f.Entry(), 0}}
	seen[f.Entry().ID] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		// The last successor first, so that the first one comes right after the block in the reversed order.
		targets := top.b.Targets()
		if top.next == len(targets) {
			post = append(post, top.b)
			stack = stack[:len(stack)-1]
			continue
		}
		succ := targets[len(targets)-1-top.next].Block
		top.next++
		if !seen[succ.ID] {
			seen[succ.ID] = true
			stack = append(stack, frame{succ, 0})
		}
	}
	for i, j := 0, len(post)-1; i < j; i, j = i+1, j-1 {
		post[i], post[j] = post[j], post[i]
	}
	return post
}

func (c *CFG) findPreds(f *Func) {
	c.preds = make([][]*Block, f.NumBlocks())
	for _, b := range c.Order {
		for _, t := range b.Targets() {
			c.preds[t.Block.ID] = append(c.preds[t.Block.ID], b)
		}
	}
}

// findDominators iterates to a fixed point over the order (Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm").
func (c *CFG) findDominators() {
	c.idom = make([]int, len(c.Order))
	for i := range c.idom {
		c.idom[i] = -1
	}
	c.idom[0] = 0
	c.visited = make([]int, len(c.Order))
	for changed := true; changed; {
		changed = false
		for i := 1; i < len(c.Order); i++ {
			if d := c.newDominator(i); d != c.idom[i] {
				c.idom[i], changed = d, true
			}
		}
	}
}

// newDominator returns the nearest common dominator of a block's predecessors, as far as they have one yet. It climbs the
// tree over each position once: a way that joins one that was climbed before leads to no other dominator.
func (c *CFG) newDominator(i int) int {
	c.climb++
	d := -1
	for _, p := range c.preds[c.Order[i].ID] {
		j := c.index[p.ID]
		switch {
		case c.idom[j] < 0:
		case d < 0:
			d = j
			c.visited[d] = c.climb
		default:
			d = c.intersect(d, j)
		}
	}
	return d
}

// intersect climbs from two positions to where they meet, or from j to where this call has been.
func (c *CFG) intersect(d, j int) int {
	for d != j {
		for j > d {
			if c.visited[j] == c.climb {
				return d
			}
			c.visited[j] = c.climb
			j = c.idom[j]
		}
		for d > j {
			d = c.idom[d]
			c.visited[d] = c.climb
		}
	}
	return d
}

// numberTree gives every block the interval of its subtree in the dominator tree. A dominator comes before what it
// dominates in Order, so sizes add up from the end and numbers are handed out from the start.
func (c *CFG) numberTree() {
	n := len(c.Order)
	size, next := make([]int, n), make([]int, n)
	for i := n - 1; i > 0; i-- {
		size[i]++
		size[c.idom[i]] += size[i]
	}
	size[0]++
	c.enter, c.leave, c.children = make([]int, n), make([]int, n), make([][]*Block, n)
	for i := range n {
		if i > 0 {
			p := c.idom[i]
			c.children[p] = append(c.children[p], c.Order[i])
			c.enter[i] = next[p]
			next[p] += size[i]
		}
		next[i] = c.enter[i] + 1
		c.leave[i] = c.enter[i] + size[i] - 1
	}
}

// findLoops counts for each block the natural loops that it is part of, back edges to one header being one loop.
func (c *CFG) findLoops(f *Func) {
	c.depth = make([]int, f.NumBlocks())
	for _, header := range c.Order {
		var in map[*Block]bool
		for _, p := range c.preds[header.ID] {
			if c.Dominates(header, p) {
				if in == nil {
					in = map[*Block]bool{header: true}
				}
				c.collectLoop(p, in)
			}
		}
		for b := range in {
			c.depth[b.ID]++
		}
	}
}

func (c *CFG) collectLoop(b *Block, in map[*Block]bool) {
	work := []*Block{b}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !in[b] {
			in[b] = true
			work = append(work, c.preds[b.ID]...)
		}
	}
}
