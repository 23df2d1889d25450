package property

import (
	"fmt"
	"slices"
	"strings"
)

// control is how a statement ended.
type control int

const (
	goOn control = iota
	doBreak
	doContinue
	doReturn
)

// Statements that hold others or leave them, and assignments of values that are not integers.
type (
	assignVal struct {
		name string
		v    vexpr
	}
	assignMapVal struct {
		m   *mapDecl
		key []key
		v   vexpr
	}
	// assignInc gives a new variable the value of ++ or -- on a variable or map value.
	assignInc struct {
		name, of  string
		m         *mapDecl
		key       []key
		dec, post bool
	}
	whileStmt struct {
		name string // counts
		n    int
		body []stmt
	}
	unrollStmt struct {
		n    int
		body []stmt
	}
	rangeStmt struct {
		name     string
		from, to expr
		body     []stmt
	}
	mapLoop struct {
		m    *mapDecl
		name string
		body []stmt
	}
	// accumulate changes a variable by an operator whose operands may come in any order.
	accumulate struct {
		name, op string
		x        expr
	}
	deleteCurrent struct {
		m    *mapDecl
		name string
	}
	leave struct{ how control }
	// pointTo sets a pointer.
	pointTo struct {
		name string
		d    *structDecl
		p    *program
		at   int
	}
)

func (a *assignVal) text(in string) string { return in + a.name + " = " + a.v.text() + ";\n" }
func (a *assignMapVal) text(in string) string {
	return in + a.m.name + keyText(a.key) + " = " + a.v.text() + ";\n"
}

func (a *assignInc) text(in string) string {
	op, of := "++", a.of
	if a.dec {
		op = "--"
	}
	if a.m != nil {
		of = a.m.name + keyText(a.key)
	}
	if a.post {
		return in + a.name + " = " + of + op + ";\n"
	}
	return in + a.name + " = " + op + of + ";\n"
}

func (a *whileStmt) text(in string) string {
	return fmt.Sprintf("%s%s = (int64)0;\n%swhile (%s < %d) {\n%s  %s++;\n%s%s}\n",
		in, a.name, in, a.name, a.n, in, a.name, blockText(a.body, in+"  "), in)
}

func (a *unrollStmt) text(in string) string {
	return fmt.Sprintf("%sunroll(%d) {\n%s%s}\n", in, a.n, blockText(a.body, in+"  "), in)
}

func (a *rangeStmt) text(in string) string {
	return fmt.Sprintf("%sfor (%s : (%s)..(%s)) {\n%s%s}\n", in, a.name, a.from.text(), a.to.text(), blockText(a.body, in+"  "), in)
}

func (a *mapLoop) text(in string) string {
	return fmt.Sprintf("%sfor (%s : %s) {\n%s%s}\n", in, a.name, a.m.name, blockText(a.body, in+"  "), in)
}

func (a *accumulate) text(in string) string {
	return fmt.Sprintf("%s%s %s= %s;\n", in, a.name, a.op, a.x.text())
}

func (a *deleteCurrent) text(in string) string {
	return fmt.Sprintf("%sdelete(%s, %s.0);\n", in, a.m.name, a.name)
}

func (a *leave) text(in string) string {
	return in + map[control]string{doBreak: "break", doContinue: "continue", doReturn: "return"}[a.how] + ";\n"
}

func (a *pointTo) text(in string) string {
	return fmt.Sprintf("%s%s = uptr((struct %s *)%#x);\n", in, a.name, a.d.name, a.p.base+a.at)
}

func (a *assignVal) run(s *state) { s.vals[a.name] = a.v.value(s) }
func (a *assignMapVal) run(s *state) {
	v := a.v.value(s)
	s.cell(a.m, a.key).v = v
}

func (a *assignInc) run(s *state) {
	step := uint64(1)
	if a.dec {
		step = ^uint64(0)
	}
	var old uint64
	if a.m != nil {
		c := s.cell(a.m, a.key)
		old = c.n
		c.n += step
	} else {
		old = s.vars[a.of]
		s.vars[a.of] += step
	}
	if !a.post {
		old += step
	}
	s.vars[a.name] = old
}

// loop runs a body once and reports whether the loop is over.
func (s *state) loop(body []stmt) bool {
	s.block(body)
	if s.ctl == doContinue {
		s.ctl = goOn
	}
	if s.ctl == doBreak {
		s.ctl = goOn
		return true
	}
	return s.ctl == doReturn
}

// block runs statements until one leaves.
func (s *state) block(b []stmt) {
	for _, st := range b {
		if st.run(s); s.ctl != goOn {
			return
		}
	}
}

func (a *whileStmt) run(s *state) {
	for s.vars[a.name] = 0; int64(s.vars[a.name]) < int64(a.n); {
		s.vars[a.name]++
		if s.loop(a.body) {
			return
		}
	}
}

func (a *unrollStmt) run(s *state) {
	for range a.n {
		if s.block(a.body); s.ctl != goOn {
			return
		}
	}
}

