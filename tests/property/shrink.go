package property

import (
	"maps"
	"slices"
	"strings"
)

// shrink makes a failing program smaller as long as fails still says so; it tries to drop statements, to replace an if by one of
// its branches, and to replace an expression by one of its parts or by a small number.
func shrink(p *program, fails func(*program) bool, rounds int) *program {
	for range rounds {
		changed := shrinkBlock(p, &p.body, fails)
		for _, f := range p.fns {
			changed = shrinkBlock(p, &f.body, fails) || changed
			changed = shrinkExprs(p, append(f.body, f.ret), fails) || changed
		}
		if !changed && !shrinkExprs(p, p.body, fails) && !p.dropFn(fails) {
			return p
		}
	}
	return p
}

func shrinkBlock(p *program, b *[]stmt, fails func(*program) bool) bool {
	changed := false
	for i := 0; i < len(*b); i++ {
		old := *b
		try := func(with ...stmt) bool {
			*b = append(append(append([]stmt(nil), old[:i]...), with...), old[i+1:]...)
			if p.valid() && fails(p) {
				return true
			}
			*b = old
			return false
		}
		if try() {
			i--
			changed = true
			continue
		}
		done := false
		for _, inner := range old[i].blocks() {
			if len(*inner) > 0 && try(*inner...) {
				done = true
				break
			}
		}
		if done {
			changed = true
			continue
		}
		for _, inner := range old[i].blocks() {
			changed = shrinkBlock(p, inner, fails) || changed
		}
	}
	return changed
}

func shrinkExprs(p *program, b []stmt, fails func(*program) bool) bool {
	changed := false
	for _, s := range b {
		for _, c := range s.conds() {
			changed = shrinkCond(p, c, fails) || changed
		}
		for _, e := range s.exprs() {
			changed = shrinkExpr(p, e, fails) || changed
		}
		for _, inner := range s.blocks() {
			changed = shrinkExprs(p, *inner, fails) || changed
		}
	}
	return changed
}

func shrinkCond(p *program, c *cond, fails func(*program) bool) bool {
	old := *c
	for _, k := range old.conds() {
		*c = *k
		if p.valid() && fails(p) {
			return true
		}
		*c = old
	}
	changed := false
	for _, k := range old.conds() {
		changed = shrinkCond(p, k, fails) || changed
	}
	return changed
}

func shrinkExpr(p *program, e *expr, fails func(*program) bool) bool {
	old := *e
	var with []expr
	for _, n := range []int64{0, 1} {
		with = append(with, &lit{n}, &castExpr{old.typ(), &lit{n}})
	}
	for _, k := range old.kids() {
		if (*k).typ() == old.typ() {
			with = append(with, *k)
		}
		with = append(with, &castExpr{old.typ(), *k})
	}
	for _, w := range with {
		if w.typ() != old.typ() || size(w) >= size(old) {
			continue
		}
		*e = w
		if p.valid() && fails(p) {
			return true
		}
		*e = old
	}
	changed := false
	for _, k := range old.kids() {
		changed = shrinkExpr(p, k, fails) || changed
	}
	return changed
}

func size(e expr) int {
	n := 1
	for _, k := range e.kids() {
		n += size(*k)
	}
	return n
}

// valid reports whether every variable is still assigned to before it is used, in a block that encloses the use, and every break
// is in a loop.
func (p *program) valid() bool {
	for _, f := range p.fns {
		known := map[string]bool{}
		for _, param := range f.params {
			known[param.name] = true
		}
		if !validBlock(append(slices.Clone(f.body), f.ret), known, false) {
			return false
		}
	}
	return validBlock(p.body, map[string]bool{}, false)
}

// dropFn leaves out a function that nothing calls.
func (p *program) dropFn(fails func(*program) bool) bool {
	for i, f := range p.fns {
		old := p.fns
		p.fns = slices.Delete(slices.Clone(old), i, i+1)
		if !strings.Contains(p.text(), f.name+"(") && fails(p) {
			return true
		}
		p.fns = old
	}
	return false
}

func validBlock(b []stmt, outer map[string]bool, loop bool) bool {
	known := map[string]bool{}
	for k := range outer {
		known[k] = true
	}
	for _, s := range b {
		if l, ok := s.(*leave); ok && l.how != doReturn && !loop {
			return false
		}
		if !validStmt(s, known) {
			return false
		}
		if d, ok := s.(interface{ declares() string }); ok {
			known[d.declares()] = true
		}
		inner, in := known, loop
		if l, ok := s.(interface{ inside() string }); ok {
			inner, in = maps.Clone(known), true
			inner[l.inside()] = true
		}
		for _, b := range s.blocks() {
			if !validBlock(*b, inner, in) {
				return false
			}
		}
	}
	return true
}

func validStmt(s stmt, known map[string]bool) bool {
	for _, e := range s.exprs() {
		if !validExpr(*e, known) {
			return false
		}
	}
	for _, c := range s.conds() {
		if !validCond(*c, known) {
			return false
		}
	}
	return validUses(s, known)
}

func validUses(n any, known map[string]bool) bool {
	if u, ok := n.(interface{ uses() []string }); ok {
		for _, name := range u.uses() {
			if !known[name] {
				return false
			}
		}
	}
	return true
}

func validExpr(e expr, known map[string]bool) bool {
	switch e := e.(type) {
	case *varRef:
		return known[e.name]
	case *ternary:
		if !validCond(e.c, known) {
			return false
		}
	case *boolInt:
		if !validCond(e.c, known) {
			return false
		}
	case *blockInt:
		if !validExpr(e.x, known) {
			return false
		}
		inner := maps.Clone(known)
		inner[e.name] = true
		return validExpr(e.y, inner)
	}
	for _, k := range e.kids() {
		if !validExpr(*k, known) {
			return false
		}
	}
	return validUses(e, known)
}

func validCond(c cond, known map[string]bool) bool {
	for _, k := range c.kids() {
		if !validExpr(*k, known) {
			return false
		}
	}
	for _, k := range c.conds() {
		if !validCond(*k, known) {
			return false
		}
	}
	return validUses(c, known)
}
