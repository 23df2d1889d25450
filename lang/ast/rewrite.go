package ast

import "fmt"

// Rewriter replaces nodes of a tree in place. Each hook is asked about every node of its kind, parents first; it returns what
// stands in the node's place, and done where the children of that are not to be visited. A nil hook keeps all nodes.
// Nodes are visited as they are evaluated: the value of an assignment before its target.
type Rewriter struct {
	Expr func(Expr) (x Expr, done bool)
	Stmt func(Stmt) (s Stmt, done bool)
	Type func(TypeExpr) (t TypeExpr, done bool)
}

// Decl rewrites the statements and expressions of a probe, macro or function.
func (r *Rewriter) Decl(d Decl) {
	switch d := d.(type) {
	case *CDecl, *ConfigDecl, *ImportDecl:
	case *MapDecl:
		d.Size = r.Expression(d.Size)
	case *MacroDecl:
		r.Block(d.Body)
	case *FuncDecl:
		for i := range d.Params {
			d.Params[i].Type = r.TypeExpr(d.Params[i].Type)
		}
		d.Result = r.TypeExpr(d.Result)
		r.Block(d.Body)
	case *ProbeDecl:
		d.Predicate = r.Expression(d.Predicate)
		r.Block(d.Body)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
	}
}

// Block rewrites the statements of a block.
func (r *Rewriter) Block(b *Block) {
	if b != nil {
		r.Statements(b.Stmts)
	}
}

// Statements rewrites a list of statements.
func (r *Rewriter) Statements(list []Stmt) {
	for i, s := range list {
		list[i] = r.Statement(s)
	}
}

// Statement rewrites a statement and what is in it.
func (r *Rewriter) Statement(s Stmt) Stmt {
	if s == nil {
		return nil
	}
	if r.Stmt != nil {
		var done bool
		if s, done = r.Stmt(s); done {
			return s
		}
	}
	r.stmtChildren(s)
	return s
}

func (r *Rewriter) stmtChildren(s Stmt) {
	switch s := s.(type) {
	case *BreakStmt, *ContinueStmt, *BadStmt:
	case *ExprStmt:
		s.X = r.Expression(s.X)
	case *AssignStmt:
		s.Value = r.Expression(s.Value)
		s.Target = r.Expression(s.Target)
	case *LetStmt:
		s.Value = r.Expression(s.Value)
		s.Type = r.TypeExpr(s.Type)
		s.Var = same(r, s.Var)
	case *IfStmt:
		s.Cond = r.Expression(s.Cond)
		r.Block(s.Then)
		s.Else = r.Statement(s.Else)
	case *ForMapStmt:
		s.Map = same(r, s.Map)
		s.Var = same(r, s.Var)
		r.Block(s.Body)
	case *ForRangeStmt:
		s.Start, s.End = r.Expression(s.Start), r.Expression(s.End)
		s.Var = same(r, s.Var)
		r.Block(s.Body)
	case *WhileStmt:
		s.Cond = r.Expression(s.Cond)
		r.Block(s.Body)
	case *UnrollStmt:
		s.Count = r.Expression(s.Count)
		r.Block(s.Body)
	case *ReturnStmt:
		s.Value = r.Expression(s.Value)
	case *BlockStmt:
		r.Block(s.Body)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
	}
}

// same rewrites an expression that has to stay one of its kind.
func same[T Expr](r *Rewriter, x T) T {
	y, ok := r.Expression(x).(T)
	if !ok {
		panic(fmt.Sprintf("BUG: ast: %T rewritten to another kind", x))
	}
	return y
}

// Expression rewrites an expression and what is in it.
func (r *Rewriter) Expression(x Expr) Expr {
	if x == nil {
		return nil
	}
	if r.Expr != nil {
		var done bool
		if x, done = r.Expr(x); done {
			return x
		}
	}
	r.exprChildren(x)
	return x
}

func (r *Rewriter) exprChildren(x Expr) {
	switch x := x.(type) {
	case *IntLit, *StringLit, *BoolLit, *PosParam, *Ident, *VarExpr, *BadExpr:
	case *MapExpr:
		x.Key = r.Expression(x.Key)
	case *CallExpr:
		r.Arguments(x)
	case *BinaryExpr:
		x.X, x.Y = r.Expression(x.X), r.Expression(x.Y)
	case *UnaryExpr:
		x.X = r.Expression(x.X)
	case *IncDecExpr:
		x.X = r.Expression(x.X)
	case *TernaryExpr:
		x.Cond, x.Then, x.Else = r.Expression(x.Cond), r.Expression(x.Then), r.Expression(x.Else)
	case *FieldExpr:
		x.X = r.Expression(x.X)
	case *TupleIndexExpr:
		x.X = r.Expression(x.X)
	case *IndexExpr:
		x.X, x.Index = r.Expression(x.X), r.Expression(x.Index)
	case *CastExpr:
		x.Type, x.X = r.TypeExpr(x.Type), r.Expression(x.X)
	case *TupleLit:
		for i, e := range x.Elems {
			x.Elems[i] = r.Expression(e)
		}
	case *RecordLit:
		for i := range x.Fields {
			x.Fields[i].Value = r.Expression(x.Fields[i].Value)
		}
	case *SizeofExpr:
		x.X, x.Type = r.Expression(x.X), r.TypeExpr(x.Type)
	case *OffsetofExpr:
		x.X, x.Type = r.Expression(x.X), r.TypeExpr(x.Type)
	case *TypeofExpr:
		x.X, x.Type = r.Expression(x.X), r.TypeExpr(x.Type)
	case *TypeinfoExpr:
		x.X, x.Type = r.Expression(x.X), r.TypeExpr(x.Type)
	case *BlockExpr:
		r.Statements(x.Stmts)
		x.Value = r.Expression(x.Value)
	case *IfExpr:
		x.Cond, x.Then, x.Else = r.Expression(x.Cond), same(r, x.Then), r.Expression(x.Else)
	case *ComptimeExpr:
		x.X = r.Expression(x.X)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
	}
}

// Arguments rewrites the arguments of a call. What stands for an argument that is a type stays one.
func (r *Rewriter) Arguments(c *CallExpr) {
	for i, a := range c.Args {
		t, ok := c.TypeArgs[i]
		if !ok {
			c.Args[i] = r.Expression(a)
			continue
		}
		c.TypeArgs[i] = r.TypeExpr(t)
		if of, ok := a.(*TypeofExpr); ok {
			of.Type = c.TypeArgs[i]
		}
	}
}

// TypeExpr rewrites a type and what is in it.
func (r *Rewriter) TypeExpr(t TypeExpr) TypeExpr {
	if t == nil {
		return nil
	}
	if r.Type != nil {
		var done bool
		if t, done = r.Type(t); done {
			return t
		}
	}
	switch t := t.(type) {
	case *NamedType:
	case *PointerType:
		t.Elem = r.TypeExpr(t.Elem)
	case *ArrayType:
		t.Elem, t.Len = r.TypeExpr(t.Elem), r.Expression(t.Len)
	case *TypeofType:
		t.X, t.Type = r.Expression(t.X), r.TypeExpr(t.Type)
	case *TupleType:
		for i, e := range t.Elems {
			t.Elems[i] = r.TypeExpr(e)
		}
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
	}
	return t
}
