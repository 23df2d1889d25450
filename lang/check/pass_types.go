package check

import (
	"fmt"
	"sort"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// maxRounds bounds the rounds of the types pass. Types only change while they travel along assignments, one a round, and
// widen a few times, so that no script a person writes comes near it.
const maxRounds = 200

// passTypes gives every expression a type. Programs share maps, and a variable may be widened after it was read, so that
// all programs are typed again and again, silently, until nothing changes; the last round reports. The resolve pass must
// have run.
func (c *checker) passTypes() {
	c.settle()
	if c.defaultMaps() {
		c.settle()
	}
	c.report = true
	c.round()
	for _, v := range c.varOrder {
		c.finishVar(v)
	}
}

// settle runs rounds until no slot changes.
func (c *checker) settle() {
	for range maxRounds {
		c.round()
		if !c.turn() {
			return
		}
	}
}

// turn ends a round for all slots and reports whether one has changed.
func (c *checker) turn() bool {
	changed := false
	for _, s := range c.vars {
		changed = s.turn() || changed
	}
	for _, m := range c.maps {
		m.key.next, m.value.next = c.roomy(m.key.next), c.roomy(m.value.next)
		changed = m.key.turn() || changed
		changed = m.value.turn() || changed
	}
	for _, v := range c.versions {
		changed = v.result.turn() || changed
	}
	return changed
}

// defaultMaps makes the values of maps that are read, but never assigned to, numbers. It reports whether there are any.
func (c *checker) defaultMaps() bool {
	found := false
	for _, m := range c.mapOrder {
		if m.read && m.value.typ() == nil {
			m.value.fixed = types.Int64
			found = true
		}
	}
	return found
}

// round types all programs once.
func (c *checker) round() {
	c.rounds++
	for _, p := range c.info.Programs {
		c.program, c.env = p, c.probeEnv(p)
		if p.Predicate != nil {
			c.condition(p.Predicate)
		}
		c.stmts(p.Body.Stmts)
	}
	c.typeFuncs()
}

func (c *checker) stmts(list []ast.Stmt) {
	for i, s := range list {
		c.stmt(s)
		if i+1 < len(list) && c.leaves(s) {
			c.warnf(withEnd(list[i+1].Span()), "unreachable", "Unreachable statement.")
		}
	}
}

// leaves reports whether nothing behind a statement is reached.
func (c *checker) leaves(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt, *ast.BreakStmt, *ast.ContinueStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && c.info.Calls[call] != nil && c.info.Calls[call].Leaves
	default: // no other statement ends the way for sure
	}
	return false
}

// withEnd returns the span of a statement with the semicolon behind it.
func withEnd(s diag.Span) diag.Span {
	if s.IsValid() && s.End < len(s.File.Text) && s.File.Text[s.End] == ';' {
		s.End++
	}
	return s
}

func (c *checker) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		c.exprStmt(s)
	case *ast.AssignStmt:
		c.assign(s)
	case *ast.LetStmt:
		c.lateType(s)
		if s.Value != nil {
			c.assignVar(s.At, s.Var, c.expr(s.Value), s.Value)
		}
		c.info.Types[s.Var] = c.slotType(s.Var)
	case *ast.IfStmt:
		c.condition(s.Cond)
		if c.undecided[s] {
			return
		}
		c.stmts(s.Then.Stmts)
		if s.Else != nil {
			c.stmt(s.Else)
		}
	case *ast.BlockStmt:
		c.stmts(s.Body.Stmts)
	case *ast.ReturnStmt:
		c.returnStmt(s)
	case *ast.ForMapStmt:
		c.forMap(s)
	case *ast.ForRangeStmt:
		c.forRange(s)
	case *ast.WhileStmt:
		c.while(s)
	case *ast.UnrollStmt:
		c.unroll(s)
	case *ast.BreakStmt:
		c.jump(withEnd(s.At), "break")
	case *ast.ContinueStmt:
		c.jump(withEnd(s.At), "continue")
	case *ast.BadStmt:
	default:
		panic(fmt.Sprintf("BUG: check: unexpected statement %T", s))
	}
}

// lateType gives a variable the type of the value that its declaration names.
func (c *checker) lateType(s *ast.LetStmt) {
	slot := c.vars[c.info.Vars[s.Var]]
	if slot == nil || !slot.late || slot.fixed != nil && types.IsInvalid(slot.fixed) {
		return
	}
	slot.fixed, slot.like = nil, nil
	if t := c.typeExpr(s.Type); t != nil && c.sized(s.Type, t) {
		slot.fix(t)
	}
}

// exprStmt types an expression whose value nobody wants.
func (c *checker) exprStmt(s *ast.ExprStmt) {
	t := c.expr(s.X)
	if t == nil || types.IsInvalid(t) || types.Equal(t, types.Void{}) || c.hasEffect(s.X) {
		return
	}
	c.warnf(s.X.Span(), "discarded", "Return value discarded.")
}

