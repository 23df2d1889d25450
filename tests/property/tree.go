package property

import (
	"fmt"
	"strings"
)

// intType is an integer type of the language.
type intType struct {
	size   int
	signed bool
}

var (
	int64T  = intType{8, true}
	uint64T = intType{8, false}
)

var intTypes = []intType{{1, true}, {2, true}, {4, true}, {8, true}, {1, false}, {2, false}, {4, false}, {8, false}}

func (t intType) String() string {
	if t.signed {
		return fmt.Sprintf("int%d", 8*t.size)
	}
	return fmt.Sprintf("uint%d", 8*t.size)
}

// expr is an integer expression with its type by the language's rules.
type expr interface {
	typ() intType
	text() string
	eval(*state) uint64 // extended to 64 bits by the sign of typ
	kids() []*expr
}

// cond is a boolean expression.
type cond interface {
	text() string
	eval(*state) bool
	kids() []*expr
	conds() []*cond
}

type stmt interface {
	text(indent string) string
	run(*state)
	blocks() []*[]stmt
	exprs() []*expr
	conds() []*cond
}

type (
	lit    struct{ v int64 } // int64 by a cast
	varRef struct {
		name string
		t    intType
	}
	mapRef struct {
		m   *mapDecl
		key []key
	}
	castExpr struct {
		t intType
		x expr
	}
	unary struct {
		op string // - or ~
		x  expr
	}
	binary struct {
		op   string
		x, y expr
	}
	ternary struct {
		c    cond
		x, y expr // both int64
		asIf bool // written as an if expression
	}
	boolInt struct{ c cond } // (int64)(cond)
)

type (
	cmp struct {
		op   string
		x, y expr
	}
	logic struct {
		op   string // && ||
		x, y cond
	}
	not    struct{ x cond }
	strCmp struct {
		v, lit string
		ne     bool
	}
	truthy struct{ x expr }
)

// key is one part of a map key: an integer expression of a given type, a literal string or another value.
type key struct {
	x *expr
	s string
	v vexpr
}

// mapDecl is a map of the program and what it holds.
type mapDecl struct {
	name           string
	keys           []keyKind // none for a scalar map
	agg            string    // "" for plain integers, "str" for strings, "val" for other values, else count, sum, …
	t              intType   // of plain integers, sum, min, max, avg, stats
	k              int       // bits of hist
	min, max, step int64
	s              shape // of other values
}

// shape is what a value of the map is outside of the map.
func (m *mapDecl) shape() shape {
	switch m.agg {
	case "":
		return shape{kind: intShape, t: m.t}
	case "str":
		return shape{kind: strShape}
	}
	return m.s
}

// keyShape is what a key of the map is in a loop.
func (m *mapDecl) keyShape() shape {
	var all []shape
	for _, k := range m.keys {
		all = append(all, k.shape())
	}
	if len(all) == 1 {
		return all[0]
	}
	return shape{kind: tupleShape, elems: all}
}

type keyKind struct {
	str bool
	t   intType
	s   *shape // of other values
}

func (k keyKind) shape() shape {
	switch {
	case k.s != nil:
		return *k.s
	case k.str:
		return shape{kind: strShape}
	}
	return shape{kind: intShape, t: k.t}
}

type (
	assignVar struct {
		name string
		t    intType
		x    expr
	}
	compoundVar struct {
		name, op string
		x        expr
	}
	incVar struct {
		name string
		dec  bool
		post bool
	}
	assignStr struct{ name, lit string }
	assignMap struct {
		m   *mapDecl
		key []key
		x   expr
	}
	assignMapStr struct {
		m   *mapDecl
		key []key
		v   string // literal or $var
	}
	incMap struct {
		m   *mapDecl
		key []key
		dec bool
	}
	addMap struct {
		m   *mapDecl
		key []key
		x   expr
	}
	update struct {
		m   *mapDecl
		key []key
		x   *expr // nil for count
	}
	deleteMap struct {
		m   *mapDecl
		key []key
		old bool // delete(@m[k])
	}
	ifStmt struct {
		c         cond
		then, els []stmt
	}
)

func (e *lit) typ() intType      { return int64T }
func (e *varRef) typ() intType   { return e.t }
func (e *mapRef) typ() intType   { return e.m.t }
func (e *castExpr) typ() intType { return e.t }
func (e *unary) typ() intType    { return e.x.typ() }
func (e *ternary) typ() intType  { return int64T }
func (e *boolInt) typ() intType  { return int64T }

func (e *binary) typ() intType {
	switch {
	case e.op == "-":
		return int64T
	case (e.op == "<<" || e.op == ">>") && !e.x.typ().signed:
		return uint64T
	case e.op == "<<" || e.op == ">>":
		return int64T
	case !e.x.typ().signed && !e.y.typ().signed:
		return uint64T
	}
	return int64T
}

func (e *lit) text() string      { return fmt.Sprintf("(int64)%s", litText(e.v)) }
func (e *varRef) text() string   { return e.name }
func (e *mapRef) text() string   { return e.m.name + keyText(e.key) }
func (e *castExpr) text() string { return fmt.Sprintf("(%s)%s", e.t, paren(e.x)) }
func (e *unary) text() string    { return e.op + paren(e.x) }
func (e *binary) text() string   { return paren(e.x) + " " + e.op + " " + paren(e.y) }
func (e *ternary) text() string {
	if e.asIf {
		return "(if " + e.c.text() + " { " + e.x.text() + " } else { " + e.y.text() + " })"
	}
	return "(" + e.c.text() + " ? " + paren(e.x) + " : " + paren(e.y) + ")"
}
func (e *boolInt) text() string { return "(int64)(!(!(" + e.c.text() + ")))" }

