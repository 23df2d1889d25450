package parser

import (
	"errors"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

func asParseError(err error, target *participle.Error) bool { return errors.As(err, target) }

// syncStmt ends the trouble of a broken statement: it moves behind the next semicolon, or before the brace that closes the
// block, whichever comes first. Blocks on the way are skipped whole; a statement ends with its last block.
func (p *parser) syncStmt() {
	p.bad = false
	depth := 0
	for {
		t := p.peek()
		switch {
		case p.startsDecl(t) || t.Type == tokAngleClose:
			return
		case t.Type != tokOp:
		case t.Value == "{":
			depth++
		case t.Value == "}":
			if depth == 0 {
				return
			}
			if depth--; depth == 0 && !isText(p.peekN(1), "else") {
				p.take()
				p.accept(";")
				return
			}
		case t.Value == ";" && depth == 0:
			p.take()
			return
		}
		p.take()
	}
}

// syncSetting ends the trouble of a broken config setting: behind the next semicolon or comma, or before the brace.
func (p *parser) syncSetting() {
	if !p.bad {
		return
	}
	for t := p.peek(); !p.startsDecl(t) && !isText(t, "}"); t = p.peek() {
		p.take()
		if t.Value == ";" || t.Value == "," {
			break
		}
	}
	p.bad = p.startsDecl(p.peek())
}

// syncDecl ends the trouble of a broken declaration: it moves behind the end of its action block, or before the token that
// can only begin another one.
func (p *parser) syncDecl() {
	p.bad = false
	depth := 0
	for !p.startsNext(p.peek(), depth) {
		t := p.take()
		switch {
		case t.Type == tokAngleClose:
			return
		case t.Type != tokOp:
		case t.Value == "{":
			depth++
		case t.Value == "}":
			if depth--; depth <= 0 {
				return
			}
		case t.Value == ";" && depth == 0:
			return
		}
	}
}

func (p *parser) startsNext(t *lexer.Token, depth int) bool {
	return t.Type == lexer.EOF || t.Type == tokCText || depth > 0 && p.startsDecl(t)
}

// startsDecl reports whether a token found inside of a block belongs to the next top-level part: the scanner makes attach
// point text only outside of blocks.
func (p *parser) startsDecl(t *lexer.Token) bool {
	switch t.Type {
	case lexer.EOF, tokAttach, tokCText:
		return true
	case tokIdent:
		return t.Value != "let" && startsDecl(p.file.Text, t.Pos.Offset)
	}
	return false
}