// hasEffect reports whether an expression does something that may be all that is wanted. A block, which is what a macro becomes, does what
// its last expression does.
func (c *checker) hasEffect(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.IncDecExpr, *ast.BadExpr:
		return true
	case *ast.BlockExpr:
		return x.Value != nil && c.hasEffect(x.Value)
	case *ast.CallExpr:
		sig := c.info.Calls[x]
		return sig != nil && sig.Effect
	default: // no other type matters here
	}
	return false
}

func (c *checker) returnStmt(s *ast.ReturnStmt) {
	if c.fn != nil {
		c.funcReturn(s, c.fn)
		return
	}
	if s.Value == nil {
		return
	}
	t := c.expr(s.Value)
	if t == nil || types.IsInvalid(t) {
		return
	}
	if _, ok := c.number(t); !ok {
		c.errorf(withEnd(s.At), "type-mismatch", "Probe return values can only be integers. Found %s", t)
		return
	}
	c.adapt(s.Value, types.Int64)
}

// condition types what decides a branch: a number, a boolean, a pointer, or a string that is known.
func (c *checker) condition(e ast.Expr) {
	c.checkCondition(e, c.expr(e))
}

func (c *checker) checkCondition(e ast.Expr, t types.Type) bool {
	switch t.(type) {
	case nil, types.Invalid:
		return false
	case types.Bool, types.Int, types.Pointer, *types.Enum:
		return true
	default: // no other type matters here
	}
	if _, known := c.constantText(e); known {
		return true
	}
	d := c.errorf(e.Span(), "bad-condition", "Invalid condition: %s", kindWord(t))
	if types.IsCastable(t) {
		d.Hintf("compare it with a number: %s > 0", e.Span().Text())
	}
	return false
}

// assign types an assignment.
func (c *checker) assign(s *ast.AssignStmt) {
	switch target := s.Target.(type) {
	case *ast.Ident: // _ = e
		c.expr(s.Value)
	case *ast.VarExpr:
		c.info.Types[target] = c.slotType(target)
		if s.Op == ast.AssignNone {
			c.assignVar(s.At, target, c.expr(s.Value), s.Value)
			return
		}
		slot := c.vars[c.info.Vars[target]]
		c.storeResult(s, slot, "$"+target.Name, "variable", c.compound(s, slot))
	case *ast.MapExpr:
		c.assignMap(s, target)
	case *ast.BadExpr:
		c.expr(s.Value)
	default:
		c.expr(s.Value)
		c.errorf(s.Target.Span(), "bad-target", "cannot assign to %s: only to scratch variables ($x) and maps (@x)", s.Target.Span().Text())
	}
}

// compound types `target op value` for a target that is stored in s. The result is not known while the target is not;
// a target that only literals were assigned to takes the sign of the value.
func (c *checker) compound(a *ast.AssignStmt, s *slot) shape {
	x, y := c.info.Types[a.Target], c.expr(a.Value)
	e := &ast.BinaryExpr{Place: ast.Place{At: a.At}, Op: a.Op, OpSpan: a.OpSpan, X: a.Target, Y: a.Value}
	t := c.binaryType(e, x, y)
	i, ok := t.(types.Int)
	if !ok {
		return plainShape(t)
	}
	if s != nil && s.fixed == nil && s.seen().literal && a.Op != ast.Sub {
		if c.shapeOf(a.Value, y).literal {
			return steppedShape()
		}
		if n, isNumber := c.number(y); isNumber {
			return plainShape(types.Int{Size: 8, Signed: n.Signed})
		}
	}
	c.adapt(a.Value, i)
	return plainShape(i)
}

// assignVar stores a value of a type in a variable. value is nil where it is not written as such.
func (c *checker) assignVar(at diag.Span, v *ast.VarExpr, t types.Type, value ast.Expr) {
	if t == nil || types.IsInvalid(t) {
		c.poison(c.vars[c.info.Vars[v]], t)
		return
	}
	if types.Equal(t, types.Void{}) {
		if _, isCall := value.(*ast.CallExpr); !isCall {
			c.errorf(at, "void-value", "Invalid expression for assignment")
			return
		}
		c.errorf(at, "void-value", "Value 'void' cannot be assigned to a scratch variable.")
		return
	}
	if n, ok := types.Number(t); ok {
		t = n
	} else if types.IsAggregate(t) {
		c.errorf(at, "aggregate-value", "Value '%s' cannot be assigned to a scratch variable.", t)
		return
	}
	c.words[c.info.Vars[v]] = c.word(value)
	s := c.vars[c.info.Vars[v]]
	if s == nil || types.IsInvalid(s.fixed) && s.fixed != nil {
		return
	}
	c.store(s, at, "$"+v.Name, "variable", t, value)
}

// poison makes a slot that only ever gets what was diagnosed quiet.
func (c *checker) poison(s *slot, t types.Type) {
	if c.report || s == nil || t == nil || s.fixed != nil {
		return
	}
	if s.next.typ == nil {
		s.next = shape{typ: types.Invalid{}}
	}
}