func litText(v int64) string {
	if v == -1<<63 {
		return "(-9223372036854775807 - 1)"
	}
	if v < 0 {
		return fmt.Sprintf("(%d)", v)
	}
	return fmt.Sprint(v)
}

func paren(x expr) string {
	switch x.(type) {
	case *varRef, *mapRef, *ternary, *elvis, *blockInt, *partInt, *strLen, *strPos, *strAt, *kernInt, *callInt:
		return x.text()
	}
	return "(" + x.text() + ")"
}

func keyText(ks []key) string {
	if len(ks) == 0 {
		return ""
	}
	parts := make([]string, len(ks))
	for i, k := range ks {
		switch {
		case k.v != nil:
			parts[i] = k.v.text()
		case k.x != nil:
			parts[i] = (*k.x).text()
		default:
			parts[i] = fmt.Sprintf("%q", k.s)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (c *cmp) text() string    { return paren(c.x) + " " + c.op + " " + paren(c.y) }
func (c *logic) text() string  { return "(" + c.x.text() + ") " + c.op + " (" + c.y.text() + ")" }
func (c *not) text() string    { return "!(" + c.x.text() + ")" }
func (c *truthy) text() string { return paren(c.x) }
func (c *strCmp) text() string {
	op := "=="
	if c.ne {
		op = "!="
	}
	return fmt.Sprintf("%s %s %q", c.v, op, c.lit)
}

func (s *assignVar) text(in string) string {
	return fmt.Sprintf("%s%s = (%s)%s;\n", in, s.name, s.t, paren(s.x))
}

func (s *compoundVar) text(in string) string {
	return fmt.Sprintf("%s%s %s= %s;\n", in, s.name, s.op, s.x.text())
}

func (s *incVar) text(in string) string {
	op := "++"
	if s.dec {
		op = "--"
	}
	if s.post {
		return in + s.name + op + ";\n"
	}
	return in + op + s.name + ";\n"
}
func (s *assignStr) text(in string) string { return fmt.Sprintf("%s%s = %q;\n", in, s.name, s.lit) }
func (s *assignMap) text(in string) string {
	return fmt.Sprintf("%s%s%s = (%s)%s;\n", in, s.m.name, keyText(s.key), s.m.t, paren(s.x))
}

func (s *assignMapStr) text(in string) string {
	v := s.v
	if !strings.HasPrefix(v, "$") {
		v = fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("%s%s%s = %s;\n", in, s.m.name, keyText(s.key), v)
}

func (s *incMap) text(in string) string {
	op := "++"
	if s.dec {
		op = "--"
	}
	return in + s.m.name + keyText(s.key) + op + ";\n"
}

func (s *addMap) text(in string) string {
	return fmt.Sprintf("%s%s%s += %s;\n", in, s.m.name, keyText(s.key), s.x.text())
}

func (s *update) text(in string) string {
	m := s.m
	head := in + m.name + keyText(s.key) + " = "
	switch m.agg {
	case "count":
		return head + "count();\n"
	case "hist":
		return fmt.Sprintf("%shist(%s, %d);\n", head, (*s.x).text(), m.k)
	case "llhist":
		return fmt.Sprintf("%sllhist(%s);\n", head, (*s.x).text())
	case "quantile":
		return fmt.Sprintf("%squantile(%s, 50, 99);\n", head, (*s.x).text())
	case "lhist":
		return fmt.Sprintf("%slhist(%s, %d, %d, %d);\n", head, (*s.x).text(), m.min, m.max, m.step)
	}
	return fmt.Sprintf("%s%s((%s)%s);\n", head, m.agg, m.t, paren(*s.x))
}

func (s *deleteMap) text(in string) string {
	if s.old {
		return in + "delete(" + s.m.name + keyText(s.key) + ");\n"
	}
	return in + "delete(" + s.m.name + ", " + keyArg(s.key) + ");\n"
}

// keyArg is a key as an argument.
func keyArg(ks []key) string {
	k := keyText(ks)
	if k = k[1 : len(k)-1]; len(ks) > 1 {
		k = "(" + k + ")"
	}
	return k
}

func (s *ifStmt) text(in string) string {
	out := in + "if (" + s.c.text() + ") {\n" + blockText(s.then, in+"  ") + in + "}"
	if len(s.els) > 0 {
		out += " else {\n" + blockText(s.els, in+"  ") + in + "}"
	}
	return out + "\n"
}

func blockText(b []stmt, in string) string {
	var out strings.Builder
	for _, s := range b {
		out.WriteString(s.text(in))
	}
	return out.String()
}

// program is one random program.
type program struct {
	maps    []*mapDecl
	fns     []*fnDecl
	structs []*structDecl
	mem     []byte // what the structs hold
	base    int    // where they lie when the program runs
	body    []stmt
}

func (p *program) text() string {
	out := enumText
	for _, d := range p.structs {
		out += d.text()
	}
	for _, f := range p.fns {
		out += f.text()
	}
	return out + "BEGIN {\n" + blockText(p.body, "  ") + "}\n"
}
