package property

import "fmt"

// Buffers and arrays.
type (
	// bufLit is the first n bytes of a text.
	bufLit struct {
		s string
		n int
	}
	// bufSome is the same for a length that is only known when the program runs.
	bufSome struct {
		s string
		n expr
	}
	// bufMem is the first n bytes of a struct in memory.
	bufMem struct {
		p ptrDecl
		n int
	}
	// arrayCast takes a number for an array of its bytes.
	arrayCast struct {
		s shape
		x expr
	}
	// arrayInt takes an array for a number.
	arrayInt struct {
		t intType
		x vexpr
	}
)

// someMask bounds the length of bufSome.
const someMask = 7

func (e *bufLit) shape() shape    { return shape{kind: bufShape, cap: e.n} }
func (e *bufSome) shape() shape   { return shape{kind: bufShape, cap: someMask} }
func (e *bufMem) shape() shape    { return shape{kind: bufShape, cap: e.n} }
func (e *arrayCast) shape() shape { return e.s }

func (e *bufLit) text() string  { return fmt.Sprintf("buf(%q, %d)", e.s, e.n) }
func (e *bufSome) text() string { return fmt.Sprintf("buf(%q, %s & %d)", e.s, paren(e.n), someMask) }
func (e *bufMem) text() string  { return fmt.Sprintf("buf(%s, %d)", e.p.name, e.n) }
func (e *arrayCast) text() string {
	return fmt.Sprintf("((%s[%d])%s)", e.s.elems[0].t, len(e.s.elems), paren(e.x))
}

func (e *bufLit) value(*state) val    { return e.s[:e.n] }
func (e *bufSome) value(s *state) val { return e.s[:e.n.eval(s)&someMask] }
func (e *bufMem) value(s *state) val  { return string(s.mem[e.p.at : e.p.at+e.n]) }
func (e *arrayCast) value(s *state) val {
	t := e.s.elems[0].t
	n := e.x.eval(s)
	out := make([]val, len(e.s.elems))
	for i := range out {
		out[i] = fit(n>>(8*t.size*i), t)
	}
	return out
}

func (e *bufLit) kids() []*expr    { return nil }
func (e *bufSome) kids() []*expr   { return []*expr{&e.n} }
func (e *bufMem) kids() []*expr    { return nil }
func (e *arrayCast) kids() []*expr { return e.x.kids() } // its type must stay, for its size

func (e *bufLit) uses() []string    { return nil }
func (e *bufSome) uses() []string   { return nil }
func (e *bufMem) uses() []string    { return []string{e.p.name} }
func (e *arrayCast) uses() []string { return exprUses(e.x) }

func (e *arrayInt) typ() intType { return e.t }
func (e *arrayInt) text() string { return fmt.Sprintf("(%s)%s", e.t, e.x.text()) }
func (e *arrayInt) eval(s *state) uint64 {
	var n uint64
	for i, x := range e.x.value(s).([]val) {
		size := e.x.shape().elems[0].t.size
		n |= fit(x.(uint64), intType{size, false}) << (8 * size * i)
	}
	return fit(n, e.t)
}
func (e *arrayInt) kids() []*expr  { return e.x.kids() }
func (e *arrayInt) uses() []string { return e.x.uses() }

// exprUses returns the variables that an expression names.
func exprUses(e expr) (out []string) {
	if v, ok := e.(*varRef); ok {
		out = append(out, v.name)
	}
	if u, ok := e.(interface{ uses() []string }); ok {
		out = append(out, u.uses()...)
	}
	return out
}

// numberArray is an array that has the size of some number.
func (g *gen) numberArray() shape {
	t := intType{1 << g.r.IntN(3), g.r.IntN(2) == 0}
	return arrayOf(shape{kind: intShape, t: t}, 8/t.size>>g.r.IntN(2))
}

// castArray makes an array of a shape, whose size is that of a number.
func (g *gen) castArray(s shape, depth int) vexpr {
	size := len(s.elems) * s.elems[0].t.size
	var x expr = &castExpr{intType{size, g.r.IntN(2) == 0}, g.expr(depth)}
	return &arrayCast{s, x}
}

// readArray takes a number out of an array that was made of one.
func (g *gen) readArray(depth int) expr {
	a := g.castArray(g.numberArray(), depth).(*arrayCast)
	if g.r.IntN(3) == 0 {
		return &arrayInt{intType{a.x.typ().size, g.r.IntN(2) == 0}, a}
	}
	return &partInt{a, path{g.r.IntN(len(a.s.elems))}}
}

// buffer makes a buffer of a given size.
func (g *gen) buffer(size, depth int) vexpr {
	if size == someMask && g.r.IntN(2) == 0 {
		return &bufSome{"a text, cut", &castExpr{uint64T, g.expr(depth)}}
	}
	if g.r.IntN(2) == 0 {
		for _, p := range g.ptrs {
			if p.d.size >= size {
				return &bufMem{p, size}
			}
		}
	}
	const text = "some thirty-two bytes of a text, of which the first ones are taken"
	at := g.r.IntN(8)
	return &bufLit{text[at:], size}
}

func (g *gen) bufShape() shape {
	if g.r.IntN(3) == 0 {
		return shape{kind: bufShape, cap: someMask}
	}
	return shape{kind: bufShape, cap: 1 + g.r.IntN(40)}
}
