package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// expr reads an expression: the ternary level, which groups from the right. It never returns nil.
func (p *parser) expr() ast.Expr {
	if !p.enter() {
		p.leave()
		return p.badExpr()
	}
	defer p.leave()
	start := p.start()
	return p.choice(start, p.binary(1))
}

// choice reads what follows a condition that is read already, if it is one.
func (p *parser) choice(start int, cond ast.Expr) ast.Expr {
	if !p.accept("?") {
		return cond
	}
	x := &ast.TernaryExpr{Cond: cond}
	if !p.accept(":") {
		x.Then = p.expr()
		p.expect(":", " and the other value of `?`")
	}
	x.Else = p.expr()
	x.Place = p.from(start)
	return x
}

func (p *parser) badExpr() ast.Expr {
	start := min(p.start(), len(p.file.Text))
	return &ast.BadExpr{Place: ast.Place{At: diag.Span{File: p.file, Start: start, End: start}}}
}

// binary reads operands joined by operators that bind at least as tightly as min (precedence climbing).
func (p *parser) binary(min int) ast.Expr {
	start := p.start()
	return p.operators(start, p.unary(), min)
}

// operators reads the operators behind an operand that is read already, with their right sides.
func (p *parser) operators(start int, x ast.Expr, min int) ast.Expr {
	for n := 0; !p.bad; n++ {
		t := p.peek()
		op, ok := binaryOp(t)
		if !ok || op.Precedence() < min {
			return x
		}
		if n >= maxChain {
			p.tooLong(t.Pos.Offset, "operators in a row without parentheses")
			return x
		}
		p.take()
		y := p.binary(op.Precedence() + 1)
		x = &ast.BinaryExpr{Place: p.from(start), Op: op, OpSpan: p.tokSpan(t), X: x, Y: y}
	}
	return x
}

func binaryOp(t *lexer.Token) (ast.BinaryOp, bool) {
	if t.Type != tokOp || t.Value == ";" || t.Value == ")" || t.Value == "," {
		return ast.AssignNone, false
	}
	return ast.LookupBinaryOp(t.Value)
}

// prefixOps are the operators before an operand, but for ++ and --.
var prefixOps = map[string]ast.UnaryOp{"!": ast.Not, "~": ast.BitNot, "-": ast.Neg, "*": ast.Deref, "&": ast.AddrOf}

// unary reads prefix operators, casts and their operand.
func (p *parser) unary() ast.Expr {
	t := p.peek()
	start := t.Pos.Offset
	switch {
	case t.Type == tokIdent && t.Value == "comptime":
		p.take()
		x := p.expr() // all that follows, as in bpftrace
		return &ast.ComptimeExpr{Place: p.from(start), X: x}
	case t.Type != tokOp:
		return p.postfix()
	case t.Value == "++" || t.Value == "--":
		p.take()
		x := p.nested()
		p.checkIncDec(x, t)
		return &ast.IncDecExpr{Place: p.from(start), Dec: t.Value == "--", X: x}
	case t.Value == "(" && p.looksLikeCast():
		return p.cast()
	}
	op, ok := prefixOps[t.Value]
	if !ok {
		return p.postfix()
	}
	p.take()
	x := p.nested()
	return &ast.UnaryExpr{Place: p.from(start), Op: op, X: x}
}

// nested reads the operand of a prefix operator, one level deeper.
func (p *parser) nested() ast.Expr {
	defer p.leave()
	if !p.enter() {
		return p.badExpr()
	}
	return p.unary()
}

func (p *parser) checkIncDec(x ast.Expr, op *lexer.Token) {
	switch x.(type) {
	case *ast.VarExpr, *ast.MapExpr, *ast.BadExpr:
		return
	default: // no other type matters here
	}
	p.errorf(p.tokSpan(op), codeTarget, "%s requires a variable or map", op.Value)
}

// postfix reads an operand with its indices, fields, ++ and --.
func (p *parser) postfix() ast.Expr {
	start := p.start()
	x := p.primary()
	for n := 0; !p.bad; n++ {
		t := p.peek()
		if t.Type != tokOp {
			return x
		}
		if n >= maxNesting {
			p.tooDeep(t.Pos.Offset)
			return x
		}
		switch t.Value {
		case "[":
			p.take()
			i := p.expr()
			p.expect("]", "")
			x = &ast.IndexExpr{Place: p.from(start), X: x, Index: i}
		case ".", "->":
			x = p.field(x, start)
		case "++", "--":
			p.checkIncDec(x, t)
			p.take()
			x = &ast.IncDecExpr{Place: p.from(start), Dec: t.Value == "--", Postfix: true, X: x}
		default:
			return x
		}
	}
	return x
}

// field reads `.name`, `->name` or `.0`.
func (p *parser) field(x ast.Expr, start int) ast.Expr {
	arrow := p.take().Value == "->"
	t := p.peek()
	switch {
	case t.Type == tokIdent:
		p.take()
		return &ast.FieldExpr{Place: p.from(start), X: x, Name: t.Value, NameSpan: p.tokSpan(t), Arrow: arrow}
	case t.Type == tokInt && !arrow:
		if n, ok := decimal(t.Value); ok {
			p.take()
			return &ast.TupleIndexExpr{Place: p.from(start), X: x, N: n}
		}
	}
	p.unexpected("the name of a field")
	return x
}
