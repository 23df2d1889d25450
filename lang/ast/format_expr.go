package ast

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The levels of binding above those of the binary operators, which have 1 to 10; 0 takes every expression.
const (
	levelUnary   = 11
	levelPostfix = 12
	levelPrimary = 13
)

// expr returns an expression on one line, unless it holds a block of several. It is in parentheses if the author wrote
// them or it binds less tightly than its place wants.
func (f *formatter) expr(x Expr, level int) string {
	if f.parens[x] || f.needsParens(x, level) {
		return "(" + f.bare(x) + ")"
	}
	return f.bare(x)
}

// needsParens reports whether an expression would be read otherwise, or end an angle block, without parentheses.
func (f *formatter) needsParens(x Expr, level int) bool {
	if f.level(x) < level {
		return true
	}
	b, ok := x.(*BinaryExpr)
	return ok && f.angle && b.Op == Gt
}

// level says how tightly an expression binds.
func (f *formatter) level(x Expr) int {
	switch x := x.(type) {
	case *TernaryExpr, *BlockExpr, *IfExpr, *ComptimeExpr:
		return 0
	case *BinaryExpr:
		return x.Op.Precedence()
	case *UnaryExpr, *CastExpr:
		return levelUnary
	case *IncDecExpr:
		if x.Postfix {
			return levelPostfix
		}
		return levelUnary
	case *FieldExpr, *TupleIndexExpr, *IndexExpr:
		return levelPostfix
	case *IntLit, *StringLit, *BoolLit, *PosParam, *Ident, *VarExpr, *MapExpr, *CallExpr, *TupleLit, *RecordLit, *SizeofExpr,
		*OffsetofExpr, *TypeofExpr, *TypeinfoExpr, *BadExpr:
		return levelPrimary
	}
	panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
}

func (f *formatter) bare(x Expr) string {
	switch x := x.(type) {
	case *IntLit:
		return x.Text
	case *StringLit:
		return stringText(x)
	case *BoolLit:
		return fmt.Sprint(x.Value)
	case *PosParam:
		return posParam(x)
	case *Ident:
		return x.Name
	case *VarExpr:
		return "$" + x.Name
	case *MapExpr:
		return f.mapExpr(x)
	case *CallExpr:
		return f.call(x)
	case *BinaryExpr:
		return f.binary(x)
	case *UnaryExpr:
		return f.unary(x)
	case *IncDecExpr:
		if x.Postfix {
			return f.expr(x.X, levelPostfix) + incDec(x)
		}
		return incDec(x) + f.expr(x.X, levelUnary)
	case *TernaryExpr:
		return f.ternary(x)
	case *FieldExpr:
		return f.expr(x.X, levelPostfix) + accessor(x) + x.Name
	case *TupleIndexExpr:
		return fmt.Sprintf("%s.%d", f.expr(x.X, levelPostfix), x.N)
	case *IndexExpr:
		return f.index(x)
	case *CastExpr:
		return f.cast(x)
	case *TupleLit:
		return f.tuple(x)
	case *RecordLit:
		return "(" + joined(x.Fields, func(r RecordField) string { return r.Name + "=" + f.expr(r.Value, 0) }) + ")"
	case *SizeofExpr:
		return "sizeof(" + f.exprOrType(x.X, x.Type) + ")"
	case *OffsetofExpr:
		return "offsetof(" + f.exprOrType(x.X, x.Type) + ", " + strings.Join(x.Fields, ".") + ")"
	case *TypeofExpr:
		return "typeof(" + f.exprOrType(x.X, x.Type) + ")"
	case *TypeinfoExpr:
		return "typeinfo(" + f.exprOrType(x.X, x.Type) + ")"
	case *BlockExpr:
		return f.blockExpr(x)
	case *IfExpr:
		return f.ifExpr(x)
	case *ComptimeExpr:
		return "comptime " + f.expr(x.X, 0)
	case *BadExpr:
		return x.At.Text()
	}
	panic(fmt.Sprintf("BUG: ast: unexpected expression %T", x))
}

func (f *formatter) mapExpr(m *MapExpr) string {
	if m.Key == nil {
		return "@" + m.Name
	}
	if t, ok := m.Key.(*TupleLit); ok && t.Implicit {
		return "@" + m.Name + "[" + f.list(t.Elems) + "]"
	}
	return "@" + m.Name + "[" + f.expr(m.Key, 0) + "]"
}

func (f *formatter) list(elems []Expr) string {
	return joined(elems, func(x Expr) string { return f.expr(x, 0) })
}

