package property

import (
	"fmt"
	"math/rand/v2"
)

// gen makes random programs.
type gen struct {
	r     *rand.Rand
	maps  []*mapDecl
	vars  []varDecl // in scope
	strs  []string
	vals  []valDecl
	ptrs  []ptrDecl
	wide  map[string]bool // strings that have room for every word
	fixed map[string]bool // variables that are only read
	next  int
	limit int  // statements left
	loops int  // around the statement
	keys  int  // around the expression
	jumps bool // in a while or unroll
	pure  bool // no maps may be read
	facts []fact
	roots map[string]string // variables that keep pointers into the kernel
	fns   []*fnDecl
	// inside is the function that is being made.
	inside *fnDecl
}

type varDecl struct {
	name string
	t    intType
}

var words = []string{"", "a", "ab", "abc", "xyz", "hello", "1234567", "12345678", "123456789", "a longer string, 30 bytes long"}

// generate returns the program of a seed.
func generate(seed uint64) *program {
	g := &gen{r: rand.New(rand.NewPCG(seed, 0x67747261)), wide: map[string]bool{}, fixed: map[string]bool{}, roots: map[string]string{}, facts: facts()}
	g.limit = 3 + g.r.IntN(15)
	for range 1 + g.r.IntN(4) {
		g.maps = append(g.maps, g.mapDecl())
	}
	var crowd *crowd
	if seed%crowdEvery == 0 {
		crowd = g.newCrowd()
	}
	p := &program{maps: g.maps, base: memoryAt}
	if g.r.IntN(2) == 0 {
		g.memory(p)
	}
	for _, m := range g.maps {
		if m.agg == "val" && len(g.ptrs) > 0 && g.r.IntN(4) == 0 {
			m.s = g.ptrs[g.r.IntN(len(g.ptrs))].d.shape()
		}
	}
	p.body = append(p.body, g.keepRoots()...)
	for range g.r.IntN(3) {
		g.fns = append(g.fns, g.function())
	}
	p.fns = g.fns
	// Every map is assigned to once, so that reading it has a meaning to the checker.
	for _, m := range g.maps {
		p.body = append(p.body, g.assign(m))
	}
	for range 2 + g.r.IntN(4) {
		p.body = append(p.body, g.newVar())
	}
	for range g.r.IntN(3) {
		p.body = append(p.body, g.newStr())
	}
	for range g.r.IntN(3) {
		p.body = append(p.body, g.newVal())
	}
	p.body = append(p.body, crowd.begin(g)...)
	p.body = append(p.body, g.block(3)...)
	p.body = append(p.body, crowd.end()...)
	return p
}

func (g *gen) mapDecl() *mapDecl {
	m := &mapDecl{name: fmt.Sprintf("@m%d", len(g.maps)), t: g.intType()}
	aggs := []string{"", "", "", "str", "val", "val", "count", "sum", "min", "max", "avg", "stats", "hist", "lhist", "llhist", "quantile"}
	m.agg = aggs[g.r.IntN(len(aggs))]
	switch m.agg {
	case "sum", "min", "max", "avg", "stats":
		if m.t.signed {
			m.t = int64T
		} else {
			m.t = uint64T
		}
	case "val":
		if m.s = g.seqShape(1); g.r.IntN(4) == 0 {
			m.s = g.bufShape()
		}
	case "llhist", "quantile":
		if m.k = 5; m.t.signed {
			m.t = int64T
		} else {
			m.t = uint64T
		}
	case "hist":
		m.k = g.r.IntN(6)
	case "lhist":
		m.min = int64(g.r.IntN(50))
		m.step = int64(1 + g.r.IntN(20))
		m.max = m.min + m.step*int64(1+g.r.IntN(40))
	}
	for range g.r.IntN(4) {
		k := keyKind{str: g.r.IntN(3) == 0, t: g.intType()}
		if g.r.IntN(6) == 0 {
			s := g.seqShape(1)
			k = keyKind{s: &s}
		}
		m.keys = append(m.keys, k)
	}
	return m
}

func (g *gen) intType() intType { return intTypes[g.r.IntN(len(intTypes))] }

func (g *gen) newVar() stmt {
	x := g.expr(2)
	v := varDecl{fmt.Sprintf("$v%d", g.next), g.intType()}
	g.next++
	g.vars = append(g.vars, v)
	return &assignVar{v.name, v.t, x}
}

