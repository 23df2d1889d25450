package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// block reads `{ … }`; the next token is the brace.
func (p *parser) block() *ast.Block {
	open := p.take()
	b := &ast.Block{}
	if p.enter() {
		b.Stmts = p.stmts()
	}
	p.leave()
	if !p.bad && !p.accept("}") {
		p.missingBrace(open)
	}
	b.Place = p.from(open.Pos.Offset)
	return b
}

// missingBrace reports a block that does not end before the script or before a new probe begins, where parsing goes on.
// Of several such blocks within each other only the innermost is reported.
func (p *parser) missingBrace(open *lexer.Token) {
	if p.start() != p.openEnd {
		p.openEnd = p.start()
		p.errorf(p.tokSpan(open), codeMissingBrace, "this `{` has no closing `}`").Hintf("add } at the end of the block")
	}
	p.bad = !p.startsDecl(p.peek())
}

// angleBlock reads `< … >`; the next token is the opening one.
func (p *parser) angleBlock() *ast.Block {
	open := p.take()
	b := &ast.Block{Angle: true, Stmts: p.stmts()}
	switch {
	case p.bad:
	case p.peek().Type == tokAngleClose:
		p.take()
	default:
		p.errorf(p.tokSpan(open), codeMissingBrace, "this `<` has no closing `>`").
			Hintf("add > at the end of the block; a comparison right before it wants parentheses")
		p.bad = false
		if p.accept("}") {
			break
		}
		p.bad = !p.startsDecl(p.peek())
	}
	b.Place = p.from(open.Pos.Offset)
	return b
}

// stmts reads statements up to what closes their block.
func (p *parser) stmts() []ast.Stmt {
	var out []ast.Stmt
	for {
		t := p.peek()
		if p.startsDecl(t) || t.Type == tokAngleClose || isText(t, "}") {
			return out
		}
		if p.accept(";") {
			continue
		}
		before := p.lex.RawCursor()
		s := p.stmt()
		if p.bad {
			s = &ast.BadStmt{Place: p.from(t.Pos.Offset)}
			p.syncStmt()
		}
		out = append(out, s)
		if p.lex.RawCursor() == before {
			return out
		}
	}
}

// stmt reads one statement with its semicolon.
func (p *parser) stmt() ast.Stmt {
	t := p.peek()
	if isText(t, "{") {
		return p.blockOrValue()
	}
	if t.Type == tokIdent {
		switch t.Value {
		case "if":
			return p.ifStmt()
		case "for":
			return p.forStmt()
		case "while":
			return p.whileStmt()
		case "unroll":
			return p.unrollStmt()
		}
	}
	s := p.simpleStmt(t)
	p.semicolon()
	return s
}

func (p *parser) simpleStmt(t *lexer.Token) ast.Stmt {
	start := t.Pos.Offset
	if t.Type != tokIdent {
		return p.exprStmt()
	}
	switch t.Value {
	case "let":
		return p.let()
	case "break":
		p.take()
		return &ast.BreakStmt{Place: p.from(start)}
	case "continue":
		p.take()
		return &ast.ContinueStmt{Place: p.from(start)}
	case "return":
		return p.returnStmt()
	}
	return p.exprStmt()
}

// semicolon ends a statement. The last one of a block needs none; where one is missing at the end of a line, the next line
// is read as if it were there.
func (p *parser) semicolon() {
	t := p.peek()
	if p.bad || p.accept(";") || isText(t, "}") || t.Type == tokAngleClose || p.startsDecl(t) {
		return
	}
	if t.Type == tokInvalid {
		p.bad = true
		return
	}
	if !p.startsStmt(t) {
		p.unexpected("`;`")
		return
	}
	p.errorf(p.tokSpan(t), codeMissingSemi, "unexpected %s, expected `;`", describe(t)).
		Hintf("statements are separated by `;`")
	p.bad = false
}

// startsStmt reports whether a token is more likely the begin of the next statement than a mistake within this one.
func (p *parser) startsStmt(t *lexer.Token) bool {
	return t.Type == tokIdent || t.Type == tokVar || t.Type == tokMap
}

// blockOrValue reads a block, or an expression whose first operand is one.
func (p *parser) blockOrValue() ast.Stmt {
	start := p.start()
	b := p.block()
	t := p.peek()
	if _, operator := binaryOp(t); p.bad || !operator && !isText(t, "?") {
		return &ast.BlockStmt{Place: p.from(start), Body: b}
	}
	x := p.choice(start, p.operators(start, p.blockValue(b), 1))
	s := &ast.ExprStmt{Place: p.from(start), X: x}
	p.semicolon()
	return s
}

func (p *parser) returnStmt() ast.Stmt {
	start := p.start()
	p.take()
	s := &ast.ReturnStmt{}
	if t := p.peek(); !isText(t, ";") && !isText(t, "}") && t.Type != tokAngleClose && !p.startsDecl(t) {
		s.Value = p.expr()
	}
	s.Place = p.from(start)
	return s
}

func (p *parser) let() ast.Stmt {
	start := p.start()
	p.take()
	t := p.peek()
	if t.Type != tokVar {
		d := p.unexpected("a scratch variable after let")
		if t.Type == tokMap {
			d.Hintf("maps are declared outside of probes: let %s = hash(100);", t.Value)
		}
		return &ast.BadStmt{Place: p.from(start)}
	}
	p.take()
	s := &ast.LetStmt{Var: &ast.VarExpr{Place: p.from(t.Pos.Offset), Name: t.Value[1:]}}
	if p.accept(":") {
		s.Type = p.typeExpr()
	}
	if p.accept("=") {
		s.Value = p.expr()
	}
	s.Place = p.from(start)
	return s
}

// exprStmt reads an expression, and an assignment if an assignment operator follows.
func (p *parser) exprStmt() ast.Stmt {
	start := p.start()
	x := p.expr()
	t := p.peek()
	if p.bad || t.Type != tokOp || !isAssignOp(t.Value) {
		return &ast.ExprStmt{Place: p.from(start), X: x}
	}
	p.checkTarget(x)
	p.take()
	s := &ast.AssignStmt{Target: x, OpSpan: p.tokSpan(t)}
	s.Op, _ = ast.LookupBinaryOp(t.Value[:len(t.Value)-1])
	if !p.bad {
		s.Value = p.expr()
	}
	s.Place = p.from(start)
	return s
}

func isAssignOp(op string) bool {
	switch op {
	case "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=":
		return true
	}
	return false
}

// checkTarget reports what cannot be assigned to.
func (p *parser) checkTarget(x ast.Expr) {
	switch x := x.(type) {
	case *ast.VarExpr, *ast.MapExpr, *ast.BadExpr:
		return
	case *ast.Ident:
		if x.Name == "_" {
			return
		}
		p.errorf(x.At, codeTarget, "cannot assign to %s", x.Name).
			Hintf("scratch variables are written $%s, maps @%s", x.Name, x.Name)
		return
	default: // no other type matters here
	}
	p.errorf(x.Span(), codeTarget, "cannot assign to %s", shorten(x.Span().Text())).
		Hintf("only scratch variables ($x) and maps (@x) can be assigned")
}
