package property

import (
	"math/bits"
	"strings"
)

// state is what a program has done so far.
type state struct {
	vars map[string]uint64
	strs map[string]string
	vals map[string]val              // of other kinds
	maps map[string]map[string]*cell // by map name and printed key
	mem  []byte
	ctl  control
	// returned is what a function gives back.
	returned val
	// current is the entry of the map that is looped over.
	current *cell
}

// cell is one value of a map.
type cell struct {
	name  string
	key   []val
	v     val    // of other kinds
	n     uint64 // plain integer, count, sum, min, max, total of avg and stats
	count uint64
	s     string
	slots map[int]uint64 // hist and lhist by bucket, numbered as the printed rows: see slotOf
}

func newState() *state {
	return &state{
		vars: map[string]uint64{}, strs: map[string]string{}, vals: map[string]val{}, maps: map[string]map[string]*cell{},
	}
}

// val is what the cell of a map that holds no aggregate holds.
func (c *cell) val(m *mapDecl) val {
	switch m.agg {
	case "":
		return c.n
	case "str":
		return c.s
	}
	if c.v == nil {
		return m.s.zero()
	}
	return c.v
}

// fit truncates to a type's size and extends by its sign.
func fit(v uint64, t intType) uint64 {
	shift := 64 - 8*t.size
	if t.signed {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

func (e *lit) eval(*state) uint64        { return uint64(e.v) }
func (e *varRef) eval(s *state) uint64   { return s.vars[e.name] }
func (e *castExpr) eval(s *state) uint64 { return fit(e.x.eval(s), e.t) }
func (e *boolInt) eval(s *state) uint64  { return b2i(e.c.eval(s)) }

func (e *mapRef) eval(s *state) uint64 {
	c := s.maps[e.m.name][keyOf(s, e.m, e.key)]
	if c == nil {
		return 0
	}
	return c.n
}

func (e *unary) eval(s *state) uint64 {
	x := e.x.eval(s)
	if e.op == "-" {
		return -x
	}
	return ^x
}

func (e *ternary) eval(s *state) uint64 {
	if e.c.eval(s) {
		return e.x.eval(s)
	}
	return e.y.eval(s)
}

func (e *binary) eval(s *state) uint64 {
	signed := e.typ().signed
	if e.op == ">>" {
		signed = e.x.typ().signed // only a negative value shifts in ones
	}
	return arith(e.op, e.x.eval(s), e.y.eval(s), signed)
}

// arith computes on 64 bits; signed says whether the result type is signed, which decides / % and >>.
func arith(op string, x, y uint64, signed bool) uint64 {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "&":
		return x & y
	case "|":
		return x | y
	case "^":
		return x ^ y
	case "<<":
		return x << (y & 63)
	case ">>":
		if signed {
			return uint64(int64(x) >> (y & 63))
		}
		return x >> (y & 63)
	}
	if y == 0 {
		return 1 // what a division or modulo by zero yields
	}
	switch {
	case op == "/" && !signed:
		return x / y
	case op == "%" && !signed:
		return x % y
	case y == ^uint64(0): // Go would trap on the smallest number, BPF wraps
		if op == "/" {
			return -x
		}
		return 0
	case op == "/":
		return uint64(int64(x) / int64(y))
	case op == "%":
		return uint64(int64(x) % int64(y))
	}
	panic("BUG: property: operator " + op)
}

func b2i(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (c *cmp) eval(s *state) bool {
	x, y := c.x.eval(s), c.y.eval(s)
	less, equal := x < y, x == y
	if c.x.typ().signed || c.y.typ().signed {
		less = int64(x) < int64(y)
	}
	switch c.op {
	case "==":
		return equal
	case "!=":
		return !equal
	case "<":
		return less
	case "<=":
		return less || equal
	case ">":
		return !less && !equal
	case ">=":
		return !less
	}
	panic("BUG: property: comparison " + c.op)
}

func (c *logic) eval(s *state) bool {
	if c.op == "&&" {
		return c.x.eval(s) && c.y.eval(s)
	}
	return c.x.eval(s) || c.y.eval(s)
}
func (c *not) eval(s *state) bool    { return !c.x.eval(s) }
func (c *truthy) eval(s *state) bool { return c.x.eval(s) != 0 }
func (c *strCmp) eval(s *state) bool { return (s.strs[c.v] == c.lit) != c.ne }

// keyOf is a key as it is compared: its parts joined.
func keyOf(s *state, m *mapDecl, ks []key) string {
	return m.keyName(keyVals(s, ks))
}

func (m *mapDecl) keyName(vs []val) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		s := m.keys[i].shape()
		if parts[i] = s.print(v); len(vs) == 1 && s.kind != intShape && s.kind != strShape {
			parts[i] = s.parts(v)
		}
	}
	return strings.Join(parts, ", ")
}

