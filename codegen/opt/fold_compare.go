package opt

import "github.com/gtrace/gtrace/codegen/ir"

// inverse returns the comparison that holds where op does not, and whether its operands are to be swapped.
func inverse(op ir.Op) (ir.Op, bool) {
	switch op {
	case ir.OpEq:
		return ir.OpNe, false
	case ir.OpNe:
		return ir.OpEq, false
	case ir.OpULt:
		return ir.OpULe, true
	case ir.OpULe:
		return ir.OpULt, true
	case ir.OpSLt:
		return ir.OpSLe, true
	case ir.OpSLe:
		return ir.OpSLt, true
	}
	panic("BUG: opt: no comparison: " + op.String())
}

// invert turns v into the opposite of the comparison x.
func (c *folder) invert(v, x *ir.Value) *ir.Value {
	op, swap := inverse(x.Op)
	a, b := x.Args[0], x.Args[1]
	if swap {
		a, b = b, a
	}
	return c.become(v, op, a, b)
}

func (c *folder) foldCompare(v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	switch {
	case x == y && (v.Op == ir.OpEq || v.Op == ir.OpULe || v.Op == ir.OpSLe):
		return c.becomeConst(v, 1)
	case x == y:
		return c.becomeConst(v, 0)
	case v.Op == ir.OpEq || v.Op == ir.OpNe:
		return c.foldEquality(v)
	case v.Op == ir.OpULt && isConst(y, 0):
		return c.becomeConst(v, 0)
	case v.Op == ir.OpULe && (isConst(x, 0) || isConst(y, -1)):
		return c.becomeConst(v, 1)
	case v.Op == ir.OpULt && isConst(y, 1):
		return c.become(v, ir.OpEq, x, c.konst(0))
	case v.Op == ir.OpULt && isConst(x, 0):
		return c.become(v, ir.OpNe, y, c.konst(0))
	case v.Op == ir.OpULe && isConst(y, 0):
		return c.become(v, ir.OpEq, x, c.konst(0))
	}
	return c.foldRange(v)
}

// foldRange decides an unsigned comparison by the bits that can be set.
func (c *folder) foldRange(v *ir.Value) *ir.Value {
	n, ok := constant(v.Args[1])
	if !ok || v.Args[0].Type != ir.I64 {
		return nil
	}
	bits := lowBits(v.Args[0], 4)
	if bits >= 63 || n < 0 {
		return nil
	}
	switch limit := int64(1) << bits; {
	case v.Op == ir.OpULt && n >= limit, v.Op == ir.OpULe && n >= limit-1,
		v.Op == ir.OpSLt && n >= limit, v.Op == ir.OpSLe && n >= limit-1:
		return c.becomeConst(v, 1)
	}
	return nil
}

// foldEquality simplifies eq and ne.
func (c *folder) foldEquality(v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	n, ok := constant(y)
	if !ok || x.Type != ir.I64 || y.Type != ir.I64 {
		return nil
	}
	if isCompare(x.Op) {
		return c.compareOfCompare(v, x, n)
	}
	switch {
	case x.Op == ir.OpAdd:
		if m, ok := constant(x.Args[1]); ok && x.Args[0].Type == ir.I64 {
			return c.become(v, v.Op, x.Args[0], c.konst(n-m))
		}
	case x.Op == ir.OpXor:
		if m, ok := constant(x.Args[1]); ok && x.Args[0].Type == ir.I64 {
			return c.become(v, v.Op, x.Args[0], c.konst(n^m))
		}
		if n == 0 {
			return c.become(v, v.Op, x.Args[0], x.Args[1])
		}
	case x.Op == ir.OpSub:
		if n == 0 && x.Args[0].Type == ir.I64 && x.Args[1].Type == ir.I64 {
			return c.become(v, v.Op, x.Args[0], x.Args[1])
		}
	case x.Op == ir.OpNeg:
		return c.become(v, v.Op, x.Args[0], c.konst(-n))
	}
	return nil
}

// compareOfCompare simplifies the comparison of a truth value with a constant.
func (c *folder) compareOfCompare(v, x *ir.Value, n int64) *ir.Value {
	equal := v.Op == ir.OpEq
	switch {
	case n != 0 && n != 1 && equal:
		return c.becomeConst(v, 0)
	case n != 0 && n != 1:
		return c.becomeConst(v, 1)
	case (n == 1) == equal:
		return x
	}
	return c.invert(v, x)
}
