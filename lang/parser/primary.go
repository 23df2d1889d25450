package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// primary reads an operand without operators.
func (p *parser) primary() ast.Expr {
	if p.bad {
		return p.badExpr()
	}
	t := p.peek()
	switch t.Type {
	case tokInt:
		p.take()
		return p.intLit(t)
	case tokString:
		p.take()
		return &ast.StringLit{Place: p.from(t.Pos.Offset), Value: p.unquote(t)}
	case tokPosParam:
		p.take()
		return p.posParam(t)
	case tokVar:
		p.take()
		return &ast.VarExpr{Place: p.from(t.Pos.Offset), Name: t.Value[1:]}
	case tokMap:
		return p.mapExpr()
	case tokIdent:
		return p.name(t)
	case tokInvalid: // reported by the scanner
		p.take()
		return &ast.BadExpr{Place: p.from(t.Pos.Offset)}
	case tokOp:
		switch t.Value {
		case "(":
			return p.paren()
		case "{":
			return p.blockExpr()
		}
	}
	p.noOperand(t)
	return p.badExpr()
}

// noOperand reports that an expression is missing.
func (p *parser) noOperand(t *lexer.Token) {
	d := p.unexpected("an expression")
	switch {
	case isText(t, "="):
		d.Hintf("to compare, write ==")
	case t.Type == tokAngleClose:
		d.Hintf("this > ends the action block; a comparison right before it wants parentheses")
	}
}

// name reads what begins with a word: a call, a keyword's expression, or the word alone.
func (p *parser) name(t *lexer.Token) ast.Expr {
	switch t.Value {
	case "true", "false":
		p.take()
		return &ast.BoolLit{Place: p.from(t.Pos.Offset), Value: t.Value == "true"}
	case "if":
		return p.ifExpr()
	case "sizeof":
		return p.sizeof()
	case "offsetof":
		return p.offsetof()
	case "typeof":
		return p.typeofExpr()
	case "typeinfo":
		return p.typeinfo()
	}
	if keywords[t.Value] || isTypeKeyword(t.Value) || typeWords[t.Value] && !isText(p.peekN(1), "(") {
		p.noOperand(t)
		return p.badExpr()
	}
	p.take()
	if p.is("(") {
		return p.call(t)
	}
	return &ast.Ident{Place: p.from(t.Pos.Offset), Name: t.Value}
}

// call reads the arguments of a call; its name has been taken.
func (p *parser) call(name *lexer.Token) ast.Expr {
	c := &ast.CallExpr{Func: name.Value, FuncSpan: p.tokSpan(name)}
	p.expect("(", "")
	for !p.bad && !p.is(")") {
		c.Args = append(c.Args, p.arg(c))
		if !p.accept(",") {
			break
		}
	}
	p.closeCall(name)
	c.Place = p.from(name.Pos.Offset)
	return c
}

func (p *parser) closeCall(name *lexer.Token) {
	if p.bad || p.accept(")") {
		return
	}
	p.unexpected("`,` or `)` in the call of " + name.Value)
}

// arg reads an argument. What can only be a type is kept in TypeArgs, and as a typeof among the arguments.
func (p *parser) arg(c *ast.CallExpr) ast.Expr {
	if !p.typeAhead() {
		return p.expr()
	}
	start := p.start()
	t := p.typeExpr()
	if c.TypeArgs == nil {
		c.TypeArgs = map[int]ast.TypeExpr{}
	}
	c.TypeArgs[len(c.Args)] = t
	return &ast.TypeofExpr{Place: p.from(start), Type: t}
}

// mapExpr reads a map with its key.
func (p *parser) mapExpr() ast.Expr {
	t := p.take()
	m := &ast.MapExpr{Name: t.Value[1:]}
	if p.accept("[") {
		m.Key = p.mapKey()
		p.expect("]", " or `,` in the key of "+t.Value)
	}
	m.Place = p.from(t.Pos.Offset)
	return m
}

// mapKey reads one key, or several as an implicit tuple.
func (p *parser) mapKey() ast.Expr {
	start := p.start()
	elems := []ast.Expr{p.expr()}
	for p.accept(",") {
		elems = append(elems, p.expr())
	}
	if len(elems) == 1 {
		return elems[0]
	}
	return &ast.TupleLit{Place: p.from(start), Elems: elems, Implicit: true}
}

// paren reads what is in parentheses and no cast: a grouped expression, a tuple or a record.
func (p *parser) paren() ast.Expr {
	start := p.start()
	if p.peekN(1).Type == tokIdent && isText(p.peekN(2), "=") {
		return p.record()
	}
	p.take()
	if p.accept(")") {
		return &ast.TupleLit{Place: p.from(start)}
	}
	elems := []ast.Expr{p.expr()}
	tuple := false
	for p.accept(",") {
		tuple = true
		if p.is(")") {
			break
		}
		elems = append(elems, p.expr())
	}
	p.expect(")", "")
	if !tuple {
		p.parens[elems[0]] = true
		return elems[0]
	}
	return &ast.TupleLit{Place: p.from(start), Elems: elems}
}

// record reads `(a=1, b="x")`.
func (p *parser) record() ast.Expr {
	start := p.start()
	p.take()
	r := &ast.RecordLit{}
	for !p.bad && !p.is(")") {
		r.Fields = append(r.Fields, p.recordField())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", " or `,` in a record")
	r.Place = p.from(start)
	return r
}

func (p *parser) recordField() ast.RecordField {
	start := p.start()
	name := p.expectIdent("the name of a field")
	p.expect("=", " after the name of a field")
	f := ast.RecordField{Name: name.Value, Value: p.expr()}
	f.Place = p.from(start)
	return f
}
