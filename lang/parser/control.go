package parser

import (
	"github.com/gtrace/gtrace/lang/ast"
)

// then reads the block of a control statement. It never returns nil.
func (p *parser) then(keyword string) *ast.Block {
	if p.bad || !p.is("{") {
		p.unexpected("`{` and the body of " + keyword)
		return &ast.Block{Place: p.from(p.end)}
	}
	return p.block()
}

// ifStmt reads an if with all its else branches, in a loop so that a long chain needs no stack.
func (p *parser) ifStmt() ast.Stmt {
	first := p.ifHead()
	for s, n := first, 0; !p.bad && p.accept("else"); n++ {
		if n >= maxChain {
			p.tooLong(p.start(), "branches in one chain of ifs")
			break
		}
		if !p.is("if") {
			start := p.start()
			b := p.then("else")
			s.Else = &ast.BlockStmt{Place: p.from(start), Body: b}
			break
		}
		next := p.ifHead()
		s.Else = next
		s = next
	}
	p.closeChain(first)
	return first
}

// closeChain lets every if of a chain end where its last branch does.
func (p *parser) closeChain(s *ast.IfStmt) {
	for s != nil {
		s.Place = p.from(s.At.Start)
		s, _ = s.Else.(*ast.IfStmt)
	}
}

// ifHead reads `if c { … }`.
func (p *parser) ifHead() *ast.IfStmt {
	start := p.start()
	p.take()
	s := &ast.IfStmt{Comptime: p.accept("comptime")}
	s.Cond = p.condition()
	s.Then = p.then("if")
	s.Place = p.from(start)
	return s
}

// condition reads the condition of if and while. `(a = b)` reads as a record, which no condition is.
func (p *parser) condition() ast.Expr {
	x := p.expr()
	if r, ok := x.(*ast.RecordLit); ok && len(r.Fields) == 1 && !p.bad {
		f := r.Fields[0]
		p.errorf(f.At, codeAssign, "unexpected `=` in a condition").
			Hintf("to compare, write %s == %s", f.Name, shorten(f.Value.Span().Text()))
		p.bad = false // the text is well-formed: go on behind it
	}
	return x
}

func (p *parser) whileStmt() ast.Stmt {
	start := p.start()
	p.take()
	s := &ast.WhileStmt{Cond: p.condition()}
	s.Body = p.then("while")
	s.Place = p.from(start)
	return s
}

func (p *parser) unrollStmt() ast.Stmt {
	start := p.start()
	p.take()
	s := &ast.UnrollStmt{Count: p.expr()}
	s.Body = p.then("unroll")
	s.Place = p.from(start)
	return s
}

// forStmt reads a loop over a map or a range; the parentheses around the header may be missing.
func (p *parser) forStmt() ast.Stmt {
	start := p.start()
	p.take()
	paren := p.accept("(")
	v := &ast.VarExpr{}
	if t := p.peek(); t.Type == tokVar {
		p.take()
		v = &ast.VarExpr{Place: p.from(t.Pos.Offset), Name: t.Value[1:]}
	} else {
		p.unexpected("a scratch variable, as in for ($kv : @map)")
	}
	p.expect(":", " after the variable of the loop")
	x := p.unary()
	var end ast.Expr
	if p.accept("..") {
		end = p.unary()
	}
	if paren {
		p.expect(")", " at the end of the loop header")
	}
	m := p.loopMap(x, end)
	body := p.then("for")
	var s ast.Stmt
	if end != nil || m == nil {
		s = &ast.ForRangeStmt{Place: p.from(start), Var: v, Start: x, End: end, Body: body}
	} else {
		s = &ast.ForMapStmt{Place: p.from(start), Var: v, Map: m, Body: body}
	}
	if paren {
		p.parens[s] = true
	}
	return s
}

// loopMap returns the map to loop over, or nil for a range or an error.
func (p *parser) loopMap(x, end ast.Expr) *ast.MapExpr {
	m, ok := x.(*ast.MapExpr)
	if end == nil && (!ok || m.Key != nil) {
		p.errorf(x.Span(), codeSyntax, "cannot loop over %s", shorten(x.Span().Text())).
			Hintf("loop over a map without key, for ($kv : @map), or over a range, for ($i : 0..10)")
		return nil
	}
	return m
}
