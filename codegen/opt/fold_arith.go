package opt

import (
	"math"
	"math/bits"

	"github.com/gtrace/gtrace/codegen/ir"
)

// foldSum simplifies additions and subtractions. A pointer only ever has its constant offset changed.
func (c *folder) foldSum(v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	if n, ok := constant(y); ok {
		switch {
		case n == 0 && v.Type == x.Type:
			return x
		case v.Op == ir.OpSub && n != math.MinInt64 && v.Type == x.Type:
			return c.become(v, ir.OpAdd, x, c.konst(-n))
		case v.Op == ir.OpAdd:
			return c.mergeOffset(v, n)
		}
		return nil
	}
	if v.Type != ir.I64 || x.Type != ir.I64 || y.Type != ir.I64 {
		return nil
	}
	switch {
	case v.Op == ir.OpSub && x == y:
		return c.becomeConst(v, 0)
	case v.Op == ir.OpSub && isConst(x, 0):
		return c.become(v, ir.OpNeg, y)
	case v.Op == ir.OpSub && y.Op == ir.OpNeg:
		return c.become(v, ir.OpAdd, x, y.Args[0])
	case v.Op == ir.OpAdd && y.Op == ir.OpNeg:
		return c.become(v, ir.OpSub, x, y.Args[0])
	case v.Op == ir.OpAdd && x.Op == ir.OpNeg:
		return c.become(v, ir.OpSub, y, x.Args[0])
	}
	return nil
}

// mergeOffset makes x + c + n out of (x + c) + n, so that the sum hangs on one constant.
func (c *folder) mergeOffset(v *ir.Value, n int64) *ir.Value {
	x := v.Args[0]
	if x.Op != ir.OpAdd || x.Type != v.Type || x.Args[0].Type != v.Type {
		return nil
	}
	m, ok := constant(x.Args[1])
	if !ok || v.Type == ir.Ptr && !fitsImm(m+n) {
		return nil
	}
	return c.become(v, ir.OpAdd, x.Args[0], c.konst(m+n))
}

// fitsImm reports whether n can be the immediate operand of an instruction.
func fitsImm(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

func (c *folder) foldMul(v *ir.Value) *ir.Value {
	x := v.Args[0]
	n, ok := constant(v.Args[1])
	switch {
	case !ok:
		return nil
	case n == 0:
		return c.becomeConst(v, 0)
	case n == 1:
		return x
	case n == -1:
		return c.become(v, ir.OpNeg, x)
	case powerOfTwo(n):
		return c.become(v, ir.OpShl, x, c.konst(log2(n)))
	}
	return c.regroup(v, n)
}

// regroup makes x op (m op n) out of (x op m) op n for an associative op.
func (c *folder) regroup(v *ir.Value, n int64) *ir.Value {
	x := v.Args[0]
	if x.Op != v.Op || x.Args[0].Type != ir.I64 {
		return nil
	}
	m, ok := constant(x.Args[1])
	if !ok {
		return nil
	}
	return c.become(v, v.Op, x.Args[0], c.konst(eval(v.Op, 8, m, n)))
}

func powerOfTwo(n int64) bool { return bits.OnesCount64(uint64(n)) == 1 }

func log2(n int64) int64 { return int64(bits.TrailingZeros64(uint64(n))) }

func (c *folder) foldDivision(v *ir.Value) *ir.Value {
	x := v.Args[0]
	n, ok := constant(v.Args[1])
	if !ok {
		return nil
	}
	mod := v.Op == ir.OpUMod || v.Op == ir.OpSMod
	switch {
	case n == 0 && mod:
		return x
	case n == 0 || n == 1 && mod:
		return c.becomeConst(v, 0)
	case n == 1:
		return x
	case v.Op == ir.OpSDiv && n == -1:
		return c.become(v, ir.OpNeg, x)
	case v.Op == ir.OpSMod && n == -1:
		return c.becomeConst(v, 0)
	case v.Op == ir.OpUDiv && powerOfTwo(n):
		return c.become(v, ir.OpLShr, x, c.konst(log2(n)))
	case v.Op == ir.OpUMod && powerOfTwo(n):
		return c.become(v, ir.OpAnd, x, c.konst(n-1))
	}
	return nil
}

func (c *folder) foldAnd(v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	n, ok := constant(y)
	switch {
	case x == y:
		return x
	case !ok:
		return nil
	case n == 0:
		return c.becomeConst(v, 0)
	case n == -1:
		return x
	case powerOfTwo(n+1) && lowBits(x, 4) <= bits.Len64(uint64(n)):
		return x
	case (x.Op == ir.OpZExt || x.Op == ir.OpSExt) && n&^mask(int(x.Width)) == 0:
		return c.setArg(v, 0, x.Args[0])
	}
	return c.regroup(v, n)
}

// foldOr simplifies inclusive and exclusive or.
func (c *folder) foldOr(v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	n, ok := constant(y)
	switch {
	case x == y && v.Op == ir.OpOr:
		return x
	case x == y:
		return c.becomeConst(v, 0)
	case !ok:
		return nil
	case n == 0:
		return x
	case n == -1 && v.Op == ir.OpOr:
		return c.becomeConst(v, -1)
	case n == 1 && v.Op == ir.OpXor && isCompare(x.Op):
		return c.invert(v, x)
	}
	return c.regroup(v, n)
}

func (c *folder) foldShift(v *ir.Value) *ir.Value {
	x := v.Args[0]
	n, ok := constant(v.Args[1])
	switch {
	case isConst(x, 0):
		return c.becomeConst(v, 0)
	case !ok:
		return nil
	case n < 0 || n > 63:
		return c.setArg(v, 1, c.konst(n&63))
	case n == 0:
		return x
	case v.Op == ir.OpLShr && lowBits(x, 4) <= int(n):
		return c.becomeConst(v, 0)
	}
	return c.mergeShifts(v, n)
}

// mergeShifts adds the counts of two shifts in one direction.
func (c *folder) mergeShifts(v *ir.Value, n int64) *ir.Value {
	x := v.Args[0]
	if x.Op != v.Op {
		return nil
	}
	m, ok := constant(x.Args[1])
	switch {
	case !ok || m < 0 || m > 63:
		return nil
	case m+n < 64:
		return c.become(v, v.Op, x.Args[0], c.konst(m+n))
	case v.Op == ir.OpAShr:
		return c.become(v, v.Op, x.Args[0], c.konst(63))
	}
	return c.becomeConst(v, 0)
}

func (c *folder) foldNeg(v *ir.Value) *ir.Value {
	x := v.Args[0]
	switch {
	case x.Op == ir.OpNeg:
		return x.Args[0]
	case x.Op == ir.OpSub && x.Args[0].Type == ir.I64 && x.Args[1].Type == ir.I64:
		return c.become(v, ir.OpSub, x.Args[1], x.Args[0])
	}
	return nil
}
