package check

import (
	"math/big"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// constInt is an integer constant from -2^63 to 2^64-1: its bits, and whether they stand for a negative number.
type constInt struct {
	bits     int64
	negative bool
}

func fromUint(u uint64) constInt { return constInt{bits: int64(u)} }
func fromInt(i int64) constInt   { return constInt{bits: i, negative: i < 0} }

func fromBool(b bool) constInt {
	if b {
		return constInt{bits: 1}
	}
	return constInt{}
}

// literalType returns the type of a literal of this value.
func (v constInt) literalType() types.Int {
	if v.negative {
		return types.SmallestInt(v.bits)
	}
	return types.LiteralInt(uint64(v.bits))
}

func (v constInt) big() *big.Int {
	if v.negative {
		return big.NewInt(v.bits)
	}
	return new(big.Int).SetUint64(uint64(v.bits))
}

// fromBig returns b if it is in range.
func fromBig(b *big.Int) (constInt, bool) {
	switch {
	case b.Sign() >= 0 && b.IsUint64():
		return fromUint(b.Uint64()), true
	case b.IsInt64():
		return fromInt(b.Int64()), true
	}
	return constInt{}, false
}

// tooLarge reports whether v is above the range of int64.
func (v constInt) tooLarge() bool { return !v.negative && v.bits < 0 }

// negate returns -v if it is in range.
func negate(v constInt) (constInt, bool) {
	r, ok := fromBig(new(big.Int).Neg(v.big()))
	return r, ok
}

// complement returns ~v: unsigned for literals from 0 up.
func complement(v constInt) constInt {
	if v.negative {
		return fromInt(^v.bits)
	}
	return fromUint(^uint64(v.bits))
}

// foldInts computes an arithmetic operation by the rules of C for signed numbers; ok is false where the result, or the
// numbers together, do not fit 64 bits, and for division by zero.
func foldInts(op ast.BinaryOp, x, y constInt) (v constInt, ok bool) {
	if x.negative && y.tooLarge() || y.negative && x.tooLarge() {
		return constInt{}, false
	}
	a, b, r := x.big(), y.big(), new(big.Int)
	switch op {
	case ast.Add:
		r.Add(a, b)
	case ast.Sub:
		r.Sub(a, b)
	case ast.Mul:
		r.Mul(a, b)
	case ast.Div, ast.Mod:
		if b.Sign() == 0 {
			return constInt{}, false
		}
		if op == ast.Div {
			r.Quo(a, b)
		} else {
			r.Rem(a, b)
		}
	case ast.BitAnd:
		r.And(a, b)
	case ast.BitOr:
		r.Or(a, b)
	case ast.BitXor:
		r.Xor(a, b)
	case ast.Shl, ast.Shr:
		if y.negative || y.tooLarge() || y.bits >= 64 {
			return constInt{}, false
		}
		if op == ast.Shl {
			r.Lsh(a, uint(y.bits))
		} else {
			r.Rsh(a, uint(y.bits))
		}
	case ast.AssignNone, ast.LogOr, ast.LogAnd, ast.Eq, ast.Ne, ast.Lt, ast.Le, ast.Gt, ast.Ge:
		panic("BUG: check: not an arithmetic operator: " + op.String())
	default:
		panic("BUG: check: unexpected operator")
	}
	return fromBig(r)
}

// foldLogic computes a comparison or a logical operation on integers.
func foldLogic(op ast.BinaryOp, x, y constInt) bool {
	switch op {
	case ast.LogAnd:
		return x.bits != 0 && y.bits != 0
	case ast.LogOr:
		return x.bits != 0 || y.bits != 0
	}
	return compares(op, x.big().Cmp(y.big()))
}

// compares reports whether a comparison holds, given how its operands compare (-1, 0, 1).
func compares(op ast.BinaryOp, cmp int) bool {
	switch op {
	case ast.Eq:
		return cmp == 0
	case ast.Ne:
		return cmp != 0
	case ast.Lt:
		return cmp < 0
	case ast.Le:
		return cmp <= 0
	case ast.Gt:
		return cmp > 0
	case ast.Ge:
		return cmp >= 0
	}
	panic("BUG: check: not a comparison: " + op.String())
}

// literal records that e is an integer literal, or as good as one, and returns its type.
func (c *checker) literal(e ast.Expr, v constInt) types.Type {
	c.info.Consts[e] = Const{Int: v.bits}
	c.literals[e] = true
	return v.literalType()
}

// boolean records the value of a Bool.
func (c *checker) boolean(e ast.Expr, v bool) types.Type {
	c.info.Consts[e] = Const{Int: fromBool(v).bits}
	return types.Bool{}
}

// text records the value of a string literal and returns its type.
func (c *checker) text(e ast.Expr, s string) types.Type {
	c.info.Consts[e] = Const{Str: s, IsStr: true}
	return types.String{Size: len(s) + 1}
}

// constant returns the integer value of e if it is a literal or a boolean that is known.
func (c *checker) constant(e ast.Expr) (constInt, bool) {
	k, ok := c.info.Consts[e]
	if !ok || k.IsStr {
		return constInt{}, false
	}
	switch t := c.info.Types[e].(type) {
	case types.Bool:
		return fromInt(k.Int), true
	case types.Int:
		return constInt{bits: k.Int, negative: k.Int < 0 && t.Signed}, c.literals[e]
	default: // no other type matters here
	}
	return constInt{}, false
}

// constantText returns the value of e if it is a string that is known.
func (c *checker) constantText(e ast.Expr) (string, bool) {
	k, ok := c.info.Consts[e]
	return k.Str, ok && k.IsStr
}

// foldBinary computes an operation on constants; ok is false if its operands are not.
func (c *checker) foldBinary(e *ast.BinaryExpr) (t types.Type, ok bool) {
	if s, isText := c.constantText(e.X); isText {
		return c.foldText(e, s)
	}
	if s, isText := c.constantText(e.Y); isText {
		return c.foldOffset(e, s, e.X)
	}
	x, okX := c.constant(e.X)
	y, okY := c.constant(e.Y)
	if !okX || !okY {
		return nil, false
	}
	if e.Op.IsComparison() || e.Op.IsLogical() {
		if x.negative && y.tooLarge() || y.negative && x.tooLarge() {
			return c.cannotFold(e), true
		}
		return c.boolean(e, foldLogic(e.Op, x, y)), true
	}
	v, ok := foldInts(e.Op, x, y)
	if !ok {
		return c.cannotFold(e), true
	}
	return c.literal(e, v), true
}

func (c *checker) cannotFold(e *ast.BinaryExpr) types.Type {
	c.errorf(e.At, "overflow", "unable to fold literals due to overflow or underflow")
	return types.Invalid{}
}

// foldText computes an operation with a string literal at its left: "a" + "b", "abc" + 1, comparisons.
func (c *checker) foldText(e *ast.BinaryExpr, s string) (types.Type, bool) {
	if other, ok := c.constantText(e.Y); ok {
		switch {
		case e.Op == ast.Add:
			return c.text(e, s+other), true
		case e.Op.IsComparison():
			cmp := 0
			if s < other {
				cmp = -1
			} else if s > other {
				cmp = 1
			}
			return c.boolean(e, compares(e.Op, cmp)), true
		}
		return nil, false
	}
	return c.foldOffset(e, s, e.Y)
}

// foldOffset computes "abc" + 1 and 1 + "abc": the string from its character 1 on.
func (c *checker) foldOffset(e *ast.BinaryExpr, s string, offset ast.Expr) (types.Type, bool) {
	n, ok := c.constant(offset)
	if e.Op != ast.Add || !ok || n.negative {
		return nil, false
	}
	if uint64(n.bits) >= uint64(len(s)) {
		c.warnf(e.At, "empty-literal", "literal string will always be empty")
		return c.text(e, ""), true
	}
	return c.text(e, s[n.bits:]), true
}
