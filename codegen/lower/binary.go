package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// arith are the operators that are one operation whatever the sign.
var arith = map[ast.BinaryOp]ir.Op{
	ast.BitOr: ir.OpOr, ast.BitXor: ir.OpXor, ast.BitAnd: ir.OpAnd, ast.Shl: ir.OpShl,
	ast.Add: ir.OpAdd, ast.Sub: ir.OpSub, ast.Mul: ir.OpMul,
}

func (f *fn) binary(e *ast.BinaryExpr) stdlib.Value {
	t := f.info.Types[e]
	switch {
	case e.Op.IsLogical():
		return f.logical(e, t)
	case e.Op.IsComparison():
		return stdlib.Value{V: f.compare(e), Type: t}
	}
	if p, ok := f.info.Types[e.X].(types.Pointer); ok {
		return f.pointerMath(e, p, t)
	}
	if p, ok := f.info.Types[e.Y].(types.Pointer); ok && e.Op == ast.Add {
		swapped := *e
		swapped.X, swapped.Y = e.Y, e.X
		return f.pointerMath(&swapped, p, t)
	}
	x := f.number(e.X)
	y := func() *ir.Value { return f.number(e.Y) }
	return f.arith(e, e.Op, x, y, number(f.info.Types[e.X]), number(f.info.Types[e.Y]), e.Y, t)
}

// arith makes x op y. The right side is evaluated after the left one.
func (f *fn) arith(at ast.Node, op ast.BinaryOp, x *ir.Value, y func() *ir.Value, xt, yt types.Type, ye ast.Expr, t types.Type) stdlib.Value {
	if irOp, ok := arith[op]; ok {
		return f.fit(f.b.Binary(irOp, x, y()), t)
	}
	switch op {
	case ast.Shr:
		irOp := ir.OpLShr
		if types.IsSigned(xt) {
			irOp = ir.OpAShr
		}
		return f.fit(f.b.Binary(irOp, x, y()), t)
	case ast.Div, ast.Mod:
		c, known := f.constant(ye)
		return f.fit(f.divide(at, op, x, y(), types.IsSigned(xt) || types.IsSigned(yt), known && c != 0), t)
	}
	panic(fmt.Sprintf("BUG: lower: unexpected operator %v", op))
}

