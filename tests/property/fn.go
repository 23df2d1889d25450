package property

import (
	"fmt"
	"slices"
	"strings"
)

// A fnDecl is a function of the program. It works on its parameters and variables of its own.
type fnDecl struct {
	name   string
	params []fnParam
	result shape // an integer or a text
	body   []stmt
	ret    *giveBack
}

// fnParam is a parameter: an integer, a text, or a pointer to a struct, for which every call passes the same.
type fnParam struct {
	name string
	s    shape
	ptr  *ptrDecl
}

type (
	callInt struct {
		f    *fnDecl
		args []elem
	}
	callStr struct{ callInt }
	// giveBack is a return from a function.
	giveBack struct{ e elem }
)

func (f *fnDecl) text() string {
	params := make([]string, len(f.params))
	for i, p := range f.params {
		params[i] = p.name + ": " + p.s.typeName()
		if p.ptr != nil {
			params[i] = p.name + ": struct " + p.ptr.d.name + " *"
		}
	}
	return fmt.Sprintf("fn %s(%s): %s {\n%s%s}\n", f.name, strings.Join(params, ", "), f.result.typeName(), blockText(f.body, "  "), f.ret.text("  "))
}

// typeName is how the language names the type of an integer or a text.
func (s shape) typeName() string {
	if s.kind == strShape {
		return "string"
	}
	return s.t.String()
}

// call runs the function. There is no recursion, so its variables are where all others are.
func (e *callInt) call(s *state) val {
	args := make([]val, len(e.args)) // before any is passed: they may call the function, too
	for i, p := range e.f.params {
		if p.ptr == nil {
			args[i] = e.args[i].value(s)
		}
	}
	for i, p := range e.f.params {
		switch v := args[i].(type) {
		case string:
			s.strs[p.name], s.vals[p.name] = v, v
		case uint64:
			s.vars[p.name] = fit(v, p.s.t)
		}
	}
	outer, current := s.ctl, s.current
	s.ctl, s.returned = goOn, nil
	if s.block(e.f.body); s.returned == nil {
		e.f.ret.run(s)
	}
	v := s.returned
	s.ctl, s.current, s.returned = outer, current, nil
	if e.f.result.kind == intShape {
		return fit(v.(uint64), e.f.result.t)
	}
	return v
}

func (e *callInt) typ() intType         { return e.f.result.t }
func (e *callInt) eval(s *state) uint64 { return e.call(s).(uint64) }
func (e *callInt) text() string {
	args := make([]string, len(e.args))
	for i, a := range e.args {
		if p := e.f.params[i].ptr; p != nil {
			args[i] = p.name
			continue
		}
		args[i] = a.text()
	}
	return e.f.name + "(" + strings.Join(args, ", ") + ")"
}

func (e *callInt) kids() (out []*expr) {
	for i, a := range e.args {
		if e.f.params[i].ptr == nil {
			out = append(out, a.kids()...)
		}
	}
	return out
}

func (e *callInt) uses() (out []string) {
	for i, a := range e.args {
		switch p := e.f.params[i].ptr; {
		case p != nil:
			out = append(out, p.name)
		case a.v != nil:
			out = append(out, a.v.uses()...)
		}
	}
	return out
}

func (e *callStr) shape() shape       { return shape{kind: strShape} }
func (e *callStr) value(s *state) val { return e.call(s) }

func (s *giveBack) text(in string) string { return in + "return " + s.e.text() + ";\n" }
func (s *giveBack) run(st *state) {
	st.returned = s.e.value(st)
	st.ctl = doReturn
}
func (s *giveBack) blocks() []*[]stmt { return nil }
func (s *giveBack) exprs() []*expr    { return s.e.kids() }
func (s *giveBack) conds() []*cond    { return nil }
func (s *giveBack) uses() []string {
	if s.e.v != nil {
		return s.e.v.uses()
	}
	return nil
}

// function makes a function, which may call those made before.
func (g *gen) function() *fnDecl {
	f := &fnDecl{name: fmt.Sprintf("f%d", len(g.fns)), result: shape{kind: intShape, t: g.intType()}}
	if g.r.IntN(3) == 0 {
		f.result = shape{kind: strShape}
	}
	outer := *g
	g.vars, g.strs, g.vals, g.ptrs = nil, nil, nil, nil
	g.pure, g.roots, g.inside = true, map[string]string{}, f
	for range g.r.IntN(4) {
		g.param(f, outer.ptrs)
	}
	first := &assignVar{g.name("$l"), int64T, g.expr(1)}
	g.vars = append(g.vars, varDecl{first.name, int64T})
	f.body = []stmt{first}
	for range g.r.IntN(4) {
		f.body = append(f.body, g.fnStmt())
	}
	f.ret = g.giveBack()
	g.vars, g.strs, g.vals, g.ptrs = outer.vars, outer.strs, outer.vals, outer.ptrs
	g.pure, g.roots, g.inside = outer.pure, outer.roots, nil
	return f
}

func (g *gen) param(f *fnDecl, ptrs []ptrDecl) {
	p := fnParam{name: g.name("$q"), s: shape{kind: intShape, t: g.intType()}}
	switch n := g.r.IntN(4); {
	case n == 0:
		p.s = shape{kind: strShape}
		g.strs = append(g.strs, p.name)
	case n == 1 && len(ptrs) > 0:
		ptr := ptrs[g.r.IntN(len(ptrs))]
		p.ptr = &ptr
		g.ptrs = append(g.ptrs, ptrDecl{p.name, ptr.d, ptr.at})
	default:
		g.vars = append(g.vars, varDecl{p.name, p.s.t})
	}
	f.params = append(f.params, p)
}

// fnStmt is a statement that changes nothing but the function's variables.
func (g *gen) fnStmt() stmt {
	switch g.r.IntN(5) {
	case 0:
		return &ifStmt{c: g.cond(2), then: []stmt{g.giveBack()}}
	case 1:
		r := &rangeStmt{name: g.name("$i"), from: &castExpr{int64T, &lit{0}}, to: &castExpr{int64T, &lit{int64(1 + g.r.IntN(5))}}}
		r.body = g.scoped(func() []stmt {
			g.vars = append(g.vars, varDecl{r.name, int64T})
			g.fixed[r.name] = true
			out := []stmt{g.changeLocal()}
			if g.r.IntN(2) == 0 {
				out = append(out, &ifStmt{c: g.cond(1), then: []stmt{g.giveBack()}})
			}
			return out
		})
		return r
	case 2:
		return g.newVar()
	case 3:
		return g.newVal()
	}
	return g.changeLocal()
}

// changeLocal gives a variable another value.
func (g *gen) changeLocal() stmt {
	var all []varDecl
	for _, v := range g.vars {
		if !g.fixed[v.name] {
			all = append(all, v)
		}
	}
	v := all[g.r.IntN(len(all))]
	return &assignVar{v.name, v.t, g.expr(2)}
}

func (g *gen) giveBack() *giveBack { return &giveBack{g.elem(g.inside.result, 2)} }

// callOf calls one of the functions that have a result of a kind.
func (g *gen) callOf(kind shapeKind, depth int) *callInt {
	var all []*fnDecl
	for _, f := range g.fns {
		if f.result.kind == kind {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	e := &callInt{f: all[g.r.IntN(len(all))]}
	for _, p := range e.f.params {
		if p.ptr != nil {
			if !slices.ContainsFunc(g.ptrs, func(d ptrDecl) bool { return d.name == p.ptr.name }) {
				return nil
			}
			e.args = append(e.args, elem{})
			continue
		}
		e.args = append(e.args, g.elem(p.s, depth))
	}
	return e
}
