package property

// loop is a statement that repeats others.
func (g *gen) loop(depth int) stmt {
	g.loops++
	defer func() { g.loops-- }()
	kind := g.r.IntN(4)
	if kind < 2 {
		// What is made of jumps is followed round by round, which one of them in another makes too much for the verifier.
		if g.jumps {
			kind = 3
		} else {
			g.jumps = true
			defer func() { g.jumps = false }()
		}
	}
	switch kind {
	case 0:
		w := &whileStmt{name: g.name("$w"), n: 1 + g.r.IntN(4)}
		w.body = g.scoped(func() []stmt {
			g.vars = append(g.vars, varDecl{w.name, int64T})
			g.fixed[w.name] = true
			return g.leaving(g.block(min(depth-1, 1)))
		})
		return w
	case 1:
		g.loops-- // what leaves it, leaves the loop around it
		defer func() { g.loops++ }()
		return &unrollStmt{1 + g.r.IntN(4), g.block(min(depth-1, 1))}
	case 2:
		if m := g.maps[g.r.IntN(len(g.maps))]; len(m.keys) > 0 && !g.pure {
			switch m.agg {
			case "", "str", "val":
				return g.mapLoop(m)
			}
		}
	}
	r := &rangeStmt{name: g.name("$i"), from: &castExpr{int64T, &lit{int64(g.r.IntN(5)) - 2}}, to: &castExpr{int64T, &lit{int64(g.r.IntN(7))}}}
	if g.r.IntN(2) == 0 {
		r.to = &binary{"&", &castExpr{int64T, g.leaf()}, &lit{7}}
	}
	r.body = g.scoped(func() []stmt {
		g.vars = append(g.vars, varDecl{r.name, int64T})
		g.fixed[r.name] = true
		return g.leaving(g.block(depth - 1))
	})
	return r
}

// scoped keeps what f declares from what follows.
func (g *gen) scoped(f func() []stmt) []stmt {
	nv, ns, nt := len(g.vars), len(g.strs), len(g.vals)
	defer func() { g.vars, g.strs, g.vals = g.vars[:nv], g.strs[:ns], g.vals[:nt] }()
	return f()
}

// leaving adds a break, continue or return to the body of a loop, somewhere and under a condition.
func (g *gen) leaving(body []stmt) []stmt {
	if g.r.IntN(2) == 0 {
		return body
	}
	how := []control{doBreak, doBreak, doContinue, doContinue, doReturn}[g.r.IntN(5)]
	s := &ifStmt{c: g.scopedCond(), then: []stmt{&leave{how}}}
	return append(body, s)
}

// scopedCond is a condition on what is in scope at the end of a block, where the variables of the block are not.
func (g *gen) scopedCond() cond { return g.cond(1) }

// mapLoop goes over a map in an order that is the kernel's choice, so its body must not depend on the order.
func (g *gen) mapLoop(m *mapDecl) stmt {
	l := &mapLoop{m: m, name: g.name("$kv")}
	var sums []varDecl
	for _, v := range g.vars {
		if v.t == int64T && !g.fixed[v.name] {
			sums = append(sums, v)
		}
	}
	l.body = g.scoped(func() []stmt {
		g.vals = append(g.vals, valDecl{l.name, shape{kind: tupleShape, elems: []shape{m.keyShape(), m.shape()}}})
		g.fixed[l.name] = true
		var kept []varDecl
		for _, v := range g.vars {
			if v.t != int64T || g.fixed[v.name] {
				kept = append(kept, v)
			}
		}
		saved, pure := g.vars, g.pure
		g.vars, g.pure = kept, true
		defer func() { g.vars, g.pure = saved, pure }()
		return g.foldBlock(l, sums)
	})
	return l
}

// foldBlock changes variables in ways that do not depend on the order, each in one way only.
func (g *gen) foldBlock(l *mapLoop, sums []varDecl) (out []stmt) {
	g.r.Shuffle(len(sums), func(i, j int) { sums[i], sums[j] = sums[j], sums[i] })
	for i, v := range sums {
		if i == 3 {
			break
		}
		op := []string{"+", "^", "|", "&"}[g.r.IntN(4)]
		var s stmt = &accumulate{v.name, op, &castExpr{int64T, g.expr(2)}}
		if g.r.IntN(3) == 0 {
			s = &ifStmt{c: g.cond(1), then: []stmt{s}}
		}
		out = append(out, s)
	}
	for _, m := range g.maps {
		switch m.agg {
		case "count", "sum", "min", "max", "hist", "lhist", "llhist", "quantile", "stats", "avg":
			if g.r.IntN(2) == 0 {
				out = append(out, g.assign(m))
			}
		}
	}
	if g.r.IntN(4) == 0 {
		out = append(out, &ifStmt{c: g.cond(1), then: []stmt{&leave{doContinue}}})
	}
	if g.r.IntN(3) == 0 {
		out = append(out, &ifStmt{c: g.cond(1), then: []stmt{&deleteCurrent{l.m, l.name}}})
	}
	return out
}

// newInc is a variable that has the value of ++ or --.
func (g *gen) newInc() stmt {
	s := &assignInc{dec: g.r.IntN(2) == 0, post: g.r.IntN(2) == 0}
	if m := g.maps[g.r.IntN(len(g.maps))]; m.agg == "" && m.t == int64T && !g.pure {
		s.m, s.key = m, g.keysOf(m)
	} else {
		for _, v := range g.vars {
			if v.t == int64T && !g.fixed[v.name] {
				s.of = v.name
			}
		}
		if s.of == "" {
			return nil
		}
	}
	s.name = g.name("$n")
	g.vars = append(g.vars, varDecl{s.name, int64T})
	return s
}
