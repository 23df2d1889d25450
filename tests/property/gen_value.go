package property

import "fmt"

// valDecl is a variable that holds no integer.
type valDecl struct {
	name string
	s    shape
}

type ptrDecl struct {
	name string
	d    *structDecl
	at   int
}

// memory makes structs, fills the memory they lie in, and points to them.
func (g *gen) memory(p *program) {
	p.mem = make([]byte, memorySize)
	for i := range p.mem {
		p.mem[i] = byte(g.r.Uint32())
	}
	for i := range 1 + g.r.IntN(2) {
		d := g.structDecl(fmt.Sprintf("s%d", i), p.structs)
		p.structs = append(p.structs, d)
		for range 1 + g.r.IntN(2) {
			ptr := ptrDecl{g.name("$p"), d, g.r.IntN(memorySize - d.size)}
			g.ptrs = append(g.ptrs, ptr)
			d.terminate(p.mem[ptr.at:])
			p.body = append(p.body, &pointTo{ptr.name, d, p, ptr.at})
		}
	}
	// Structs that overlap end each other's texts in the middle, so they are ended again.
	for range g.ptrs {
		for _, ptr := range g.ptrs {
			ptr.d.terminate(p.mem[ptr.at:])
		}
	}
}

// terminate makes texts of the struct's character arrays.
func (d *structDecl) terminate(mem []byte) {
	for _, f := range d.fields {
		at := mem[f.at/8:]
		switch {
		case f.inside != nil && f.shape.kind == arrayShape:
			for i := range f.shape.elems {
				f.inside.terminate(at[i*f.inside.size:])
			}
		case f.inside != nil:
			f.inside.terminate(at)
		case f.shape.kind == strShape:
			for i := range f.shape.cap {
				if at[i] != 0 {
					at[i] = 'a' + at[i]%26
				}
			}
			at[f.shape.cap-1] = 0
		}
	}
}

func (g *gen) structDecl(name string, before []*structDecl) *structDecl {
	d := &structDecl{name: name, packed: g.r.IntN(5) == 0}
	for i := range 1 + g.r.IntN(7) {
		f := field{name: fmt.Sprintf("f%d", i), t: g.intType()}
		f.shape = shape{kind: intShape, t: f.t}
		switch g.r.IntN(8) {
		case 0, 1:
			if !d.packed {
				f.bits = 1 + g.r.IntN(8*f.t.size)
			}
		case 2:
			f.t = intType{2 << g.r.IntN(3), g.r.IntN(2) == 0}
			f.shape = arrayOf(shape{kind: intShape, t: f.t}, 1+g.r.IntN(5))
		case 3:
			f.shape = shape{kind: strShape, cap: 1 + g.r.IntN(20)}
		case 4:
			if len(before) > 0 {
				f.inside = before[g.r.IntN(len(before))]
				if f.shape = f.inside.shape(); g.r.IntN(2) == 0 {
					f.shape = arrayOf(f.shape, 1+g.r.IntN(3))
				}
			}
		}
		d.add(f)
	}
	d.done()
	return d
}

func arrayOf(s shape, n int) shape {
	out := shape{kind: arrayShape}
	for range n {
		out.elems = append(out.elems, s)
	}
	return out
}

func (g *gen) name(prefix string) string {
	g.next++
	return fmt.Sprintf("%s%d", prefix, g.next)
}

// seqShape is a tuple or record.
func (g *gen) seqShape(depth int) shape {
	s := shape{kind: tupleShape}
	if g.r.IntN(3) == 0 {
		s.kind = recordShape
	}
	for i := range 1 + g.r.IntN(3) {
		e := shape{kind: intShape, t: g.intType()}
		switch n := g.r.IntN(8); {
		case n == 3:
			e = g.numberArray()
		case n == 4:
			e = g.bufShape()
		case n == 0:
			e = shape{kind: boolShape}
		case n == 1:
			e = shape{kind: strShape}
		case n == 2 && depth > 0:
			e = g.seqShape(depth - 1)
		}
		s.elems = append(s.elems, e)
		if s.kind == recordShape {
			s.names = append(s.names, fmt.Sprintf("n%d", i))
		}
	}
	return s
}

// value is an expression of a shape that is no integer and no boolean.
func (g *gen) value(s shape, depth int) vexpr {
	if depth > 0 {
		switch g.r.IntN(8) {
		case 6:
			if s.kind == strShape {
				if f, by := g.fact(true); f != nil {
					return &kernStr{f, by}
				}
			}
		case 7:
			if s.kind == strShape && g.keys == 0 {
				if e := g.callOf(strShape, depth-1); e != nil {
					return &callStr{*e}
				}
			}
		case 0:
			return &chooseVal{g.cond(depth - 1), g.value(s, depth-1), g.value(s, depth-1)}
		case 1:
			if s.kind == strShape {
				return &concat{g.value(s, depth-1), g.value(s, depth-1)}
			}
		}
	}
	if g.r.IntN(2) == 0 || s.kind == structShape {
		if bases := g.sources(s.same); len(bases) > 0 {
			return bases[g.r.IntN(len(bases))]
		}
	}
	if s.kind == strShape {
		return &strLit{words[g.r.IntN(len(words))]}
	}
	if s.kind == bufShape {
		return g.buffer(s.cap, max(depth-1, 0))
	}
	if s.kind == arrayShape {
		return g.castArray(s, max(depth-1, 0))
	}
	e := &seqLit{s: s}
	for _, part := range s.elems {
		e.elems = append(e.elems, g.elem(part, max(depth-1, 0)))
	}
	return e
}

