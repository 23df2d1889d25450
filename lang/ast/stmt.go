package ast

import "github.com/gtrace/gtrace/lang/diag"

// Block is `{ … }`, or `< … >` with Angle set.
type Block struct {
	Place
	Angle bool
	Stmts []Stmt
}

type (
	// ExprStmt is an expression executed for its effect.
	ExprStmt struct {
		Place
		X Expr
	}

	// AssignStmt is `target op value`. Target is a VarExpr, a MapExpr, or an Ident named "_" for an explicit discard.
	// Op is AssignNone for plain `=`, else the operation of the compound assignment.
	AssignStmt struct {
		Place
		Target Expr
		Op     BinaryOp
		OpSpan diag.Span
		Value  Expr
	}

	// LetStmt is `let $x`, `let $x: T`, `let $x = e` or `let $x: T = e`.
	LetStmt struct {
		Place
		Var   *VarExpr
		Type  TypeExpr // or nil
		Value Expr     // or nil
	}

	// IfStmt is `if c { … } else …`; Else is nil, a *BlockStmt or an *IfStmt.
	IfStmt struct {
		Place
		// Comptime is set for `if comptime (c)`.
		Comptime bool
		Cond     Expr
		Then     *Block
		Else     Stmt
	}

	// ForMapStmt is `for ($kv : @m) { … }`.
	ForMapStmt struct {
		Place
		Var  *VarExpr
		Map  *MapExpr
		Body *Block
	}

	// ForRangeStmt is `for ($i : a..b) { … }`.
	ForRangeStmt struct {
		Place
		Var        *VarExpr
		Start, End Expr
		Body       *Block
	}

	// WhileStmt is `while (c) { … }`.
	WhileStmt struct {
		Place
		Cond Expr
		Body *Block
	}

	// UnrollStmt is `unroll (n) { … }`.
	UnrollStmt struct {
		Place
		Count Expr
		Body  *Block
	}

	// BreakStmt is `break;`.
	BreakStmt struct{ Place }

	// ContinueStmt is `continue;`.
	ContinueStmt struct{ Place }

	// ReturnStmt is `return;` or `return e;`.
	ReturnStmt struct {
		Place
		Value Expr // or nil
	}

	// BlockStmt is a block as a statement.
	BlockStmt struct {
		Place
		Body *Block
	}

	// BadStmt stands where a statement could not be parsed; the parser has reported it.
	BadStmt struct{ Place }
)

func (*ExprStmt) stmt()     {}
func (*AssignStmt) stmt()   {}
func (*LetStmt) stmt()      {}
func (*IfStmt) stmt()       {}
func (*ForMapStmt) stmt()   {}
func (*ForRangeStmt) stmt() {}
func (*WhileStmt) stmt()    {}
func (*UnrollStmt) stmt()   {}
func (*BreakStmt) stmt()    {}
func (*ContinueStmt) stmt() {}
func (*ReturnStmt) stmt()   {}
func (*BlockStmt) stmt()    {}
func (*BadStmt) stmt()      {}
