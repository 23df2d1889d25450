package ast

import (
	"fmt"
	"strings"
)

// block returns the text of a block, without the indentation of its first line.
func (f *formatter) block(b *Block) string {
	left, right := "{", "}"
	if b.Angle {
		left, right = "<", ">"
		f.angle = true
		defer func() { f.angle = false }()
	}
	if len(b.Stmts) == 0 && f.commentsIn(0, b.At.End) == 0 {
		return left + right
	}
	f.first = true
	text := left + "\n" + f.stmts(b.Stmts, b.At.End) + f.tabs() + right
	f.end = b.At.End
	return text
}

// stmts returns statements one a line, a level deeper, with the comments before the end of their block.
func (f *formatter) stmts(list []Stmt, end int) string {
	f.indent++
	defer func() { f.indent-- }()
	var b strings.Builder
	for i, s := range list {
		at := s.Span()
		f.lead(&b, at.Start)
		f.separate(&b, at.Start)
		text := f.stmt(s)
		if x, ok := s.(*ExprStmt); ok && i == len(list)-1 && f.keepEnd && !f.semicolonBehind(x.At.End) {
			text = strings.TrimSuffix(text, ";")
		}
		b.WriteString(f.tabs() + text)
		f.end = at.End
		f.trailing(&b)
		b.WriteString("\n")
	}
	f.rest(&b, end)
	return b.String()
}

// semicolonBehind reports whether in the source a semicolon follows.
func (f *formatter) semicolonBehind(offset int) bool {
	i := f.next
	for text := f.file.Text; offset < len(text); {
		switch {
		case i < len(f.comments) && f.comments[i].At.Start == offset:
			offset = f.comments[i].At.End
			i++
		case strings.IndexByte(" \t\r\n\f\v", text[offset]) < 0:
			return text[offset] == ';'
		default:
			offset++
		}
	}
	return false
}

func (f *formatter) stmt(s Stmt) string {
	switch s := s.(type) {
	case *IfStmt:
		return f.ifStmt(s)
	case *ForMapStmt:
		return f.control(s.At.Start, s.Body, func() string { return f.forHead(s, s.Var, "@"+s.Map.Name) })
	case *ForRangeStmt:
		return f.control(s.At.Start, s.Body, func() string {
			return f.forHead(s, s.Var, f.expr(s.Start, levelUnary)+".."+f.expr(s.End, levelUnary))
		})
	case *WhileStmt:
		return f.control(s.At.Start, s.Body, func() string { return "while " + f.wide(s.Cond, len("while "), 2) })
	case *UnrollStmt:
		return f.control(s.At.Start, s.Body, func() string { return "unroll " + f.expr(s.Count, 0) })
	case *BlockStmt:
		return f.block(s.Body)
	case *BadStmt:
		return s.At.Text()
	case *ExprStmt, *AssignStmt, *LetStmt, *BreakStmt, *ContinueStmt, *ReturnStmt:
		return f.orAsWritten(s.Span(), func() string { return f.simple(s) }) + ";"
	}
	panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
}

// simple returns a statement without a block, without its semicolon.
func (f *formatter) simple(s Stmt) string {
	switch s := s.(type) {
	case *ExprStmt:
		return f.leading(s.X)
	case *AssignStmt:
		return f.assign(s)
	case *LetStmt:
		return f.let(s)
	case *BreakStmt:
		return "break"
	case *ContinueStmt:
		return "continue"
	case *ReturnStmt:
		if s.Value == nil {
			return "return"
		}
		return "return " + f.wide(s.Value, len("return "), 0)
	case *IfStmt, *ForMapStmt, *ForRangeStmt, *WhileStmt, *UnrollStmt, *BlockStmt, *BadStmt:
	}
	panic(fmt.Sprintf("BUG: ast: %T is not simple", s))
}

func (f *formatter) assign(s *AssignStmt) string {
	op := " " + s.Op.String() + "= "
	target := f.expr(s.Target, 0)
	if len(f.tabs())+len(target)+len(op) > formatWidth {
		target = f.wide(s.Target, 0, len(op))
	}
	last := target[strings.LastIndexByte(target, '\n')+1:]
	col := len(last) + len(op)
	if len(last) < len(target) {
		col -= len(f.tabs())
	}
	return target + op + f.wide(s.Value, max(0, col), 0)
}

func (f *formatter) let(s *LetStmt) string {
	text := "let $" + s.Var.Name
	if s.Type != nil {
		text += " : " + f.typ(s.Type)
	}
	if s.Value != nil {
		text += " = "
		text += f.wide(s.Value, len(text), 0)
	}
	return text
}

func (f *formatter) forHead(s Stmt, v *VarExpr, over string) string {
	head := "$" + v.Name + " : " + over
	if f.parens[s] {
		return "for (" + head + ")"
	}
	return "for " + head
}

// control returns a statement's head, as written if there are comments in it, and its block.
func (f *formatter) control(start int, body *Block, head func() string) string {
	text := ""
	if f.commentsIn(start, body.At.Start) > 0 {
		text = f.asWritten(start, body.At.Start)
	} else {
		text = head()
	}
	if endsInLineComment(text) {
		return text + "\n" + f.tabs() + f.block(body)
	}
	return text + " " + f.block(body)
}

// ifStmt returns a chain of ifs, in a loop since it may be long.
func (f *formatter) ifStmt(s *IfStmt) string {
	var b strings.Builder
	for {
		b.WriteString(f.control(s.At.Start, s.Then, func() string { return f.ifHead(s) }))
		if s.Else == nil {
			return b.String()
		}
		b.WriteString(" else ")
		next, ok := s.Else.(*IfStmt)
		if !ok {
			b.WriteString(f.stmt(s.Else))
			return b.String()
		}
		s = next
	}
}

func (f *formatter) ifHead(s *IfStmt) string {
	head := "if "
	if s.Comptime {
		head += "comptime "
	}
	return head + f.wide(s.Cond, len(head), 2)
}

// leading returns an expression that begins a statement: what would read as a statement of its own gets parentheses.
func (f *formatter) leading(x Expr) string {
	switch x.(type) {
	case *BlockExpr, *IfExpr:
		return "(" + f.bare(x) + ")"
	default: // no other type matters here
	}
	return f.wide(x, 0, 0)
}

func (f *formatter) typ(t TypeExpr) string {
	switch t := t.(type) {
	case *NamedType:
		return namedType(t)
	case *PointerType:
		return f.typ(t.Elem) + "*"
	case *ArrayType:
		if t.Len == nil {
			return f.typ(t.Elem) + "[]"
		}
		return f.typ(t.Elem) + "[" + f.expr(t.Len, 0) + "]"
	case *TypeofType:
		return "typeof(" + f.exprOrType(t.X, t.Type) + ")"
	case *TupleType:
		return "(" + joined(t.Elems, f.typ) + ")"
	}
	panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
}

func (f *formatter) exprOrType(x Expr, t TypeExpr) string {
	if t != nil {
		return f.typ(t)
	}
	return f.expr(x, 0)
}