// storeResult stores what a compound assignment came to.
func (c *checker) storeResult(a *ast.AssignStmt, s *slot, name, what string, v shape) {
	if v.typ == nil || types.IsInvalid(v.typ) {
		return
	}
	if s.fixed != nil {
		if _, ok := s.fixed.(types.Int); ok {
			return
		}
	}
	c.storeShape(s, a.At, name, what, v)
}

// store adds a value to a slot, and complains in the last round if it does not fit.
func (c *checker) store(s *slot, at diag.Span, name, what string, t types.Type, value ast.Expr) {
	if c.storeShape(s, at, name, what, c.shapeOf(value, t)) {
		c.adapt(value, s.typ())
	}
}

// storeShape is store for a value that is not written down. It reports whether the value is known to fit.
func (c *checker) storeShape(s *slot, at diag.Span, name, what string, v shape) bool {
	if s.next.typ != nil && types.IsInvalid(s.next.typ) {
		s.next = shape{}
	}
	s.put(v)
	if !c.report || types.IsInvalid(s.typ()) {
		return false
	}
	if !s.accepts(v) {
		c.errorf(at, "type-mismatch", "Type mismatch for %s: trying to assign value of type '%s' when %s already has a type '%s'",
			name, v.typ, what, s.typ())
		return false
	}
	return true
}

// shapeOf returns what is known of an expression of type t.
func (c *checker) shapeOf(e ast.Expr, t types.Type) shape {
	if arm, ok := c.info.Chosen[e]; ok {
		return c.shapeOf(arm, t)
	}
	switch e := e.(type) {
	case *ast.TupleLit:
		elems := make([]shape, len(e.Elems))
		for i, x := range e.Elems {
			elems[i] = c.shapeOf(x, c.plain(c.info.Types[x]))
		}
		return tupleShape(elems)
	case *ast.RecordLit:
		return c.recordShape(e, t)
	default: // no other type matters here
	}
	if e != nil && c.literals[e] {
		if v, ok := c.constant(e); ok && v.negative {
			return shape{typ: t, negative: true}
		} else if ok {
			return literalShape(uint64(v.bits))
		}
	}
	return plainShape(t)
}

// plain returns the type that a value has outside of its map: aggregates that stand for numbers are numbers.
func (c *checker) plain(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if n, ok := types.Number(t); ok {
		return n
	}
	return t
}

// adapt gives a literal the type of the place it is used in, and warns where a value loses its upper half or its sign.
func (c *checker) adapt(e ast.Expr, t types.Type) {
	if e == nil || !c.report {
		return
	}
	if arm, ok := c.info.Chosen[e]; ok {
		c.adapt(arm, t)
	}
	switch e := e.(type) {
	case *ast.TupleLit:
		c.adaptTuple(e, t)
		return
	case *ast.RecordLit:
		c.adaptRecord(e, t)
		return
	default: // no other type matters here
	}
	to, ok := t.(types.Int)
	from, isInt := c.plain(c.info.Types[e]).(types.Int)
	if !ok || !isInt {
		return
	}
	if k, known := c.constant(e); known && c.literals[e] {
		if to.Holds(k.bits, !k.negative) {
			c.info.Types[e] = to
		}
		return
	}
	if to.Size < from.Size || to.Size == from.Size && to.Signed && !from.Signed && from.Size == 8 {
		c.warnCast(e, from, to)
	}
}

func (c *checker) warnCast(e ast.Expr, from, to types.Type) {
	c.warnf(placeOf(e), "sign-conversion", "Expression of type: %s being cast to type: %s. This may cause unexpected results. "+
		"Use an explicit cast to suppress this warning.", from, to)
}

// slotType returns the type of a variable as reads see it, or nil.
func (c *checker) slotType(v *ast.VarExpr) types.Type {
	s := c.vars[c.info.Vars[v]]
	if s == nil {
		return types.Invalid{}
	}
	return s.typ()
}

// finishVar settles a variable's type and says whether it was good for anything.
func (c *checker) finishVar(v *Var) {
	s := c.vars[v]
	v.Type = s.typ()
	if v.Type == nil {
		v.Type = types.Invalid{}
	}
	if s.let.IsValid() && !s.assigned {
		c.warnf(s.let, "never-assigned", "Variable $%s was never assigned to.", v.Name)
	}
}

// finish fills in the maps of Info.
func (c *checker) finish() {
	for _, m := range c.mapOrder {
		c.checkMapKind(m)
		if !m.used || m.idle {
			continue
		}
		m.m.Key, m.m.Value = m.key.typ(), m.value.typ()
		if !m.keyed {
			m.m.Key = nil
		}
		if m.m.Value == nil {
			m.m.Value = types.Int64
		}
		if m.m.MaxEntries == 0 {
			m.m.MaxEntries = c.info.Config.MaxMapKeys
		}
		c.info.Maps = append(c.info.Maps, m.m)
	}
	sort.Slice(c.info.Maps, func(i, j int) bool { return c.info.Maps[i].Name < c.info.Maps[j].Name })
}
