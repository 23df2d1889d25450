package property

import (
	"fmt"
	"slices"
	"strings"
)

// vexpr is an expression whose value is not an integer.
type vexpr interface {
	shape() shape
	text() string
	value(*state) val
	kids() []*expr
	uses() []string // variables
}

type (
	strLit struct{ s string }
	varVal struct {
		name string
		s    shape
	}
	// derefVal is the struct that a pointer points to.
	derefVal struct {
		name string
		d    *structDecl
		at   int
	}
	mapVal struct {
		m   *mapDecl
		key []key
	}
	// seqLit is a tuple or record.
	seqLit struct {
		s     shape
		elems []elem
	}
	concat  struct{ x, y vexpr }
	partVal struct {
		base vexpr
		p    path
	}
	chooseVal struct {
		c    cond
		x, y vexpr
	}
)

// elem is a part of a tuple or record: an integer, a condition or something else.
type elem struct {
	x *expr
	c cond
	v vexpr
}

func (e elem) text() string {
	switch {
	case e.x != nil:
		return (*e.x).text()
	case e.c != nil:
		return "(!(!(" + e.c.text() + ")))" // a boolean, whatever it tests
	}
	return e.v.text()
}

func (e elem) value(s *state) val {
	switch {
	case e.x != nil:
		return (*e.x).eval(s)
	case e.c != nil:
		return b2i(e.c.eval(s))
	}
	return e.v.value(s)
}

func (e elem) kids() []*expr {
	switch {
	case e.x != nil:
		return []*expr{e.x}
	case e.c != nil:
		return e.c.kids()
	}
	return e.v.kids()
}

func (e *strLit) shape() shape    { return shape{kind: strShape} }
func (e *varVal) shape() shape    { return e.s }
func (e *derefVal) shape() shape  { return e.d.shape() }
func (e *mapVal) shape() shape    { return e.m.shape() }
func (e *seqLit) shape() shape    { return e.s }
func (e *concat) shape() shape    { return shape{kind: strShape} }
func (e *chooseVal) shape() shape { return e.x.shape() }
func (e *partVal) shape() shape {
	_, s := e.p.text(e.base.shape())
	return s
}

func (e *strLit) text() string   { return fmt.Sprintf("%q", e.s) }
func (e *varVal) text() string   { return e.name }
func (e *derefVal) text() string { return "*" + e.name }
func (e *mapVal) text() string   { return e.m.name + keyText(e.key) }
func (e *concat) text() string   { return "str_concat(" + e.x.text() + ", " + e.y.text() + ")" }
func (e *partVal) text() string  { return partText(e.base, e.p) }
func (e *chooseVal) text() string {
	return "((" + e.c.text() + ") ? " + e.x.text() + " : " + e.y.text() + ")"
}

func (e *seqLit) text() string {
	parts := make([]string, len(e.elems))
	for i, x := range e.elems {
		parts[i] = x.text()
		if e.s.kind == recordShape {
			parts[i] = e.s.names[i] + "=" + parts[i]
		}
	}
	if len(parts) == 1 && e.s.kind == tupleShape {
		parts = append(parts, "")
	}
	return "(" + strings.TrimSuffix(strings.Join(parts, ", "), " ") + ")"
}

// partText is a part of a value; a pointer is followed by the dot, too.
func partText(base vexpr, p path) string {
	text := base.text()
	if d, ok := base.(*derefVal); ok {
		text = d.name
	}
	rest, _ := p.text(base.shape())
	return text + rest
}

func (e *strLit) value(*state) val     { return e.s }
func (e *varVal) value(s *state) val   { return s.vals[e.name] }
func (e *derefVal) value(s *state) val { return e.d.read(s.mem[e.at:]) }
func (e *concat) value(s *state) val   { return e.x.value(s).(string) + e.y.value(s).(string) }
func (e *partVal) value(s *state) val  { return e.p.of(e.base.value(s)) }

func (e *mapVal) value(s *state) val {
	if c := s.maps[e.m.name][keyOf(s, e.m, e.key)]; c != nil {
		return c.val(e.m)
	}
	return e.m.shape().zero()
}

func (e *seqLit) value(s *state) val {
	var out []val
	for _, x := range e.elems {
		out = append(out, x.value(s))
	}
	return out
}

func (e *chooseVal) value(s *state) val {
	if e.c.eval(s) {
		return e.x.value(s)
	}
	return e.y.value(s)
}

func (e *strLit) kids() []*expr   { return nil }
func (e *varVal) kids() []*expr   { return nil }
func (e *derefVal) kids() []*expr { return nil }
func (e *mapVal) kids() []*expr   { return keyExprs(e.key) }
func (e *concat) kids() []*expr   { return append(e.x.kids(), e.y.kids()...) }
func (e *partVal) kids() []*expr  { return e.base.kids() }
func (e *seqLit) kids() (out []*expr) {
	for _, x := range e.elems {
		out = append(out, x.kids()...)
	}
	return out
}

func (e *chooseVal) kids() []*expr {
	return slices.Concat(e.c.kids(), e.x.kids(), e.y.kids())
}

func (e *strLit) uses() []string   { return nil }
func (e *varVal) uses() []string   { return []string{e.name} }
func (e *derefVal) uses() []string { return []string{e.name} }
func (e *mapVal) uses() []string   { return keyUses(e.key) }
func (e *concat) uses() []string   { return append(e.x.uses(), e.y.uses()...) }
func (e *partVal) uses() []string  { return e.base.uses() }
func (e *seqLit) uses() (out []string) {
	for _, x := range e.elems {
		switch {
		case x.v != nil:
			out = append(out, x.v.uses()...)
		case x.c != nil:
			out = append(out, condUses(x.c)...)
		}
	}
	return out
}

func (e *chooseVal) uses() []string {
	return slices.Concat(condUses(e.c), e.x.uses(), e.y.uses())
}

func keyUses(ks []key) (out []string) {
	for _, k := range ks {
		if k.v != nil {
			out = append(out, k.v.uses()...)
		}
	}
	return out
}

// condUses returns the variables that a condition names outside of its integer expressions.
func condUses(c cond) (out []string) {
	if u, ok := c.(interface{ uses() []string }); ok {
		out = u.uses()
	}
	for _, k := range c.conds() {
		out = append(out, condUses(*k)...)
	}
	return out
}
