package ast

import "github.com/gtrace/gtrace/lang/diag"

type (
	// IntLit is an integer or duration literal; its value is in nanoseconds for durations.
	IntLit struct {
		Place
		Value uint64
		// Text is the literal as written: 0x10, 1_000, 2e3, 5ms, 3ull.
		Text string
		// Duration is set for literals with a unit of time.
		Duration bool
	}

	// StringLit is a string literal, Value with its escapes resolved.
	StringLit struct {
		Place
		Value string
	}

	// BoolLit is true or false.
	BoolLit struct {
		Place
		Value bool
	}

	// PosParam is a positional parameter `$1`, or `$#` with Count set.
	PosParam struct {
		Place
		N     int
		Count bool
	}

	// Ident is a bare name: a builtin without arguments, a constant, an enumerator, a macro parameter.
	Ident struct {
		Place
		Name string
	}

	// VarExpr is a scratch variable; Name is without the dollar sign.
	VarExpr struct {
		Place
		Name string
		// Mark tells variables of the same name apart that macros brought with them: each expansion of a macro has a mark of its
		// own. It is 0 for a variable that the script writes itself.
		Mark int
	}

	// MapExpr is a script map, `@`, `@x` or `@x[k1, k2]`; Name is without the at sign and may be empty.
	MapExpr struct {
		Place
		Name string
		// Key is nil for a map without brackets, and a TupleLit (Implicit) for several keys.
		Key Expr
	}

	// CallExpr is `name(args)`.
	CallExpr struct {
		Place
		Func     string
		FuncSpan diag.Span
		Args     []Expr
		// TypeArgs holds, at the index of the argument, arguments that can only be types: `f(uint64)`, `f(struct x)`. In Args
		// a TypeofExpr of the same type stands for each.
		TypeArgs map[int]TypeExpr
	}

	// BinaryExpr is `x op y`.
	BinaryExpr struct {
		Place
		Op     BinaryOp
		OpSpan diag.Span
		X, Y   Expr
	}

	// UnaryExpr is `op x`.
	UnaryExpr struct {
		Place
		Op UnaryOp
		X  Expr
	}

	// IncDecExpr is `++x`, `--x`, `x++` or `x--`.
	IncDecExpr struct {
		Place
		Dec, Postfix bool
		X            Expr
	}

	// TernaryExpr is `c ? a : b`; for the elvis form `c ?: b` Then is nil.
	TernaryExpr struct {
		Place
		Cond, Then, Else Expr
	}

	// FieldExpr is `x.name` or `x->name`.
	FieldExpr struct {
		Place
		X        Expr
		Name     string
		NameSpan diag.Span
		Arrow    bool
	}

	// TupleIndexExpr is `x.0`.
	TupleIndexExpr struct {
		Place
		X Expr
		N int
	}

	// IndexExpr is `x[i]` where x is not a map.
	IndexExpr struct {
		Place
		X, Index Expr
	}

	// CastExpr is `(T)x`.
	CastExpr struct {
		Place
		Type TypeExpr
		// TypeSpan is the type with its parentheses.
		TypeSpan diag.Span
		X        Expr
	}

	// TupleLit is `(a, b)`, `(a,)` or `()`.
	TupleLit struct {
		Place
		Elems []Expr
		// Implicit is set for the keys of `@m[a, b]`, which are written without parentheses.
		Implicit bool
	}

	// RecordLit is `(a=1, b="x")`.
	RecordLit struct {
		Place
		Fields []RecordField
	}

	// SizeofExpr is `sizeof(x)` or `sizeof(T)`: one of X and Type is set. A bare name is an Ident in X.
	SizeofExpr struct {
		Place
		X    Expr
		Type TypeExpr
	}

	// OffsetofExpr is `offsetof(T, a.b)` or `offsetof(x, a.b)`.
	OffsetofExpr struct {
		Place
		X      Expr
		Type   TypeExpr
		Fields []string
	}

	// TypeofExpr is `typeof(x)` standing where a value can stand, as in a comparison of types in comptime code.
	TypeofExpr struct {
		Place
		X    Expr
		Type TypeExpr
	}

	// TypeinfoExpr is `typeinfo(x)`.
	TypeinfoExpr struct {
		Place
		X    Expr
		Type TypeExpr
	}

	// BlockExpr is `{ stmts; value }`. Value is nil where a macro without a value is used as one.
	BlockExpr struct {
		Place
		Stmts []Stmt
		Value Expr
	}

	// IfExpr is `if c { a } else { b }` used as a value; Else is a BlockExpr or an IfExpr.
	IfExpr struct {
		Place
		// Comptime is set for `if comptime (c)`; only then Else may be nil, and a branch without a value.
		Comptime bool
		Cond     Expr
		Then     *BlockExpr
		Else     Expr
	}

	// ComptimeExpr is `comptime (e)` or `comptime e`.
	ComptimeExpr struct {
		Place
		X Expr
	}

	// BadExpr stands where an expression could not be parsed; the parser has reported it.
	BadExpr struct{ Place }
)

// RecordField is one `name = value` of a record.
type RecordField struct {
	Place
	Name  string
	Value Expr
}

func (*IntLit) expr()         {}
func (*StringLit) expr()      {}
func (*BoolLit) expr()        {}
func (*PosParam) expr()       {}
func (*Ident) expr()          {}
func (*VarExpr) expr()        {}
func (*MapExpr) expr()        {}
func (*CallExpr) expr()       {}
func (*BinaryExpr) expr()     {}
func (*UnaryExpr) expr()      {}
func (*IncDecExpr) expr()     {}
func (*TernaryExpr) expr()    {}
func (*FieldExpr) expr()      {}
func (*TupleIndexExpr) expr() {}
func (*IndexExpr) expr()      {}
func (*CastExpr) expr()       {}
func (*TupleLit) expr()       {}
func (*RecordLit) expr()      {}
func (*SizeofExpr) expr()     {}
func (*OffsetofExpr) expr()   {}
func (*TypeofExpr) expr()     {}
func (*TypeinfoExpr) expr()   {}
func (*BlockExpr) expr()      {}
func (*IfExpr) expr()         {}
func (*ComptimeExpr) expr()   {}
func (*BadExpr) expr()        {}

type (
	// NamedType is `uint64`, `string`, `struct task_struct`, `size_t`.
	NamedType struct {
		Place
		// Keyword is struct, union, enum or empty.
		Keyword string
		Name    string
	}

	// PointerType is `T*`.
	PointerType struct {
		Place
		Elem TypeExpr
	}

	// ArrayType is `T[N]`; for string[N] and buffer[N] Elem is the NamedType. Len is nil for `T[]`.
	ArrayType struct {
		Place
		Elem TypeExpr
		Len  Expr
	}

	// TypeofType is `typeof(x)` where a type stands.
	TypeofType struct {
		Place
		X    Expr
		Type TypeExpr
	}

	// TupleType is `(T, U)` in a let.
	TupleType struct {
		Place
		Elems []TypeExpr
	}
)

func (*NamedType) typeExpr()   {}
func (*PointerType) typeExpr() {}
func (*ArrayType) typeExpr()   {}
func (*TypeofType) typeExpr()  {}
func (*TupleType) typeExpr()   {}
