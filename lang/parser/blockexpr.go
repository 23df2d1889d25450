package parser

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
)

// blockExpr reads `{ stmts; value }`.
func (p *parser) blockExpr() *ast.BlockExpr {
	start := p.start()
	if !p.is("{") {
		p.unexpected("`{`")
		return &ast.BlockExpr{Place: p.from(start), Value: p.badExpr()}
	}
	return p.blockValue(p.block())
}

// blockValue makes an expression of a block: its last statement is the value.
func (p *parser) blockValue(b *ast.Block) *ast.BlockExpr {
	x := &ast.BlockExpr{Place: b.Place, Stmts: b.Stmts}
	hint := "its last statement has to be an expression"
	if n := len(b.Stmts); n > 0 {
		if v := p.stmtValue(b.Stmts[n-1]); v != nil && p.ended(b, v) {
			hint = "without the semicolon, its last statement is the value"
		} else if v != nil {
			x.Stmts, x.Value = b.Stmts[:n-1], v
		}
	}
	if x.Value == nil {
		p.errorf(b.At, "missing-value", "this block has no value").Hintf("%s", hint)
		x.Value = p.badExpr()
	}
	return x
}

// ended reports whether a semicolon follows the last expression of a block, so that the block has no value. What does something may be
// followed by one: it is what the block is for, when a macro is called with it.
func (p *parser) ended(b *ast.Block, last ast.Expr) bool {
	switch last.(type) {
	case *ast.CallExpr, *ast.IncDecExpr, *ast.BadExpr:
		return false
	default: // no other type matters here
	}
	return strings.HasPrefix(strings.TrimSpace(p.file.Text[last.Span().End:max(last.Span().End, b.At.End)]), ";")
}

// stmtValue returns the value of the last statement of a block, or nil if it has none.
func (p *parser) stmtValue(s ast.Stmt) ast.Expr {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return s.X
	case *ast.BadStmt:
		return &ast.BadExpr{Place: s.Place}
	case *ast.BlockStmt:
		return p.blockValue(s.Body)
	case *ast.IfStmt:
		if s.Else == nil {
			return nil
		}
		return &ast.IfExpr{Place: s.Place, Comptime: s.Comptime, Cond: s.Cond, Then: p.blockValue(s.Then), Else: p.stmtValue(s.Else)}
	default: // no other type matters here
	}
	return nil
}

// ifExpr reads an if that is used as a value.
func (p *parser) ifExpr() ast.Expr {
	start := p.start()
	p.take()
	x := &ast.IfExpr{Comptime: p.accept("comptime")}
	x.Cond = p.condition()
	x.Then = p.blockExpr()
	p.expect("else", ": an if used as a value has both branches")
	switch {
	case p.bad:
		x.Else = p.badExpr()
	case p.is("if"):
		if p.enter() {
			x.Else = p.ifExpr()
		} else {
			x.Else = p.badExpr()
		}
		p.leave()
	default:
		x.Else = p.blockExpr()
	}
	x.Place = p.from(start)
	return x
}