func (f *formatter) call(c *CallExpr) string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		if t, ok := c.TypeArgs[i]; ok {
			args[i] = f.typ(t)
		} else {
			args[i] = f.expr(a, 0)
		}
	}
	return c.Func + "(" + strings.Join(args, ", ") + ")"
}

func (f *formatter) binary(x *BinaryExpr) string {
	level := x.Op.Precedence()
	return f.expr(x.X, level) + " " + x.Op.String() + " " + f.expr(x.Y, level+1)
}

func (f *formatter) unary(x *UnaryExpr) string {
	op, operand := x.Op.String(), f.expr(x.X, levelUnary)
	if (x.Op == Neg || x.Op == AddrOf) && strings.HasPrefix(operand, op) {
		return op + "(" + operand + ")" // not -- or &&
	}
	return op + operand
}

func (f *formatter) ternary(x *TernaryExpr) string {
	cond, other := f.expr(x.Cond, 1), f.expr(x.Else, 0)
	if x.Then == nil {
		return cond + " ?: " + other
	}
	return cond + " ? " + f.expr(x.Then, 0) + " : " + other
}

func (f *formatter) index(x *IndexExpr) string {
	base := f.expr(x.X, levelPostfix)
	if m, ok := x.X.(*MapExpr); ok && m.Key == nil && !f.parens[m] {
		base = "(" + base + ")" // not a key
	}
	return base + "[" + f.expr(x.Index, 0) + "]"
}

// cast keeps parentheses around operands with an operator in front, which behind a name in parentheses would be binary.
func (f *formatter) cast(x *CastExpr) string {
	level := levelPostfix
	if _, ok := x.X.(*CastExpr); ok {
		level = levelUnary
	}
	return "(" + f.typ(x.Type) + ")" + f.expr(x.X, level)
}

func (f *formatter) tuple(t *TupleLit) string {
	if len(t.Elems) == 1 {
		return "(" + f.list(t.Elems) + ",)"
	}
	return "(" + f.list(t.Elems) + ")"
}

// blockExpr returns a block with a value, on one line if that is all there is in it.
func (f *formatter) blockExpr(b *BlockExpr) string {
	if len(b.Stmts) == 0 {
		if text := f.lastValue(b.Value); !strings.Contains(text, "\n") {
			return "{ " + text + " }"
		}
	}
	return f.longBlockExpr(b)
}

func (f *formatter) longBlockExpr(b *BlockExpr) string {
	end, first := f.end, f.first
	f.end, f.first = b.At.Start, true
	text := "{\n" + f.stmts(b.Stmts, b.Value.Span().Start)
	f.indent++
	text += f.tabs() + f.lastValue(b.Value) + "\n"
	f.indent--
	f.end, f.first = end, first
	return text + f.tabs() + "}"
}

// lastValue returns an expression that ends a block, where an if or a block can stand without parentheses.
func (f *formatter) lastValue(x Expr) string {
	switch x.(type) {
	case *BlockExpr, *IfExpr:
		return f.bare(x)
	default: // no other type matters here
	}
	return f.wide(x, 0, 0)
}

// ifExpr returns a chain of ifs with values: on one line if all its blocks are nothing but a short value.
func (f *formatter) ifExpr(x *IfExpr) string {
	block := f.longBlockExpr
	if short(x) {
		block = f.blockExpr
	}
	var b strings.Builder
	for {
		b.WriteString("if " + f.expr(x.Cond, 0) + " " + block(x.Then) + " else ")
		switch e := x.Else.(type) {
		case *IfExpr:
			x = e
			continue
		case *BlockExpr:
			b.WriteString(block(e))
		default: // no other type matters here
			b.WriteString(f.expr(e, 0))
		}
		return b.String()
	}
}

// short reports whether no block of a chain of ifs holds a statement.
func short(x *IfExpr) bool {
	for {
		if len(x.Then.Stmts) > 0 {
			return false
		}
		switch e := x.Else.(type) {
		case *IfExpr:
			x = e
		case *BlockExpr:
			return len(e.Stmts) == 0
		default: // no other type matters here
			return true
		}
	}
}

// stringText returns a string literal as written, or one with the same value where there is no text of it.
func stringText(x *StringLit) string {
	if text := x.At.Text(); strings.HasPrefix(text, `"`) {
		return text
	}
	return Quote(x.Value)
}

// Quote returns a string literal whose value is text.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case text[0] == '"' || text[0] == '\\':
			b.WriteString(`\` + text[:1])
		case text[0] == '\n':
			b.WriteString(`\n`)
		case text[0] == '\t':
			b.WriteString(`\t`)
		case text[0] == '\r':
			b.WriteString(`\r`)
		case text[0] < 0x20 || text[0] == 0x7f || r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
			n = 1
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String() + `"`
}
