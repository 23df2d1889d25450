package check

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// maxUnroll is the largest number of copies that unroll makes.
const maxUnroll = 100

// maxUnrolled is how many statements nested unrolls may make; the kernel takes a million instructions.
const maxUnrolled = 100_000

// loopBody types the statements of a loop.
func (c *checker) loopBody(b *ast.Block) {
	c.loops++
	c.stmts(b.Stmts)
	c.loops--
}

func (c *checker) while(s *ast.WhileStmt) {
	c.warnf(s.At, "deprecated", "While loops are deprecated and may be removed in the future.").
		Hintf("For loops support ranges (e.g. `for ($x : $start..$end) { ... }`), and can be used in place of while. " +
			"These are more easily proven to be bounded by the verifier.")
	c.condition(s.Cond)
	c.loopBody(s.Body)
}

func (c *checker) unroll(s *ast.UnrollStmt) {
	t := c.expr(s.Count)
	n, known := c.constant(s.Count)
	switch {
	case t == nil || types.IsInvalid(t):
	case !known:
		c.errorf(s.At, "bad-unroll", "invalid unroll value")
	case n.negative || n.bits == 0:
		c.errorf(s.At, "bad-unroll", "unroll minimum value is 1")
	case n.tooLarge() || n.bits > maxUnroll:
		c.errorf(s.At, "bad-unroll", "unroll maximum value is %d", maxUnroll)
	}
	copies := c.copies
	if n.bits > 0 && n.bits <= maxUnroll {
		c.copies = min(max(1, copies)*int(n.bits), maxUnrolled+1)
		if copies <= maxUnrolled && c.copies*statements(s.Body) > maxUnrolled {
			c.errorf(s.At, "bad-unroll", "unroll makes more than %d statements of this", maxUnrolled).
				Hintf("a for loop is not copied: for ($i : 0..%d) { … }", n.bits)
		}
	}
	c.stmts(s.Body.Stmts)
	c.copies = copies
}

// statements counts the statements in a block.
func statements(b *ast.Block) int {
	n := 0
	ast.Walk(b, func(x ast.Node) bool {
		if _, ok := x.(ast.Stmt); ok {
			n++
		}
		return true
	})
	return n
}

// jump checks a break or continue.
func (c *checker) jump(at diag.Span, word string) {
	if c.loops == 0 {
		c.errorf(at, "outside-loop", "'%s' statement is not allowed in a probe", word)
	}
}

// forRange types a loop over numbers: its variable holds both ends.
func (c *checker) forRange(s *ast.ForRangeStmt) {
	start, okStart := c.bound(s, s.Start, "start")
	end, okEnd := c.bound(s, s.End, "end")
	slot := c.vars[c.info.Vars[s.Var]]
	if !okStart || !okEnd {
		slot.fixed = types.Invalid{}
	} else {
		start, end = c.flex(s.Start, start, end), c.flex(s.End, end, start)
		c.storeShape(slot, s.Var.At, "$"+s.Var.Name, "variable", plainShape(types.Promote(start, end)))
	}
	c.info.Types[s.Var] = c.slotType(s.Var)
	c.loopBody(s.Body)
}

// bound types one end of a range; one that is not known yet counts as a literal.
func (c *checker) bound(s *ast.ForRangeStmt, e ast.Expr, word string) (types.Int, bool) {
	t := c.expr(e)
	if t == nil {
		return types.Int8, true
	}
	n, ok := c.number(t)
	if !ok && !types.IsInvalid(t) {
		at := s.At
		at.End = s.End.Span().End
		c.errorf(at, "bad-range", "Loop range requires an integer for the %s value", word)
	}
	return n, ok
}

// forMap types a loop over a map: its variable is a tuple of key and value.
func (c *checker) forMap(s *ast.ForMapStmt) {
	slot := c.vars[c.info.Vars[s.Var]]
	t, ok := c.entryType(s)
	c.info.Types[s.Map] = types.Void{}
	switch {
	case !ok:
		slot.fixed = types.Invalid{}
	case t != nil:
		c.storeShape(slot, s.Var.At, "$"+s.Var.Name, "variable", plainShape(t))
	}
	c.info.Types[s.Var] = c.slotType(s.Var)
	c.loopBody(s.Body)
}

// entryType returns the type of an entry of the map that is gone through, or nil while it is not known.
func (c *checker) entryType(s *ast.ForMapStmt) (types.Type, bool) {
	m := c.maps["@"+s.Map.Name]
	switch {
	case !m.used && c.unresolved:
		return nil, false
	case !m.used:
		d := c.errorf(s.Map.At, "undefined-map", "Undefined map: @%s", s.Map.Name)
		if c.report {
			suggest(d, m.m.Name, c.mapNames())
		}
		return nil, false
	case !m.keyed:
		c.errorf(s.Map.At, "map-kind", "%s has no explicit keys (scalar map), and cannot be used for iteration", m.m.Name)
		return nil, false
	}
	m.read = true
	key, value := m.key.typ(), m.value.typ()
	if key == nil || value == nil {
		return nil, true
	}
	if types.IsInvalid(key) || types.IsInvalid(value) {
		return nil, false
	}
	if types.IsAggregate(value) && !types.IsCastable(value) {
		c.errorf(s.Map.At, "bad-loop", "Loop expression does not support type: %s", value)
		return nil, false
	}
	return types.Tuple{Elems: []types.Type{key, c.plain(value)}}, true
}
