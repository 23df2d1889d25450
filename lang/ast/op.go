package ast

// BinaryOp is a binary operator. AssignNone, the zero value, is no operator and marks plain assignment.
type BinaryOp uint8

// The binary operators, loosest first.
const (
	AssignNone BinaryOp = iota
	LogOr
	LogAnd
	BitOr
	BitXor
	BitAnd
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	Shl
	Shr
	Add
	Sub
	Mul
	Div
	Mod

	endBinaryOp
)

type binaryOpInfo struct {
	token      string
	precedence int
}

// binaryOps is the one table of binary operators: spelling and precedence (1 is loosest). All group from the left.
var binaryOps = [endBinaryOp]binaryOpInfo{
	LogOr:  {"||", 1},
	LogAnd: {"&&", 2},
	BitOr:  {"|", 3},
	BitXor: {"^", 4},
	BitAnd: {"&", 5},
	Eq:     {"==", 6},
	Ne:     {"!=", 6},
	Lt:     {"<", 7},
	Le:     {"<=", 7},
	Gt:     {">", 7},
	Ge:     {">=", 7},
	Shl:    {"<<", 8},
	Shr:    {">>", 8},
	Add:    {"+", 9},
	Sub:    {"-", 9},
	Mul:    {"*", 10},
	Div:    {"/", 10},
	Mod:    {"%", 10},
}

// String returns the operator as written.
func (op BinaryOp) String() string { return binaryOps[op].token }

// Precedence returns how tightly the operator binds, 1 being loosest.
func (op BinaryOp) Precedence() int { return binaryOps[op].precedence }

// IsComparison reports whether the operator compares (== != < <= > >=).
func (op BinaryOp) IsComparison() bool { return op >= Eq && op <= Ge }

// IsLogical reports whether the operator is && or ||.
func (op BinaryOp) IsLogical() bool { return op == LogOr || op == LogAnd }

// LookupBinaryOp returns the operator spelled tok.
func LookupBinaryOp(tok string) (BinaryOp, bool) {
	for op := LogOr; op < endBinaryOp; op++ {
		if binaryOps[op].token == tok {
			return op, true
		}
	}
	return AssignNone, false
}

// UnaryOp is a prefix operator.
type UnaryOp uint8

// The prefix operators.
const (
	_ UnaryOp = iota
	Not
	BitNot
	Neg
	Deref
	AddrOf

	endUnaryOp
)

var unaryOps = [endUnaryOp]string{Not: "!", BitNot: "~", Neg: "-", Deref: "*", AddrOf: "&"}

// String returns the operator as written.
func (op UnaryOp) String() string { return unaryOps[op] }