func keyVals(s *state, ks []key) []val {
	out := make([]val, len(ks))
	for i, k := range ks {
		switch {
		case k.v != nil:
			out[i] = k.v.value(s)
		case k.x != nil:
			out[i] = (*k.x).eval(s)
		default:
			out[i] = k.s
		}
	}
	return out
}

func (s *state) cell(m *mapDecl, ks []key) *cell {
	vs := keyVals(s, ks)
	k := m.keyName(vs)
	if s.maps[m.name] == nil {
		s.maps[m.name] = map[string]*cell{}
	}
	c := s.maps[m.name][k]
	if c == nil {
		c = &cell{name: k, key: vs}
		s.maps[m.name][k] = c
	}
	return c
}

func (a *assignVar) run(s *state)   { s.vars[a.name] = fit(a.x.eval(s), a.t) }
func (a *compoundVar) run(s *state) { s.vars[a.name] = arith(a.op, s.vars[a.name], a.x.eval(s), true) }

func (a *incVar) run(s *state) {
	if a.dec {
		s.vars[a.name]--
	} else {
		s.vars[a.name]++
	}
}
func (a *assignStr) run(s *state) { s.strs[a.name], s.vals[a.name] = a.lit, a.lit }
func (a *assignMap) run(s *state) {
	v := fit(a.x.eval(s), a.m.t)
	s.cell(a.m, a.key).n = v
}

func (a *assignMapStr) run(s *state) {
	v := a.v
	if strings.HasPrefix(v, "$") {
		v = s.strs[v]
	}
	s.cell(a.m, a.key).s = v
}

func (a *incMap) run(s *state) {
	if a.dec {
		s.cell(a.m, a.key).n--
	} else {
		s.cell(a.m, a.key).n++
	}
}

func (a *addMap) run(s *state) {
	v := a.x.eval(s)
	s.cell(a.m, a.key).n += v
}
func (a *deleteMap) run(s *state) { delete(s.maps[a.m.name], keyOf(s, a.m, a.key)) }

func (a *ifStmt) run(s *state) {
	b := a.els
	if a.c.eval(s) {
		b = a.then
	}
	s.block(b)
}

func (a *update) run(s *state) {
	var v uint64
	if a.x != nil {
		v = (*a.x).eval(s)
	}
	m := a.m
	c := s.cell(m, a.key)
	switch m.agg {
	case "hist", "lhist", "llhist", "quantile":
		if c.slots == nil {
			c.slots = map[int]uint64{}
		}
		c.slots[m.slotOf(int64(v))]++
		return
	}
	v = fit(v, m.t)
	switch m.agg {
	case "sum", "avg", "stats":
		c.n += v
	case "min":
		if c.count == 0 || less(v, c.n, m.t) {
			c.n = v
		}
	case "max":
		if c.count == 0 || less(c.n, v, m.t) {
			c.n = v
		}
	}
	c.count++
}

func less(a, b uint64, t intType) bool {
	if t.signed {
		return int64(a) < int64(b)
	}
	return a < b
}

// slotOf numbers the buckets of a histogram by a definition of its own: the smallest number that the bucket holds, or -1 for
// what is below the range.
func (m *mapDecl) slotOf(v int64) int {
	if m.agg == "lhist" {
		switch {
		case v < m.min:
			return -1
		case v >= m.max:
			return int(m.max)
		}
		return int(m.min + (v-m.min)/m.step*m.step)
	}
	switch {
	case v < 0 && !m.ownSign():
		return -1
	case v < 0 && m.t.signed: // 16 sub-buckets, of which the greatest number of the greatest is one less than a power of two
		low := max(0, bits.Len64(uint64(-v)-1)-5)
		return int(v >> low << low)
	case uint64(v) < 1<<m.k:
		return int(v)
	}
	low := bits.Len64(uint64(v)) - 1 - m.k
	return int(v >> low << low)
}

// ownSign reports whether numbers of a histogram are counted with the sign of their type, and not as signed ones in any case.
func (m *mapDecl) ownSign() bool { return m.agg == "llhist" || m.agg == "quantile" }

// run interprets the program.
func (p *program) run() *state {
	s := newState()
	s.mem = p.mem
	s.block(p.body)
	return s
}
