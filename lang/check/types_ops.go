package check

import (
	"slices"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

func (c *checker) binary(e *ast.BinaryExpr) types.Type {
	x, y := c.expr(e.X), c.expr(e.Y)
	if t, ok := c.foldBinary(e); ok {
		return t
	}
	return c.binaryType(e, x, y)
}

// binaryType types an operation on operands of the types x and y, and gives literals among them the other side's sign.
func (c *checker) binaryType(e *ast.BinaryExpr, x, y types.Type) types.Type {
	switch {
	case x != nil && types.IsInvalid(x) || y != nil && types.IsInvalid(y):
		return types.Invalid{}
	case x == nil || y == nil:
		if e.Op.IsComparison() || e.Op.IsLogical() {
			return types.Bool{}
		}
		return nil
	}
	px, okX := x.(types.Pointer)
	py, okY := y.(types.Pointer)
	if okX || okY {
		return c.pointerOp(e, x, y, px, py)
	}
	nx, okX := c.number(x)
	ny, okY := c.number(y)
	switch {
	case okX && okY:
		return c.integerOp(e, nx, ny)
	case okX || okY:
		return c.mismatch(e, x, y)
	}
	return c.equality(e, x, y)
}

// integerOp types an operation on numbers. Arithmetic is unsigned if both sides are, and so are comparisons.
func (c *checker) integerOp(e *ast.BinaryExpr, x, y types.Int) types.Type {
	x, y = c.flex(e.X, x, y), c.flex(e.Y, y, x)
	switch {
	case e.Op.IsLogical():
		return types.Bool{}
	case e.Op.IsComparison():
		c.adaptCompared(e.X, x, y)
		c.adaptCompared(e.Y, y, x)
		c.warnCompared(e.X, x, y)
		c.warnCompared(e.Y, y, x)
		return types.Bool{}
	}
	t := types.Promote(x, y)
	if e.Op == ast.Sub {
		t = types.Int64
	}
	if e.Op == ast.Shl || e.Op == ast.Shr {
		t = types.Int{Size: 8, Signed: x.Signed}
		c.adapt(e.X, t)
		c.checkShift(e)
		return t
	}
	c.adapt(e.X, t)
	c.adapt(e.Y, t)
	if e.Op == ast.Div || e.Op == ast.Mod {
		c.checkDivisor(e)
	}
	if e.Op == ast.Add || e.Op == ast.Sub {
		t.Space = types.JoinSpaces(x.Space, y.Space)
	}
	return t
}

// flex returns the type of an operand: a literal from 0 up is of the other side's sign.
func (c *checker) flex(e ast.Expr, t, other types.Int) types.Int {
	v, ok := c.constant(e)
	if !ok || !c.literals[e] || v.negative {
		return t
	}
	if other.Signed {
		return types.LiteralInt(uint64(v.bits))
	}
	return types.SmallestUint(uint64(v.bits))
}

// adaptCompared gives a literal the type of what it is compared with, or as much more as it needs.
func (c *checker) adaptCompared(e ast.Expr, t, other types.Int) {
	if !c.report || !c.literals[e] {
		return
	}
	if w, _ := types.WidenInts(t, other); t.Signed == other.Signed {
		c.info.Types[e] = w
	}
}

// warnCompared warns of an unsigned number of 64 bits that is compared as a signed one.
func (c *checker) warnCompared(e ast.Expr, t, other types.Int) {
	if t.Size == 8 && !t.Signed && other.Signed && !c.literals[e] && !types.IsCastable(c.info.Types[e]) {
		c.warnCast(e, t, types.Int64)
	}
}

func (c *checker) checkShift(e *ast.BinaryExpr) {
	if v, ok := c.constant(e.Y); ok && (v.negative || v.tooLarge() || v.bits >= 64) {
		c.errorf(e.At, "overflow", "shifting by %s moves every bit out of the number", e.Y.Span().Text())
	}
}

// checkDivisor refuses a division of two literals by zero. At run time the result is 1, with a warning.
func (c *checker) checkDivisor(e *ast.BinaryExpr) {
	_, folded := c.constant(e.X)
	if v, ok := c.constant(e.Y); ok && v.bits == 0 && folded {
		c.errorf(e.At, "division-by-zero", "unable to divide by zero")
	}
}

// pointerOp types an operation with a pointer on at least one side: sums and differences with a number, comparisons,
// logical operations.
func (c *checker) pointerOp(e *ast.BinaryExpr, x, y types.Type, px, py types.Pointer) types.Type {
	_, isPx := x.(types.Pointer)
	_, isPy := y.(types.Pointer)
	_, numX := c.number(x)
	_, numY := c.number(y)
	switch {
	case e.Op.IsLogical() && (isPx || numX) && (isPy || numY):
		return types.Bool{}
	case e.Op.IsComparison() && (isPx || numX) && (isPy || numY):
		if isPx && isPy && !types.Equal(px.Elem, py.Elem) {
			sides(c.warnf(e.At, "pointer-types", "comparison of distinct pointer types: %s, %s", px.Elem, py.Elem), e, px.Elem, py.Elem)
		}
		return types.Bool{}
	case e.Op == ast.Add && isPx && numY, e.Op == ast.Sub && isPx && numY:
		return offset(px)
	case e.Op == ast.Add && isPy && numX:
		return offset(py)
	}
	return c.badOperands(e, x, y)
}

// offset is the type of a pointer that was moved: the verifier no longer knows what it points to.
func offset(p types.Pointer) types.Type {
	p.Trusted = false
	return p
}

// equality types a comparison of values that are no numbers.
func (c *checker) equality(e *ast.BinaryExpr, x, y types.Type) types.Type {
	x, y = c.kept(e.X, x), c.kept(e.Y, y)
	_, bufX := x.(types.Buffer)
	_, bufY := y.(types.Buffer)
	if kindWord(x) != kindWord(y) && !(bufX && bufY) {
		return c.mismatch(e, x, y)
	}
	if e.Op != ast.Eq && e.Op != ast.Ne {
		return c.badOperands(e, x, y)
	}
	switch x := x.(type) {
	case types.String, types.Ksym, types.Buffer, types.Usym, types.Inet, types.Username, types.Timestamp, types.CgroupPath:
		return types.Bool{}
	case *types.Struct, types.Stack:
		if types.Equal(x, y) {
			return types.Bool{}
		}
		return c.mismatch(e, x, y)
	case types.Array:
		return c.compareArrays(e, x, y.(types.Array))
	case types.Tuple, types.Record:
		return c.compareParts(e, x, y)
	default: // no other type matters here
	}
	return c.badOperands(e, x, y)
}

// compareParts types a comparison of tuples or records: both are brought to a type that holds either. Where there is none they
// are not equal, whatever they hold.
func (c *checker) compareParts(e *ast.BinaryExpr, x, y types.Type) types.Type {
	j, ok := join(c.shapeOf(e.X, x), c.shapeOf(e.Y, y))
	switch {
	case !ok && !comparable(x, y):
		return c.mismatch(e, x, y)
	case !ok:
		return c.boolean(e, e.Op == ast.Ne)
	}
	c.adapt(e.X, j.typ)
	c.adapt(e.Y, j.typ)
	return types.Bool{}
}

// comparable reports whether tuples or records that no type holds both of may be compared all the same: their parts are of other
// kinds or numbers, but none is a pointer here and a number there, and records have the same fields.
func comparable(x, y types.Type) bool {
	switch x := x.(type) {
	case types.Tuple:
		y, ok := y.(types.Tuple)
		if !ok || len(x.Elems) != len(y.Elems) {
			return ok || !isPointer(x) && !isPointer(y)
		}
		for i := range x.Elems {
			if !comparable(x.Elems[i], y.Elems[i]) {
				return false
			}
		}
		return true
	case types.Record:
		y, ok := y.(types.Record)
		if !ok || len(x.Fields) != len(y.Fields) {
			return false
		}
		for _, f := range x.Fields {
			i := slices.IndexFunc(y.Fields, func(o types.RecordField) bool { return o.Name == f.Name })
			if i < 0 || !comparable(f.Type, y.Fields[i].Type) {
				return false
			}
		}
		return true
	default: // no other type has parts
	}
	return isPointer(x) == isPointer(y)
}

func isPointer(t types.Type) bool {
	_, ok := t.(types.Pointer)
	return ok
}

func (c *checker) mismatch(e *ast.BinaryExpr, x, y types.Type) types.Type {
	x, y = c.sideType(e.Op, e.X, x, y), c.sideType(e.Op, e.Y, y, x)
	sides(c.errorf(e.At, "type-mismatch", "Type mismatch for '%s': comparing %s with %s", e.Op, x, y), e, x, y)
	return types.Invalid{}
}

// sideType is the type that an operand is said to have: a literal beside what no literal is like has 64 bits.
func (c *checker) sideType(op ast.BinaryOp, e ast.Expr, t, other types.Type) types.Type {
	n, ok := t.(types.Int)
	_, isString := other.(types.String)
	if ok && c.literals[e] && !isString && !op.IsLogical() && e.Span().IsValid() {
		return types.Int{Size: 8, Signed: n.Signed}
	}
	return t
}

// sides shows which operand is of which type. The clones of a body say so once.
func sides(d *diag.Diagnostic, e *ast.BinaryExpr, x, y types.Type) {
	if len(d.Notes) == 0 {
		d.Notef(e.X.Span(), "left (%s)", x)
		d.Notef(e.Y.Span(), "right (%s)", y)
	}
}

func (c *checker) badOperands(e *ast.BinaryExpr, x, y types.Type) types.Type {
	c.errorf(e.At, "bad-operand", "The %s operator can not be used on expressions of types %s, %s", e.Op, x, y)
	return types.Invalid{}
}

func (c *checker) unary(e *ast.UnaryExpr) types.Type {
	if e.Op == ast.AddrOf {
		return c.addressOf(e)
	}
	t := c.expr(e.X)
	if t == nil || types.IsInvalid(t) || e.Op == ast.Deref && c.isArgs(t) {
		return t // args are a struct as well as a pointer to one
	}
	if v, ok := c.constant(e.X); ok {
		if folded, done := c.foldUnary(e, v); done {
			return folded
		}
	}
	n, isNumber := t.(types.Int)
	if enum, ok := t.(*types.Enum); ok {
		n, isNumber = types.Int{Size: enum.Size, Signed: enum.Signed}, true
	}
	_, isBool := t.(types.Bool)
	switch e.Op {
	case ast.Not:
		if isNumber || isBool {
			return types.Bool{}
		}
	case ast.BitNot, ast.Neg:
		if isNumber {
			return types.Int{Size: 8, Signed: n.Signed}
		}
	case ast.Deref:
		if isNumber {
			return types.Uint64
		}
		if p, ok := t.(types.Pointer); ok {
			return c.deref(e, p)
		}
	case ast.AddrOf:
	default:
		panic("BUG: check: unexpected unary operator")
	}
	c.errorf(e.At, "bad-operand", "The %s operator can not be used on expressions of type '%s'", e.Op, t)
	return types.Invalid{}
}

// foldUnary computes an operation on a constant; done is false for those that are not computed.
func (c *checker) foldUnary(e *ast.UnaryExpr, v constInt) (t types.Type, done bool) {
	if e.Op == ast.Not {
		return c.boolean(e, v.bits == 0), true
	}
	if !c.literals[e.X] {
		return nil, false
	}
	switch e.Op {
	case ast.BitNot:
		return c.literal(e, complement(v)), true
	case ast.Neg:
		n, ok := negate(v)
		if !ok {
			c.errorf(e.At, "overflow", "negative value will underflow")
			return types.Invalid{}, true
		}
		return c.literal(e, n), true
	}
	return nil, false
}

// deref types *p.
func (c *checker) deref(e *ast.UnaryExpr, p types.Pointer) types.Type {
	if _, void := p.Elem.(types.Void); void {
		c.errorf(e.At, "bad-operand", "Cannot dereference a pointer to void").
			Hintf("cast it to a pointer to what is there: *(uint64 *)%s", e.X.Span().Text())
		return types.Invalid{}
	}
	return c.loaded(p.Elem, p)
}

// loaded returns the type of a value read through a pointer: arrays of characters are strings, and pointers point into the
// memory they come from unless they say otherwise.
func (c *checker) loaded(t types.Type, from types.Pointer) types.Type {
	switch t := t.(type) {
	case types.Array:
		if t.Text > 0 {
			return types.String{Size: t.Text}
		}
	case types.Pointer:
		t.Trusted = false
		if t.Space == types.SpaceNone {
			t.Space = from.Space
		}
		return t
	default: // no other type matters here
	}
	return t
}

// incDec types ++ and --: on numbers and pointers in variables and maps.
func (c *checker) incDec(e *ast.IncDecExpr) types.Type {
	switch x := e.X.(type) {
	case *ast.VarExpr:
		t := c.expr(x)
		c.step(e, c.vars[c.info.Vars[x]], "$"+x.Name, "variable", t)
		return t
	case *ast.MapExpr:
		if x.Key != nil {
			c.mapKey(x)
		}
		if c.badMaps[x] {
			return types.Invalid{}
		}
		m := c.maps["@"+x.Name]
		c.step(e, &m.value, m.m.Name, "map", m.value.typ())
		c.info.Types[x] = m.value.typ()
		return m.value.typ()
	case *ast.BadExpr:
		return types.Invalid{}
	default: // no other type matters here
	}
	c.expr(e.X)
	c.errorf(e.At, "bad-target", "increment and decrement need a scratch variable ($x) or a map (@x)")
	return types.Invalid{}
}

// step adds to a slot what ++ or -- stores in it: 64 bits, and signed for --.
func (c *checker) step(e *ast.IncDecExpr, s *slot, name, what string, t types.Type) {
	if s == nil || t != nil && types.IsInvalid(t) {
		return
	}
	if _, ok := s.fixed.(types.Int); ok {
		return
	}
	v := steppedShape()
	if p, ok := t.(types.Pointer); ok {
		v = plainShape(offset(p))
	} else if e.Dec {
		v = plainShape(types.Int64)
	}
	c.storeShape(s, e.At, name, what, v)
}

func (c *checker) ternary(e *ast.TernaryExpr) types.Type {
	cond := c.expr(e.Cond)
	ok := cond == nil || c.checkCondition(e.Cond, cond)
	then := cond
	if e.Then != nil {
		then = c.expr(e.Then)
	}
	other := c.expr(e.Else)
	if !ok {
		return types.Invalid{}
	}
	arm := e.Then
	if arm == nil {
		arm = e.Cond
	}
	return c.choice(e, e.Cond, arm, e.Else, then, other)
}

// choice types a choice between two expressions. Where the condition is known, it is the chosen one, and the other does not count.
func (c *checker) choice(e, cond, then, other ast.Expr, x, y types.Type) types.Type {
	delete(c.info.Chosen, e)
	taken, known := c.truth(cond)
	if !known || isVoid(x) || isVoid(y) || x != nil && types.IsInvalid(x) || y != nil && types.IsInvalid(y) {
		return c.joinArms(e, then, other, x, y)
	}
	arm, t := other, y
	if taken {
		arm, t = then, x
	}
	if t != nil {
		t = c.kept(arm, t)
	}
	if t != nil && types.IsAggregate(c.plain(t)) {
		return c.joinArms(e, then, other, x, y)
	}
	c.info.Chosen[e] = arm
	if k, ok := c.info.Consts[arm]; ok {
		c.info.Consts[e] = k
		c.literals[e] = c.literals[arm]
	}
	return c.plain(t)
}

// truth returns what a condition comes to, if it is known: a string is true unless it is empty.
func (c *checker) truth(cond ast.Expr) (value, known bool) {
	if s, ok := c.constantText(cond); ok {
		return s != "", true
	}
	v, ok := c.constant(cond)
	return v.bits != 0, ok
}

func isVoid(t types.Type) bool {
	_, ok := t.(types.Void)
	return ok
}

// joinArms returns the type of a choice between two expressions: that of both arms, as wide as the wider one.
func (c *checker) joinArms(e, then, other ast.Expr, x, y types.Type) types.Type {
	switch {
	case x != nil && types.IsInvalid(x) || y != nil && types.IsInvalid(y):
		return types.Invalid{}
	case x == nil:
		return c.plain(y)
	case y == nil:
		return c.plain(x)
	}
	x, y = c.kept(then, x), c.kept(other, y)
	if types.Equal(x, types.Void{}) || types.Equal(y, types.Void{}) {
		return types.Void{} // for the effect of its arms
	}
	j, ok := join(c.shapeOf(then, c.plain(x)), c.shapeOf(other, c.plain(y)))
	if !ok || types.IsAggregate(j.typ) {
		c.errorf(e.Span(), "type-mismatch", "Branches must return the same type or compatible types: have '%s' and '%s'", x, y)
		return types.Invalid{}
	}
	c.adapt(then, j.typ)
	c.adapt(other, j.typ)
	return j.typ
}
