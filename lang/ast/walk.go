package ast

import "fmt"

// Walk calls f for a node and, where f returns true, for all that is under it, in source order. It visits everything with
// a place of its own: declarations, statements, expressions, types, and also blocks, attach points and their parts,
// settings, parameters and the fields of records (as pointers). Comments are not visited.
func Walk(n Node, f func(Node) bool) {
	if f(n) {
		eachChild(n, func(c Node) { Walk(c, f) })
	}
}

// eachChild is the one list of what a node holds.
func eachChild(n Node, f func(Node)) {
	switch n := n.(type) {
	case *Program:
		each(f, n.Decls)
	case Decl:
		declChildren(n, f)
	case Stmt:
		stmtChildren(n, f)
	case Expr:
		exprChildren(n, f)
	case TypeExpr:
		typeChildren(n, f)
	case *Block:
		each(f, n.Stmts)
	case *AttachPoint:
		eachPtr[AttachPart](f, n.Parts)
	case *ConfigSetting:
		visit(f, n.Value)
	case *MacroParam:
		visit(f, n.Param)
		visit(f, n.Type)
	case *FuncParam:
		visit(f, n.Type)
	case *RecordField:
		visit(f, n.Value)
	case *AttachPart, *Comment:
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected node %T", n))
	}
}

func declChildren(d Decl, f func(Node)) {
	switch d := d.(type) {
	case *CDecl, *ImportDecl:
	case *ConfigDecl:
		eachPtr[ConfigSetting](f, d.Settings)
	case *MapDecl:
		visitPtr(f, d.Map)
		visit(f, d.Size)
	case *MacroDecl:
		eachPtr[MacroParam](f, d.Params)
		visitPtr(f, d.Body)
	case *FuncDecl:
		eachPtr[FuncParam](f, d.Params)
		visit(f, d.Result)
		visitPtr(f, d.Body)
	case *ProbeDecl:
		each(f, d.Points)
		visit(f, d.Predicate)
		visitPtr(f, d.Body)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
	}
}

func stmtChildren(s Stmt, f func(Node)) {
	switch s := s.(type) {
	case *BreakStmt, *ContinueStmt, *BadStmt:
	case *ExprStmt:
		visit(f, s.X)
	case *AssignStmt:
		visit(f, s.Target)
		visit(f, s.Value)
	case *LetStmt:
		visitPtr(f, s.Var)
		visit(f, s.Type)
		visit(f, s.Value)
	case *IfStmt:
		visit(f, s.Cond)
		visitPtr(f, s.Then)
		visit(f, s.Else)
	case *ForMapStmt:
		visitPtr(f, s.Var)
		visitPtr(f, s.Map)
		visitPtr(f, s.Body)
	case *ForRangeStmt:
		visitPtr(f, s.Var)
		visit(f, s.Start)
		visit(f, s.End)
		visitPtr(f, s.Body)
	case *WhileStmt:
		visit(f, s.Cond)
		visitPtr(f, s.Body)
	case *UnrollStmt:
		visit(f, s.Count)
		visitPtr(f, s.Body)
	case *ReturnStmt:
		visit(f, s.Value)
	case *BlockStmt:
		visitPtr(f, s.Body)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
	}
}

func exprChildren(x Expr, f func(Node)) {
	switch x := x.(type) {
	case *IntLit, *StringLit, *BoolLit, *PosParam, *Ident, *VarExpr, *BadExpr:
	case *MapExpr:
		visit(f, x.Key)
	case *CallExpr:
		callChildren(x, f)
	case *BinaryExpr:
		visit(f, x.X)
		visit(f, x.Y)
	case *UnaryExpr:
		visit(f, x.X)
	case *IncDecExpr:
		visit(f, x.X)
	case *TernaryExpr:
		visit(f, x.Cond)
		visit(f, x.Then)
		visit(f, x.Else)
	case *FieldExpr:
		visit(f, x.X)
	case *TupleIndexExpr:
		visit(f, x.X)
	case *IndexExpr:
		visit(f, x.X)
		visit(f, x.Index)
	case *CastExpr:
		visit(f, x.Type)
		visit(f, x.X)
	case *TupleLit:
		each(f, x.Elems)
	case *RecordLit:
		eachPtr[RecordField](f, x.Fields)
	case *SizeofExpr:
		visit(f, x.X)
		visit(f, x.Type)
	case *OffsetofExpr:
		visit(f, x.X)
		visit(f, x.Type)
	case *TypeofExpr:
		visit(f, x.X)
		visit(f, x.Type)
	case *TypeinfoExpr:
		visit(f, x.X)
		visit(f, x.Type)
	case *BlockExpr:
		each(f, x.Stmts)
		visit(f, x.Value)
	case *IfExpr:
		visit(f, x.Cond)
		visitPtr(f, x.Then)
		visit(f, x.Else)
	case *ComptimeExpr:
		visit(f, x.X)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
	}
}

// callChildren visits an argument that is a type as its TypeExpr alone, not also as the TypeofExpr that stands for it.
func callChildren(c *CallExpr, f func(Node)) {
	for i, a := range c.Args {
		if t, ok := c.TypeArgs[i]; ok {
			f(t)
			continue
		}
		visit(f, a)
	}
}

func typeChildren(t TypeExpr, f func(Node)) {
	switch t := t.(type) {
	case *NamedType:
	case *PointerType:
		visit(f, t.Elem)
	case *ArrayType:
		visit(f, t.Elem)
		visit(f, t.Len)
	case *TypeofType:
		visit(f, t.X)
		visit(f, t.Type)
	case *TupleType:
		each(f, t.Elems)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
	}
}

// visit calls f unless the node is absent.
func visit(f func(Node), n Node) {
	if n != nil {
		f(n)
	}
}

// visitPtr calls f unless the pointer is nil, which as a Node would look present.
func visitPtr[T any, P interface {
	*T
	Node
}](f func(Node), p P) {
	if p != nil {
		f(p)
	}
}

func each[N Node](f func(Node), list []N) {
	for _, n := range list {
		f(n)
	}
}

// eachPtr visits the elements of a slice of structs.
func eachPtr[T any, P interface {
	*T
	Node
}](f func(Node), list []T) {
	for i := range list {
		f(P(&list[i]))
	}
}
