package opt

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/gtrace/gtrace/codegen/ir"
)

// canEval reports whether eval knows the op.
func canEval(op ir.Op) bool { return op >= ir.OpAdd && op <= ir.OpSLe }

// eval computes an operation as BPF does: shift counts modulo 64, division by zero yields 0, the remainder of it the dividend.
func eval(op ir.Op, width int, x, y int64) int64 {
	switch op {
	case ir.OpAdd:
		return x + y
	case ir.OpSub:
		return x - y
	case ir.OpMul:
		return x * y
	case ir.OpUDiv, ir.OpSDiv, ir.OpUMod, ir.OpSMod:
		return evalDivision(op, x, y)
	case ir.OpAnd:
		return x & y
	case ir.OpOr:
		return x | y
	case ir.OpXor:
		return x ^ y
	case ir.OpShl:
		return x << (uint64(y) & 63)
	case ir.OpLShr:
		return int64(uint64(x) >> (uint64(y) & 63))
	case ir.OpAShr:
		return x >> (uint64(y) & 63)
	case ir.OpNeg:
		return -x
	case ir.OpNumber:
		return x
	case ir.OpSExt:
		return signExtend(x, width)
	case ir.OpZExt:
		return x & mask(width)
	case ir.OpBswap:
		return int64(bits.ReverseBytes64(uint64(x)) >> (64 - 8*width))
	case ir.OpEq, ir.OpNe, ir.OpULt, ir.OpULe, ir.OpSLt, ir.OpSLe:
		if evalCompare(op, x, y) {
			return 1
		}
		return 0
	}
	panic(fmt.Sprintf("BUG: opt: cannot evaluate %v", op))
}

func evalDivision(op ir.Op, x, y int64) int64 {
	mod := op == ir.OpUMod || op == ir.OpSMod
	switch {
	case y == 0 && mod:
		return x
	case y == 0:
		return 0
	case op == ir.OpUDiv:
		return int64(uint64(x) / uint64(y))
	case op == ir.OpUMod:
		return int64(uint64(x) % uint64(y))
	case x == math.MinInt64 && y == -1 && mod:
		return 0
	case x == math.MinInt64 && y == -1:
		return x
	case mod:
		return x % y
	}
	return x / y
}

func evalCompare(op ir.Op, x, y int64) bool {
	switch op {
	case ir.OpEq:
		return x == y
	case ir.OpNe:
		return x != y
	case ir.OpULt:
		return uint64(x) < uint64(y)
	case ir.OpULe:
		return uint64(x) <= uint64(y)
	case ir.OpSLt:
		return x < y
	case ir.OpSLe:
		return x <= y
	}
	panic(fmt.Sprintf("BUG: opt: %v is no comparison", op))
}

func signExtend(x int64, width int) int64 {
	shift := 64 - 8*width
	return x << shift >> shift
}

// mask returns the bits of the low width bytes.
func mask(width int) int64 {
	if width >= 8 {
		return -1
	}
	return 1<<(8*width) - 1
}

// lowBits returns n such that only the low n bits of a value can be set, by facts that the verifier derives as well: what it
// cannot know must stay in the code for it to see.
func lowBits(v *ir.Value, depth int) int {
	if depth == 0 {
		return 64
	}
	switch {
	case v.Op == ir.OpConst:
		return bits.Len64(uint64(v.Imm))
	case v.Op == ir.OpZExt:
		return min(8*int(v.Width), lowBits(v.Args[0], depth-1))
	case v.Op == ir.OpLoad:
		if !v.Signed && v.Type == ir.I64 {
			return 8 * int(v.Width)
		}
	case v.Op == ir.OpAnd:
		return min(lowBits(v.Args[0], depth-1), lowBits(v.Args[1], depth-1))
	case v.Op == ir.OpOr || v.Op == ir.OpXor:
		return max(lowBits(v.Args[0], depth-1), lowBits(v.Args[1], depth-1))
	case v.Op == ir.OpLShr:
		if n, ok := constant(v.Args[1]); ok {
			return max(0, lowBits(v.Args[0], depth-1)-int(n&63))
		}
	case isCompare(v.Op):
		return 1
	}
	return 64
}
