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

// findDominators makes the dominator tree.
func (c *CFG) findDominators() {
	t := newTree(len(c.Order), func(i int, each func(p int)) {
		for _, p := range c.preds[c.Order[i].ID] {
			each(c.index[p.ID])
		}
	})
	c.idom, c.enter, c.leave = t.idom, t.enter, t.leave
	c.children = make([][]*Block, len(c.Order))
	for i := 1; i < len(c.Order); i++ {
		p := c.idom[i]
		c.children[p] = append(c.children[p], c.Order[i])
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
