package property

import (
	"fmt"
	"slices"
	"strings"
)

// Integers that are taken out of other values.
type (
	partInt struct {
		base vexpr
		p    path
	}
	strLen struct{ x vexpr }
	strPos struct {
		x    vexpr
		find string
	}
	strAt struct {
		name string
		i    int
	}
	// aggInt is what a map's aggregate has come to, as an int64.
	aggInt struct {
		m   *mapDecl
		key []key
	}
	elvis struct{ x, y expr } // both int64
	enum  struct {
		name string
		v    int64
	}
	// blockInt gives x to a variable of its own and has the value of y, an int64.
	blockInt struct {
		name string
		x, y expr
	}
)

var enums = []enum{{"ONE", 1}, {"BIG", 1 << 20}, {"MINUS", -7}, {"NEXT", -6}}

const enumText = "enum numbers { ONE = 1, BIG = 1 << 20, MINUS = -7, NEXT };\n"

func (e *partInt) typ() intType {
	_, s := e.p.text(e.base.shape())
	return s.t
}
func (e *strLen) typ() intType   { return uint64T }
func (e *strPos) typ() intType   { return int64T }
func (e *strAt) typ() intType    { return intType{1, true} }
func (e *aggInt) typ() intType   { return int64T }
func (e *elvis) typ() intType    { return int64T }
func (e *enum) typ() intType     { return int64T }
func (e *blockInt) typ() intType { return int64T }

func (e *partInt) text() string { return partText(e.base, e.p) }
func (e *strLen) text() string  { return "strlen(" + e.x.text() + ")" }
func (e *strPos) text() string  { return fmt.Sprintf("strstr(%s, %q)", e.x.text(), e.find) }
func (e *strAt) text() string   { return fmt.Sprintf("%s[%d]", e.name, e.i) }
func (e *aggInt) text() string  { return "(int64)" + e.m.name + keyText(e.key) }
func (e *elvis) text() string   { return "(" + paren(e.x) + " ?: " + paren(e.y) + ")" }
func (e *enum) text() string    { return "(int64)" + e.name }
func (e *blockInt) text() string {
	return fmt.Sprintf("({ let %s = %s; %s })", e.name, e.x.text(), e.y.text())
}

func (e *partInt) eval(s *state) uint64 { return e.p.of(e.base.value(s)).(uint64) }
func (e *strLen) eval(s *state) uint64  { return uint64(len(e.x.value(s).(string))) }
func (e *strPos) eval(s *state) uint64 {
	if i := strings.Index(e.x.value(s).(string), e.find); i >= 0 {
		return uint64(i)
	}
	return ^uint64(1) // -2 says that there is none
}

func (e *strAt) eval(s *state) uint64 {
	if text := s.strs[e.name]; e.i < len(text) {
		return fit(uint64(text[e.i]), e.typ())
	}
	return 0
}

func (e *aggInt) eval(s *state) uint64 {
	c := s.maps[e.m.name][keyOf(s, e.m, e.key)]
	switch {
	case c == nil:
		return 0
	case e.m.agg == "count":
		return c.count
	case e.m.agg == "avg":
		return arith("/", c.n, c.count, e.m.t.signed)
	}
	return c.n
}

func (e *elvis) eval(s *state) uint64 {
	if x := e.x.eval(s); x != 0 {
		return x
	}
	return e.y.eval(s)
}
func (e *enum) eval(*state) uint64 { return uint64(e.v) }
func (e *blockInt) eval(s *state) uint64 {
	s.vars[e.name] = e.x.eval(s)
	return e.y.eval(s)
}

func (e *partInt) kids() []*expr  { return e.base.kids() }
func (e *strLen) kids() []*expr   { return e.x.kids() }
func (e *strPos) kids() []*expr   { return e.x.kids() }
func (e *strAt) kids() []*expr    { return nil }
func (e *aggInt) kids() []*expr   { return keyExprs(e.key) }
func (e *elvis) kids() []*expr    { return []*expr{&e.x, &e.y} }
func (e *enum) kids() []*expr     { return nil }
func (e *blockInt) kids() []*expr { return []*expr{&e.x, &e.y} }

func (e *partInt) uses() []string { return e.base.uses() }
func (e *strLen) uses() []string  { return e.x.uses() }
func (e *strPos) uses() []string  { return e.x.uses() }
func (e *strAt) uses() []string   { return []string{e.name} }
func (e *mapRef) uses() []string  { return keyUses(e.key) }
func (e *aggInt) uses() []string  { return keyUses(e.key) }

// Conditions on other values.
type (
	valCmp struct {
		x, y vexpr
		ne   bool
	}
	contains struct {
		x    vexpr
		find string
	}
	begins struct {
		x, y vexpr
		n    int
	}
	hasKey struct {
		m   *mapDecl
		key []key
	}
	boolPart struct {
		base vexpr
		p    path
	}
)

func (c *valCmp) text() string {
	op := "=="
	if c.ne {
		op = "!="
	}
	return c.x.text() + " " + op + " " + c.y.text()
}
func (c *contains) text() string { return fmt.Sprintf("strcontains(%s, %q)", c.x.text(), c.find) }
func (c *begins) text() string {
	return fmt.Sprintf("strncmp(%s, %s, %d) == 0", c.x.text(), c.y.text(), c.n)
}
func (c *hasKey) text() string   { return "has_key(" + c.m.name + ", " + keyArg(c.key) + ")" }
func (c *boolPart) text() string { return partText(c.base, c.p) }

func (c *valCmp) eval(s *state) bool {
	return c.x.shape().equal(c.x.value(s), c.y.value(s)) != c.ne
}

func (c *contains) eval(s *state) bool { return strings.Contains(c.x.value(s).(string), c.find) }
func (c *begins) eval(s *state) bool {
	x, y := c.x.value(s).(string), c.y.value(s).(string)
	return x[:min(c.n, len(x))] == y[:min(c.n, len(y))]
}

func (c *hasKey) eval(s *state) bool {
	_, ok := s.maps[c.m.name][keyOf(s, c.m, c.key)]
	return ok
}
func (c *boolPart) eval(s *state) bool { return c.p.of(c.base.value(s)).(uint64) != 0 }

func (c *valCmp) kids() []*expr   { return append(c.x.kids(), c.y.kids()...) }
func (c *contains) kids() []*expr { return c.x.kids() }
func (c *begins) kids() []*expr   { return append(c.x.kids(), c.y.kids()...) }
func (c *hasKey) kids() []*expr   { return keyExprs(c.key) }
func (c *boolPart) kids() []*expr { return c.base.kids() }

func (c *valCmp) conds() []*cond   { return nil }
func (c *contains) conds() []*cond { return nil }
func (c *begins) conds() []*cond   { return nil }
func (c *hasKey) conds() []*cond   { return nil }
func (c *boolPart) conds() []*cond { return nil }

func (c *valCmp) uses() []string   { return slices.Concat(c.x.uses(), c.y.uses()) }
func (c *contains) uses() []string { return c.x.uses() }
func (c *begins) uses() []string   { return slices.Concat(c.x.uses(), c.y.uses()) }
func (c *hasKey) uses() []string   { return keyUses(c.key) }
func (c *boolPart) uses() []string { return c.base.uses() }
func (c *strCmp) uses() []string   { return []string{c.v} }
