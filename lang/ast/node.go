package ast

import "github.com/gtrace/gtrace/lang/diag"

// Node is anything with a place in the source.
type Node interface {
	Span() diag.Span
}

// Place is embedded by every node and holds its span.
type Place struct{ At diag.Span }

// Span returns where the node stands, from its first byte to its last.
func (p Place) Span() diag.Span { return p.At }

func (p *Place) place() *Place { return p }

// Expr is any node that yields a value.
//
//sumtype:decl
type Expr interface {
	Node
	expr() // unexported, so the set is closed
}

// Stmt is any node that is executed.
//
//sumtype:decl
type Stmt interface {
	Node
	stmt()
}

// Decl is any top-level part of a script.
//
//sumtype:decl
type Decl interface {
	Node
	decl()
}

// TypeExpr is a type as written in a cast, a let, a parameter list, sizeof or offsetof.
//
//sumtype:decl
type TypeExpr interface {
	Node
	typeExpr()
}