func (a *rangeStmt) run(s *state) {
	from, to := int64(a.from.eval(s)), int64(a.to.eval(s))
	for i := from; i < to; i++ {
		s.vars[a.name] = uint64(i)
		if s.loop(a.body) {
			return
		}
	}
}

func (a *mapLoop) run(s *state) {
	var cells []*cell
	for _, c := range s.maps[a.m.name] {
		cells = append(cells, c)
	}
	for _, c := range cells { // in no order, as in the kernel
		var k val = c.key
		if len(c.key) == 1 {
			k = c.key[0]
		}
		s.vals[a.name] = []val{k, c.val(a.m)}
		s.current = c
		if s.loop(a.body) {
			return
		}
	}
}

func (a *accumulate) run(s *state) {
	s.vars[a.name] = arith(a.op, s.vars[a.name], a.x.eval(s), true)
}

func (a *deleteCurrent) run(s *state) { delete(s.maps[a.m.name], s.current.name) }
func (a *leave) run(s *state)         { s.ctl = a.how }
func (a *pointTo) run(*state)         {}

func (a *assignVal) exprs() []*expr     { return a.v.kids() }
func (a *assignMapVal) exprs() []*expr  { return append(keyExprs(a.key), a.v.kids()...) }
func (a *assignInc) exprs() []*expr     { return keyExprs(a.key) }
func (a *whileStmt) exprs() []*expr     { return nil }
func (a *unrollStmt) exprs() []*expr    { return nil }
func (a *rangeStmt) exprs() []*expr     { return []*expr{&a.from, &a.to} }
func (a *mapLoop) exprs() []*expr       { return nil }
func (a *accumulate) exprs() []*expr    { return []*expr{&a.x} }
func (a *deleteCurrent) exprs() []*expr { return nil }
func (a *leave) exprs() []*expr         { return nil }
func (a *pointTo) exprs() []*expr       { return nil }

func (a *assignVal) blocks() []*[]stmt     { return nil }
func (a *assignMapVal) blocks() []*[]stmt  { return nil }
func (a *assignInc) blocks() []*[]stmt     { return nil }
func (a *whileStmt) blocks() []*[]stmt     { return []*[]stmt{&a.body} }
func (a *unrollStmt) blocks() []*[]stmt    { return []*[]stmt{&a.body} }
func (a *rangeStmt) blocks() []*[]stmt     { return []*[]stmt{&a.body} }
func (a *mapLoop) blocks() []*[]stmt       { return []*[]stmt{&a.body} }
func (a *accumulate) blocks() []*[]stmt    { return nil }
func (a *deleteCurrent) blocks() []*[]stmt { return nil }
func (a *leave) blocks() []*[]stmt         { return nil }
func (a *pointTo) blocks() []*[]stmt       { return nil }

func (a *assignVal) conds() []*cond     { return nil }
func (a *assignMapVal) conds() []*cond  { return nil }
func (a *assignInc) conds() []*cond     { return nil }
func (a *whileStmt) conds() []*cond     { return nil }
func (a *unrollStmt) conds() []*cond    { return nil }
func (a *rangeStmt) conds() []*cond     { return nil }
func (a *mapLoop) conds() []*cond       { return nil }
func (a *accumulate) conds() []*cond    { return nil }
func (a *deleteCurrent) conds() []*cond { return nil }
func (a *leave) conds() []*cond         { return nil }
func (a *pointTo) conds() []*cond       { return nil }

func (a *assignVal) uses() []string     { return a.v.uses() }
func (a *assignMapVal) uses() []string  { return slices.Concat(keyUses(a.key), a.v.uses()) }
func (a *accumulate) uses() []string    { return []string{a.name} }
func (a *deleteCurrent) uses() []string { return []string{a.name} }
func (a *assignInc) uses() []string {
	if a.m != nil {
		return keyUses(a.key)
	}
	return []string{a.of}
}
func (s *assignMap) uses() []string   { return keyUses(s.key) }
func (s *incMap) uses() []string      { return keyUses(s.key) }
func (s *addMap) uses() []string      { return keyUses(s.key) }
func (s *update) uses() []string      { return keyUses(s.key) }
func (s *deleteMap) uses() []string   { return keyUses(s.key) }
func (s *compoundVar) uses() []string { return []string{s.name} }
func (s *incVar) uses() []string      { return []string{s.name} }
func (s *assignMapStr) uses() []string {
	if strings.HasPrefix(s.v, "$") {
		return append(keyUses(s.key), s.v)
	}
	return keyUses(s.key)
}

func (a *assignVal) declares() string { return a.name }
func (a *assignInc) declares() string { return a.name }
func (a *pointTo) declares() string   { return a.name }
func (s *assignVar) declares() string { return s.name }
func (s *assignStr) declares() string { return s.name }

// inside is what a loop declares for its body.
func (a *rangeStmt) inside() string { return a.name }
func (a *mapLoop) inside() string   { return a.name }
func (a *whileStmt) inside() string { return a.name }