func (g *gen) newStr() stmt {
	name := fmt.Sprintf("$s%d", g.next)
	g.next++
	g.strs = append(g.strs, name)
	if g.r.IntN(2) == 0 {
		return &assignStr{name, words[g.r.IntN(len(words))]}
	}
	// The widest literal makes sure that every byte can be asked for.
	g.wide[name] = true
	return &assignStr{name, words[len(words)-1]}
}

func (g *gen) block(depth int) []stmt {
	nv, ns, nt := len(g.vars), len(g.strs), len(g.vals)
	var out []stmt
	for n := 1 + g.r.IntN(6); n > 0 && g.limit > 0; n-- {
		g.limit--
		out = append(out, g.stmt(depth))
	}
	g.vars, g.strs, g.vals = g.vars[:nv], g.strs[:ns], g.vals[:nt]
	return out
}

func (g *gen) stmt(depth int) stmt {
	switch n := g.r.IntN(18); {
	case n == 12 && depth > 0 && g.loops < 2:
		return g.loop(depth)
	case n == 13 || n == 14:
		return g.newVal()
	case n == 15:
		if s := g.newInc(); s != nil {
			return s
		}
	case n < 2 && depth > 0:
		s := &ifStmt{c: g.cond(2)}
		s.then = g.block(depth - 1)
		if g.r.IntN(2) == 0 {
			s.els = g.block(depth - 1)
		}
		return s
	case n == 2:
		return g.newVar()
	case n < 6 && len(g.vars) > 0:
		return g.changeVar()
	case n == 6 && len(g.strs) > 0:
		return &assignStr{g.strs[g.r.IntN(len(g.strs))], words[g.r.IntN(len(words))]}
	}
	return g.changeMap()
}

func (g *gen) changeVar() stmt {
	v := g.vars[g.r.IntN(len(g.vars))]
	if g.fixed[v.name] {
		return g.changeMap()
	}
	if v.t == int64T {
		switch g.r.IntN(3) {
		case 0:
			return &incVar{v.name, g.r.IntN(2) == 0, g.r.IntN(2) == 0}
		case 1:
			ops := []string{"+", "-", "*", "/", "%", "&", "|", "^"}
			return &compoundVar{v.name, ops[g.r.IntN(len(ops))], &castExpr{int64T, g.expr(2)}}
		}
	}
	return &assignVar{v.name, v.t, g.expr(3)}
}

func (g *gen) changeMap() stmt {
	m := g.maps[g.r.IntN(len(g.maps))]
	ks := g.keysOf(m)
	if len(ks) > 0 && g.r.IntN(8) == 0 {
		return &deleteMap{m, ks, g.r.IntN(2) == 0}
	}
	switch m.agg {
	case "":
		if m.t.size == 8 && m.t.signed {
			switch g.r.IntN(3) {
			case 0:
				return &incMap{m, ks, g.r.IntN(2) == 0}
			case 1:
				return &addMap{m, ks, &castExpr{int64T, g.expr(2)}}
			}
		}
	}
	return g.assign(m)
}

// assign gives a map a value, or an aggregate another number.
func (g *gen) assign(m *mapDecl) stmt {
	ks := g.keysOf(m)
	switch m.agg {
	case "":
		return &assignMap{m, ks, g.expr(3)}
	case "str":
		v := words[g.r.IntN(len(words))]
		if len(g.strs) > 0 && g.r.IntN(2) == 0 {
			v = g.strs[g.r.IntN(len(g.strs))]
		}
		return &assignMapStr{m, ks, v}
	case "val":
		return &assignMapVal{m, ks, g.value(m.s, 2)}
	case "count":
		return &update{m, ks, nil}
	}
	x := g.expr(2)
	switch m.agg {
	case "hist", "lhist", "llhist", "quantile":
		to := int64T
		if m.ownSign() {
			to = m.t
		}
		x = &castExpr{to, x}
		if g.r.IntN(2) == 0 {
			x = &castExpr{to, &castExpr{intType{1 + g.r.IntN(2), true}, x}}
		}
	}
	return &update{m, ks, &x}
}

func (g *gen) keysOf(m *mapDecl) []key {
	g.keys++
	defer func() { g.keys-- }()
	var out []key
	for _, k := range m.keys {
		if k.s != nil {
			out = append(out, key{v: g.value(*k.s, 1)})
			continue
		}
		if k.str && g.r.IntN(4) == 0 {
			out = append(out, key{v: g.value(k.shape(), 1)})
			continue
		}
		if k.str {
			out = append(out, key{s: words[g.r.IntN(len(words))]})
			continue
		}
		var x expr = &castExpr{k.t, g.leaf()}
		out = append(out, key{x: &x})
	}
	return out
}