// divide is x / y or x % y. Unless y is known, a test for zero gives the result 1 and a warning.
func (f *fn) divide(at ast.Node, op ast.BinaryOp, x, y *ir.Value, signed, safe bool) *ir.Value {
	if safe {
		return f.quotient(op, x, y, signed)
	}
	result := f.b.NewVariable(ir.I64)
	zero, divide, done := f.b.NewBlock("divisor_0"), f.b.NewBlock("divide"), f.b.NewBlock("divided")
	f.b.Branch(y, divide, zero)
	f.enter(divide)
	f.b.Define(result, f.quotient(op, x, y, signed))
	f.b.Jump(done)
	f.enter(zero)
	f.runtimeError(at.Span(), "Divide or modulo by 0 detected. This can lead to unexpected results. "+
		"1 is being used as the result.")
	f.b.Define(result, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// quotient divides by what is not 0.
func (f *fn) quotient(op ast.BinaryOp, x, y *ir.Value, signed bool) *ir.Value {
	unsignedOp, signedOp := ir.OpUDiv, ir.OpSDiv
	if op == ast.Mod {
		unsignedOp, signedOp = ir.OpUMod, ir.OpSMod
	}
	switch {
	case !signed:
		return f.b.Binary(unsignedOp, x, y)
	case f.target.Has(target.CPUv4):
		return f.b.Binary(signedOp, x, y)
	}
	// |x| op |y|, with the sign of the quotient that of both, and of the remainder that of x.
	sx, sy := f.sign(x), f.sign(y)
	r := f.b.Binary(unsignedOp, f.negateIf(x, sx), f.negateIf(y, sy))
	if op == ast.Div {
		sx = f.b.Binary(ir.OpXor, sx, sy)
	}
	return f.negateIf(r, sx)
}

// sign is -1 for negative numbers and 0 for others.
func (f *fn) sign(x *ir.Value) *ir.Value { return f.b.Binary(ir.OpAShr, x, f.b.Const(63)) }

// negateIf returns -x where s is -1, and x where it is 0.
func (f *fn) negateIf(x, s *ir.Value) *ir.Value {
	return f.b.Binary(ir.OpSub, f.b.Binary(ir.OpXor, x, s), s)
}

// pointerMath is p + n, p - n and p - q, of type t.
func (f *fn) pointerMath(e *ast.BinaryExpr, p types.Pointer, t types.Type) stdlib.Value {
	size := max(1, sizeof(p.Elem))
	x, y := f.number(e.X), f.number(e.Y)
	if _, both := f.info.Types[e.Y].(types.Pointer); both {
		return stdlib.Value{V: f.b.Binary(arith[e.Op], x, y), Type: t}
	}
	if size > 1 {
		y = f.b.Binary(ir.OpMul, y, f.b.Const(size))
	}
	return stdlib.Value{V: f.b.Binary(arith[e.Op], x, y), Type: forget(t)}
}

// compare makes x == y and its like.
func (f *fn) compare(e *ast.BinaryExpr) *ir.Value {
	xt, yt := f.info.Types[e.X], f.info.Types[e.Y]
	if !isScalar(xt) || !isScalar(yt) {
		eq := f.equal(e.X, e.Y)
		if e.Op == ast.Ne {
			return f.b.Binary(ir.OpXor, eq, f.b.Const(1))
		}
		return eq
	}
	x, y := f.number(e.X), f.number(e.Y)
	return f.compareNumbers(e.Op, x, y, types.IsSigned(xt) || types.IsSigned(yt))
}

func (f *fn) compareNumbers(op ast.BinaryOp, x, y *ir.Value, signed bool) *ir.Value {
	less, lessEq := ir.OpULt, ir.OpULe
	if signed {
		less, lessEq = ir.OpSLt, ir.OpSLe
	}
	switch op {
	case ast.Eq:
		return f.b.Binary(ir.OpEq, x, y)
	case ast.Ne:
		return f.b.Binary(ir.OpNe, x, y)
	case ast.Lt:
		return f.b.Binary(less, x, y)
	case ast.Le:
		return f.b.Binary(lessEq, x, y)
	case ast.Gt:
		return f.b.Binary(less, y, x)
	case ast.Ge:
		return f.b.Binary(lessEq, y, x)
	}
	panic(fmt.Sprintf("BUG: lower: unexpected operator %v", op))
}

// equal compares two memory objects.
func (f *fn) equal(x, y ast.Expr) *ir.Value {
	if s, ok := f.textOf(y); ok {
		if t, ok := f.textOf(x); ok {
			return f.b.Const(truth(s == t))
		}
		return f.equalText(f.expr(x), s)
	}
	if s, ok := f.textOf(x); ok {
		return f.equalText(f.expr(y), s)
	}
	a, c := f.expr(x), f.expr(y)
	if _, ok := a.Type.(types.String); ok {
		return f.equalStrings(a, c)
	}
	t := a.Type
	if w, ok := types.Widen(a.Type, c.Type); ok {
		t = w
	}
	n := types.Sizeof(t)
	if n > largeCompare {
		return f.equalLoop(f.indexable(a, t), f.indexable(c, t), types.Align(n, 8))
	}
	return f.equalBytes(f.as(a, t), f.as(c, t), n)
}

// indexable returns the address of a value in the layout of type t, followed by zeros up to whole words, in memory that may
// be addressed with a variable offset on every kernel.
func (f *fn) indexable(v stdlib.Value, t types.Type) *ir.Value {
	n := types.Sizeof(t)
	dst := f.Temp("compared", max(types.Align(n, 8), loopable), 8)
	f.put(dst, 0, v, t, true)
	f.zeroBytes(dst, int64(n), types.Align(n, 8)-n)
	return dst
}

// as returns the address of a value in the layout of type t.
func (f *fn) as(v stdlib.Value, t types.Type) *ir.Value {
	if v.Type.String() == t.String() {
		return v.V
	}
	dst := f.object("as", t)
	f.put(dst, 0, v, t, true)
	return dst
}
