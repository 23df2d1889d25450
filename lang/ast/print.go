package ast

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the tree, one node a line, indented by depth: the name of its type and what it holds besides other nodes.
func Print(w io.Writer, p *Program) {
	printNode(w, p, 0)
}

func printNode(w io.Writer, n Node, depth int) {
	line := strings.Repeat("  ", depth) + typeName(n)
	if l := label(n); l != "" {
		line += " " + l
	}
	io.WriteString(w, line+"\n")
	eachChild(n, func(c Node) { printNode(w, c, depth+1) })
}

func typeName(n Node) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")
}

// label returns a node's own fields.
func label(n Node) string {
	switch n := n.(type) {
	case *Program:
		return quoteIf(n.Shebang)
	case Decl:
		return declLabel(n)
	case Stmt:
		return stmtLabel(n)
	case Expr:
		return exprLabel(n)
	case TypeExpr:
		return typeLabel(n)
	case *Block:
		return flag(n.Angle, "angle")
	case *AttachPart:
		return fmt.Sprintf("%q", n.Text) + flag(n.Quoted, " quoted")
	case *ConfigSetting:
		return n.Name
	case *FuncParam:
		return "$" + n.Name
	case *RecordField:
		return n.Name
	case *Comment:
		return fmt.Sprintf("%q", n.Text)
	case *AttachPoint, *MacroParam:
		return ""
	}
	panic(fmt.Sprintf("BUG: ast: unexpected node %T", n))
}

func declLabel(d Decl) string {
	switch d := d.(type) {
	case *CDecl:
		return fmt.Sprintf("%q", d.Text)
	case *ImportDecl:
		return fmt.Sprintf("%q", d.Path)
	case *MapDecl:
		return d.Kind
	case *MacroDecl:
		return d.Name
	case *FuncDecl:
		return d.Name
	case *ProbeDecl:
		return d.Name
	case *ConfigDecl:
		return ""
	}
	panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
}

func stmtLabel(s Stmt) string {
	switch s := s.(type) {
	case *AssignStmt:
		return s.Op.String() + "="
	case *IfStmt:
		return flag(s.Comptime, "comptime")
	case *ExprStmt, *LetStmt, *ForMapStmt, *ForRangeStmt, *WhileStmt, *UnrollStmt, *BreakStmt, *ContinueStmt,
		*ReturnStmt, *BlockStmt, *BadStmt:
		return ""
	}
	panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
}

func exprLabel(x Expr) string {
	switch x := x.(type) {
	case *IntLit:
		return intLabel(x)
	case *StringLit:
		return fmt.Sprintf("%q", x.Value)
	case *BoolLit:
		return fmt.Sprint(x.Value)
	case *PosParam:
		return posParam(x)
	case *Ident:
		return x.Name
	case *VarExpr:
		return "$" + x.Name
	case *MapExpr:
		return "@" + x.Name
	case *CallExpr:
		return x.Func
	case *BinaryExpr:
		return x.Op.String()
	case *UnaryExpr:
		return x.Op.String()
	case *IncDecExpr:
		return incDec(x) + flag(x.Postfix, " postfix")
	case *TernaryExpr:
		return flag(x.Then == nil, "elvis")
	case *FieldExpr:
		return accessor(x) + x.Name
	case *TupleIndexExpr:
		return fmt.Sprintf(".%d", x.N)
	case *TupleLit:
		return flag(x.Implicit, "implicit")
	case *OffsetofExpr:
		return strings.Join(x.Fields, ".")
	case *IndexExpr, *CastExpr, *RecordLit, *SizeofExpr, *TypeofExpr, *TypeinfoExpr, *BlockExpr, *IfExpr, *ComptimeExpr,
		*BadExpr:
		return ""
	}
	panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
}

func typeLabel(t TypeExpr) string {
	switch t := t.(type) {
	case *NamedType:
		return namedType(t)
	case *PointerType, *ArrayType, *TypeofType, *TupleType:
		return ""
	}
	panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
}

func intLabel(x *IntLit) string {
	l := fmt.Sprint(x.Value)
	if x.Text != l {
		l += " " + x.Text
	}
	return l + flag(x.Duration, " duration")
}

func posParam(x *PosParam) string {
	if x.Count {
		return "$#"
	}
	return fmt.Sprintf("$%d", x.N)
}

func incDec(x *IncDecExpr) string {
	if x.Dec {
		return "--"
	}
	return "++"
}

func accessor(x *FieldExpr) string {
	if x.Arrow {
		return "->"
	}
	return "."
}

func namedType(t *NamedType) string {
	if t.Keyword == "" {
		return t.Name
	}
	return t.Keyword + " " + t.Name
}

func flag(set bool, word string) string {
	if set {
		return word
	}
	return ""
}

func quoteIf(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%q", text)
}