func (g *gen) leaf() expr {
	if len(g.vars) > 0 && g.r.IntN(3) != 0 {
		v := g.vars[g.r.IntN(len(g.vars))]
		return &varRef{v.name, v.t}
	}
	return &lit{g.number()}
}

// number favours small ones, powers of two and their neighbours.
func (g *gen) number() int64 {
	switch g.r.IntN(4) {
	case 0:
		return int64(g.r.IntN(10))
	case 1:
		return int64(g.r.IntN(256)) - 128
	case 2:
		n := int64(1)<<g.r.IntN(63) + int64(g.r.IntN(3)) - 1
		if g.r.IntN(2) == 0 {
			return -n
		}
		return n
	}
	return int64(g.r.Uint64())
}

func (g *gen) expr(depth int) expr {
	if depth == 0 {
		return g.leaf()
	}
	switch g.r.IntN(17) {
	case 15:
		if g.keys > 0 || g.inside != nil && g.r.IntN(2) == 0 {
			break
		}
		if e := g.callOf(intShape, depth-1); e != nil {
			return e
		}
	case 16:
		if f, by := g.fact(false); f != nil {
			return &kernInt{f, by}
		}
	case 11, 12, 13:
		return g.readInt(depth - 1)
	case 14:
		if g.r.IntN(2) == 0 {
			return &elvis{&castExpr{int64T, g.expr(depth - 1)}, &castExpr{int64T, g.expr(depth - 1)}}
		}
		b := &blockInt{name: g.name("$b"), x: &castExpr{int64T, g.expr(depth - 1)}}
		g.scoped(func() []stmt {
			g.vars = append(g.vars, varDecl{b.name, int64T})
			g.fixed[b.name] = true
			b.y = &castExpr{int64T, g.expr(depth - 1)}
			return nil
		})
		return b
	case 0:
		return &castExpr{g.intType(), g.expr(depth - 1)}
	case 1:
		return &unary{[]string{"-", "~"}[g.r.IntN(2)], &castExpr{[]intType{int64T, uint64T}[g.r.IntN(2)], g.expr(depth - 1)}}
	case 2:
		return &ternary{g.cond(depth - 1), &castExpr{int64T, g.expr(depth - 1)}, &castExpr{int64T, g.expr(depth - 1)}, g.r.IntN(2) == 0}
	case 3:
		return &boolInt{g.cond(depth - 1)}
	case 4:
		for range 3 {
			if len(g.vars) == 0 || g.pure {
				break // the maps are not all assigned to yet
			}
			if m := g.maps[g.r.IntN(len(g.maps))]; m.agg == "" {
				return &mapRef{m, g.keysOf(m)}
			}
		}
		return g.leaf()
	case 5:
		return &binary{[]string{"<<", ">>"}[g.r.IntN(2)], g.expr(depth - 1), g.shift()}
	case 6:
		return g.leaf()
	}
	ops := []string{"+", "-", "*", "/", "%", "&", "|", "^"}
	return &binary{ops[g.r.IntN(len(ops))], g.expr(depth - 1), g.expr(depth - 1)}
}

// shift is a count in a variable's reach: literals from 64 on are errors of the language.
func (g *gen) shift() expr {
	if len(g.vars) > 0 && g.r.IntN(2) == 0 {
		v := g.vars[g.r.IntN(len(g.vars))]
		return &varRef{v.name, v.t}
	}
	return &lit{int64(g.r.IntN(64))}
}

func (g *gen) cond(depth int) cond {
	if depth > 0 {
		switch g.r.IntN(8) {
		case 6, 7:
			return g.readCond(depth - 1)
		case 0:
			return &logic{[]string{"&&", "||"}[g.r.IntN(2)], g.cond(depth - 1), g.cond(depth - 1)}
		case 1:
			return &not{g.cond(depth - 1)}
		}
	}
	if len(g.strs) > 0 && g.r.IntN(5) == 0 {
		return &strCmp{g.strs[g.r.IntN(len(g.strs))], words[g.r.IntN(len(words))], g.r.IntN(2) == 0}
	}
	if g.r.IntN(6) == 0 {
		return &truthy{g.expr(depth)}
	}
	ops := []string{"==", "!=", "<", "<=", ">", ">="}
	return &cmp{ops[g.r.IntN(len(ops))], g.expr(depth), g.expr(depth)}
}
