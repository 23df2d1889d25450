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

// expr returns an expression, in parentheses if it binds less tightly than its place wants.
func (f *formatter) expr(x Expr, level int) string {
	text := f.bare(x)
	if f.level(x) < level {
		return "(" + text + ")"
	}
	return text
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
		return Quote(x.Value)
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
		return "if (" + f.expr(x.Cond, 0) + ") " + f.blockExpr(x.Then) + " else " + f.expr(x.Else, 0)
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
	text := f.expr(x.X, level) + " " + x.Op.String() + " " + f.expr(x.Y, level+1)
	if f.angle && x.Op == Gt {
		return "(" + text + ")"
	}
	return text
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
	if m, ok := x.X.(*MapExpr); ok && m.Key == nil {
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

func (f *formatter) blockExpr(b *BlockExpr) string {
	text := "{\n" + f.stmts(b.Stmts)
	f.indent++
	text += f.tabs() + f.leading(b.Value) + "\n"
	f.indent--
	return text + f.tabs() + "}"
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
