package ast

import (
	"fmt"
	"slices"
)

// CloneExpr returns a deep copy: new nodes with the same spans. CloneExpr(nil) is nil.
func CloneExpr(x Expr) Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *IntLit:
		return shallow(x)
	case *StringLit:
		return shallow(x)
	case *BoolLit:
		return shallow(x)
	case *PosParam:
		return shallow(x)
	case *Ident:
		return shallow(x)
	case *VarExpr:
		return shallow(x)
	case *BadExpr:
		return shallow(x)
	case *MapExpr:
		return cloneMap(x)
	case *CallExpr:
		c := shallow(x)
		c.Args = cloneList(x.Args, CloneExpr)
		c.TypeArgs = cloneTypeArgs(x.TypeArgs, c.Args)
		return c
	case *BinaryExpr:
		c := shallow(x)
		c.X, c.Y = CloneExpr(x.X), CloneExpr(x.Y)
		return c
	case *UnaryExpr:
		c := shallow(x)
		c.X = CloneExpr(x.X)
		return c
	case *IncDecExpr:
		c := shallow(x)
		c.X = CloneExpr(x.X)
		return c
	case *TernaryExpr:
		c := shallow(x)
		c.Cond, c.Then, c.Else = CloneExpr(x.Cond), CloneExpr(x.Then), CloneExpr(x.Else)
		return c
	case *FieldExpr:
		c := shallow(x)
		c.X = CloneExpr(x.X)
		return c
	case *TupleIndexExpr:
		c := shallow(x)
		c.X = CloneExpr(x.X)
		return c
	case *IndexExpr:
		c := shallow(x)
		c.X, c.Index = CloneExpr(x.X), CloneExpr(x.Index)
		return c
	case *CastExpr:
		c := shallow(x)
		c.Type, c.X = CloneType(x.Type), CloneExpr(x.X)
		return c
	case *TupleLit:
		c := shallow(x)
		c.Elems = cloneList(x.Elems, CloneExpr)
		return c
	case *RecordLit:
		c := shallow(x)
		c.Fields = cloneList(x.Fields, cloneField)
		return c
	case *SizeofExpr:
		c := shallow(x)
		c.X, c.Type = CloneExpr(x.X), CloneType(x.Type)
		return c
	case *OffsetofExpr:
		c := shallow(x)
		c.X, c.Type, c.Fields = CloneExpr(x.X), CloneType(x.Type), slices.Clone(x.Fields)
		return c
	case *TypeofExpr:
		c := shallow(x)
		c.X, c.Type = CloneExpr(x.X), CloneType(x.Type)
		return c
	case *TypeinfoExpr:
		c := shallow(x)
		c.X, c.Type = CloneExpr(x.X), CloneType(x.Type)
		return c
	case *BlockExpr:
		return cloneBlockExpr(x)
	case *IfExpr:
		c := shallow(x)
		c.Cond, c.Then, c.Else = CloneExpr(x.Cond), cloneBlockExpr(x.Then), CloneExpr(x.Else)
		return c
	case *ComptimeExpr:
		c := shallow(x)
		c.X = CloneExpr(x.X)
		return c
	}
	panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
}

// CloneBlock returns a deep copy: new nodes with the same spans. CloneBlock(nil) is nil.
func CloneBlock(b *Block) *Block {
	if b == nil {
		return nil
	}
	c := shallow(b)
	c.Stmts = cloneList(b.Stmts, CloneStmt)
	return c
}

// CloneStmt returns a deep copy: new nodes with the same spans. CloneStmt(nil) is nil.
func CloneStmt(s Stmt) Stmt {
	switch s := s.(type) {
	case nil:
		return nil
	case *BreakStmt:
		return shallow(s)
	case *ContinueStmt:
		return shallow(s)
	case *BadStmt:
		return shallow(s)
	case *ExprStmt:
		c := shallow(s)
		c.X = CloneExpr(s.X)
		return c
	case *AssignStmt:
		c := shallow(s)
		c.Target, c.Value = CloneExpr(s.Target), CloneExpr(s.Value)
		return c
	case *LetStmt:
		c := shallow(s)
		c.Var, c.Type, c.Value = shallow(s.Var), CloneType(s.Type), CloneExpr(s.Value)
		return c
	case *IfStmt:
		c := shallow(s)
		c.Cond, c.Then, c.Else = CloneExpr(s.Cond), CloneBlock(s.Then), CloneStmt(s.Else)
		return c
	case *ForMapStmt:
		c := shallow(s)
		c.Var, c.Map, c.Body = shallow(s.Var), cloneMap(s.Map), CloneBlock(s.Body)
		return c
	case *ForRangeStmt:
		c := shallow(s)
		c.Var, c.Start, c.End, c.Body = shallow(s.Var), CloneExpr(s.Start), CloneExpr(s.End), CloneBlock(s.Body)
		return c
	case *WhileStmt:
		c := shallow(s)
		c.Cond, c.Body = CloneExpr(s.Cond), CloneBlock(s.Body)
		return c
	case *UnrollStmt:
		c := shallow(s)
		c.Count, c.Body = CloneExpr(s.Count), CloneBlock(s.Body)
		return c
	case *ReturnStmt:
		c := shallow(s)
		c.Value = CloneExpr(s.Value)
		return c
	case *BlockStmt:
		c := shallow(s)
		c.Body = CloneBlock(s.Body)
		return c
	}
	panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
}

// CloneType returns a deep copy: new nodes with the same spans. CloneType(nil) is nil.
func CloneType(t TypeExpr) TypeExpr {
	switch t := t.(type) {
	case nil:
		return nil
	case *NamedType:
		return shallow(t)
	case *PointerType:
		c := shallow(t)
		c.Elem = CloneType(t.Elem)
		return c
	case *ArrayType:
		c := shallow(t)
		c.Elem, c.Len = CloneType(t.Elem), CloneExpr(t.Len)
		return c
	case *TypeofType:
		c := shallow(t)
		c.X, c.Type = CloneExpr(t.X), CloneType(t.Type)
		return c
	case *TupleType:
		c := shallow(t)
		c.Elems = cloneList(t.Elems, CloneType)
		return c
	}
	panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
}

func cloneMap(m *MapExpr) *MapExpr {
	c := shallow(m)
	c.Key = CloneExpr(m.Key)
	return c
}

func cloneBlockExpr(b *BlockExpr) *BlockExpr {
	c := shallow(b)
	c.Stmts, c.Value = cloneList(b.Stmts, CloneStmt), CloneExpr(b.Value)
	return c
}

func cloneField(f RecordField) RecordField {
	f.Value = CloneExpr(f.Value)
	return f
}

// cloneTypeArgs keeps a type argument the same node as the one in the typeof that stands for it among the arguments.
func cloneTypeArgs(m map[int]TypeExpr, args []Expr) map[int]TypeExpr {
	if m == nil {
		return nil
	}
	out := make(map[int]TypeExpr, len(m))
	for i, t := range m {
		if a, ok := args[i].(*TypeofExpr); ok && a.Type != nil {
			out[i] = a.Type
			continue
		}
		out[i] = CloneType(t)
	}
	return out
}

func shallow[T any](n *T) *T {
	c := *n
	return &c
}

func cloneList[T any](list []T, f func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i, n := range list {
		out[i] = f(n)
	}
	return out
}