func (g *gen) elem(s shape, depth int) elem {
	switch s.kind {
	case intShape:
		var x expr = &castExpr{s.t, g.expr(depth)}
		return elem{x: &x}
	case boolShape:
		return elem{c: g.cond(depth)}
	case strShape, tupleShape, recordShape, structShape, arrayShape, bufShape:
		return elem{v: g.value(s, depth)}
	}
	panic("BUG: property: shape")
}

// sources returns the parts of what is in scope that have a wanted shape.
func (g *gen) sources(want func(shape) bool) (out []vexpr) {
	add := func(base vexpr) {
		for _, p := range base.shape().paths(want) {
			if p == nil {
				out = append(out, base)
				continue
			}
			out = append(out, &partVal{base, p})
		}
	}
	for _, name := range g.strs {
		add(&varVal{name, shape{kind: strShape}})
	}
	for _, v := range g.vals {
		add(&varVal{v.name, v.s})
	}
	for _, p := range g.ptrs {
		add(&derefVal{p.name, p.d, p.at})
	}
	if g.pure || len(g.vars) == 0 || g.keys > 0 {
		return out
	}
	for _, m := range g.maps {
		if m.agg == "str" || m.agg == "val" {
			add(&mapVal{m, g.keysOf(m)})
		}
	}
	return out
}

// readInt takes an integer out of something else, if there is anything.
func (g *gen) readInt(depth int) expr {
	switch g.r.IntN(8) {
	case 7:
		return g.readArray(depth)
	case 0:
		return &strLen{g.value(shape{kind: strShape}, depth)}
	case 1:
		return &strPos{g.value(shape{kind: strShape}, depth), words[1+g.r.IntN(3)]}
	case 2:
		for _, name := range g.strs {
			if g.wide[name] {
				return &strAt{name, g.r.IntN(len(words[len(words)-1]))}
			}
		}
	case 3:
		if m := g.maps[g.r.IntN(len(g.maps))]; !g.pure && len(g.vars) > 0 {
			switch m.agg {
			case "count", "sum", "min", "max", "avg":
				return &aggInt{m, g.keysOf(m)}
			}
		}
	case 4:
		return &enums[g.r.IntN(len(enums))]
	}
	if all := g.sources(isInt); len(all) > 0 {
		e := all[g.r.IntN(len(all))].(*partVal)
		return &partInt{e.base, e.p}
	}
	return g.leaf()
}

// readCond is a condition on something else than integers.
func (g *gen) readCond(depth int) cond {
	str := shape{kind: strShape}
	switch g.r.IntN(7) {
	case 6:
		s := g.bufShape()
		return &valCmp{g.value(s, depth), g.value(s, depth), g.r.IntN(2) == 0}
	case 0:
		return &contains{g.value(str, depth), words[g.r.IntN(6)]}
	case 1:
		return &begins{g.value(str, depth), g.value(str, depth), 1 + g.r.IntN(12)}
	case 2:
		if m := g.maps[g.r.IntN(len(g.maps))]; !g.pure && len(m.keys) > 0 && len(g.vars) > 0 {
			return &hasKey{m, g.keysOf(m)}
		}
	case 3:
		var all []vexpr
		for _, b := range g.sources(func(s shape) bool { return s.kind == boolShape }) {
			if _, ok := b.(*partVal); ok {
				all = append(all, b)
			}
		}
		if len(all) > 0 {
			e := all[g.r.IntN(len(all))].(*partVal)
			return &boolPart{e.base, e.p}
		}
	case 4:
		if len(g.vals) > 0 {
			if v := g.vals[g.r.IntN(len(g.vals))]; v.s.kind == tupleShape || v.s.kind == recordShape {
				return &valCmp{&varVal{v.name, v.s}, g.value(v.s, depth), g.r.IntN(2) == 0}
			}
		}
	}
	return &valCmp{g.value(str, depth), g.value(str, depth), g.r.IntN(2) == 0}
}

// newVal declares a variable of another kind, or gives one a value again.
func (g *gen) newVal() stmt {
	for _, v := range g.vals {
		if g.r.IntN(3) == 0 && !g.fixed[v.name] {
			return &assignVal{v.name, g.value(v.s, 2)}
		}
	}
	s := g.seqShape(1)
	if len(g.ptrs) > 0 && g.r.IntN(4) == 0 {
		s = g.ptrs[g.r.IntN(len(g.ptrs))].d.shape()
	}
	v := valDecl{g.name("$t"), s}
	x := g.value(s, 2)
	g.vals = append(g.vals, v)
	return &assignVal{v.name, x}
}
