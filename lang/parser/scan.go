package parser

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// scanner cuts one file into tokens. It is participle's lexer definition and its lexer at once: the tokens are made on
// the first Lex, and Next hands them out.
type scanner struct {
	file     *diag.File
	diags    *diag.List
	text     string
	pos      int
	toks     []token // until they are handed out
	next     int     // how many were handed out
	comments []ast.Comment
	// statements is set for text that is the inside of an action block.
	statements bool
}

// token is a lexer.Token before it is handed out, which takes more memory.
type token struct {
	kind       lexer.TokenType
	start, end int
}

// full returns the token as the parser sees it.
func (s *scanner) full(t token) lexer.Token {
	return lexer.Token{Type: t.kind, Value: s.text[t.start:t.end], Pos: lexer.Position{Offset: t.start}}
}

// Symbols implements lexer.Definition.
func (s *scanner) Symbols() map[string]lexer.TokenType { return symbols }

// Lex implements lexer.Definition. What it reads is the scanner's file, which is also what the reader would give.
func (s *scanner) Lex(string, io.Reader) (lexer.Lexer, error) {
	s.run()
	return s, nil
}

// LexString implements lexer.StringDefinition.
func (s *scanner) LexString(string, string) (lexer.Lexer, error) {
	s.run()
	return s, nil
}

// Next implements lexer.Lexer.
func (s *scanner) Next() (lexer.Token, error) {
	if s.next >= len(s.toks) {
		s.toks = nil
		return lexer.EOFToken(lexer.Position{Offset: len(s.text)}), nil
	}
	s.next++
	return s.full(s.toks[s.next-1]), nil
}

func (s *scanner) run() {
	s.toks = make([]token, 0, len(s.text)/3+8)
	if strings.HasPrefix(s.text, "#!") && !s.statements {
		s.emit(tokShebang, lineEnd(s.text, 0))
	}
	for s.skip() {
		if s.statements {
			s.code()
			continue
		}
		s.item()
	}
}

// emit adds a token that ends at the offset end and moves on behind it.
func (s *scanner) emit(kind lexer.TokenType, end int) {
	s.toks = append(s.toks, token{kind, s.pos, end})
	s.pos = end
}

// emitRune adds a token of one character.
func (s *scanner) emitRune(kind lexer.TokenType) {
	_, n := utf8.DecodeRuneInString(s.text[s.pos:])
	s.emit(kind, s.pos+n)
}

// last returns the last token; the zero Token before the first one.
func (s *scanner) last() lexer.Token {
	if len(s.toks) == 0 {
		return lexer.Token{}
	}
	return s.full(s.toks[len(s.toks)-1])
}

func (s *scanner) span(start, end int) diag.Span {
	return diag.Span{File: s.file, Start: start, End: end}
}

// at returns the byte i places ahead, or 0 behind the end.
func (s *scanner) at(i int) byte {
	if s.pos+i >= len(s.text) {
		return 0
	}
	return s.text[s.pos+i]
}

// skip moves over blanks and comments, keeps the comments, and reports whether anything is left.
func (s *scanner) skip() bool {
	for s.pos < len(s.text) {
		if isBlank(s.text[s.pos]) {
			s.pos++
			continue
		}
		end, closed := commentEnd(s.text, s.pos)
		if end == s.pos {
			return true
		}
		at := s.span(s.pos, end)
		if !closed {
			s.diags.Warnf(s.span(s.pos, s.pos+2), "unterminated-comment", "comment without an end").
				Hintf("close it with */")
		}
		s.comments = append(s.comments, ast.Comment{Place: ast.Place{At: at}, Text: at.Text()})
		s.pos = end
	}
	return false
}

// item scans one top-level part of the script.
func (s *scanner) item() {
	switch {
	case s.at(0) == '#' && s.at(1) == '!':
		s.diags.Errorf(s.span(s.pos, s.pos+2), codeSyntax, "a `#!` line has to be the first one")
		s.pos = lineEnd(s.text, s.pos)
	case s.at(0) == '#':
		s.emit(tokCText, preprocessorEnd(s.text, s.pos))
	case isCWord(word(s.text, s.pos)):
		s.cDefinition()
	case s.startsDecl():
		s.decl()
	default:
		s.probe()
	}
}

func (s *scanner) cDefinition() {
	end, ok := cDefinitionEnd(s.text, s.pos)
	if !ok {
		s.diags.Errorf(s.span(s.pos, s.pos+len(word(s.text, s.pos))), codeMissingBrace, "this C definition has no end").
			Hintf("it ends with `;` behind its closing `}`")
	}
	s.emit(tokCText, end)
}

// startsDecl reports whether a declaration begins here that is not a probe.
func (s *scanner) startsDecl() bool { return startsDecl(s.text, s.pos) }

// decl scans config, import, macro, fn and let: up to the end of their block, or up to a semicolon outside of one.
func (s *scanner) decl() {
	first := s.pos
	block := word(s.text, s.pos) != "import" && word(s.text, s.pos) != "let"
	for s.skip() {
		if !block && s.pos > first && s.startsItem() {
			return
		}
		if block && s.at(0) == '{' {
			s.braces()
			return
		}
		s.code()
		if t := s.last(); t.Type == tokOp && (t.Value == ";" || t.Value == "}") {
			return
		}
	}
}

// braces scans a block up to its closing brace, or up to where a new probe begins if that is missing.
func (s *scanner) braces() {
	depth := 0
	for s.skip() && !(depth > 0 && s.afterStatement() && s.startsItem()) {
		s.code()
		switch t := s.last(); {
		case t.Type != tokOp:
		case t.Value == "{":
			depth++
		case t.Value == "}":
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// afterStatement reports whether a statement could begin here.
func (s *scanner) afterStatement() bool {
	t := s.last()
	return t.Type == tokAngleOpen || t.Type == tokOp && (t.Value == ";" || t.Value == "{" || t.Value == "}")
}

// startsItem reports whether a new top-level part surely begins here, something that cannot be a statement: a word
// followed by a colon (an attach point), begin or end with a block, a declaration.
func (s *scanner) startsItem() bool {
	w := word(s.text, s.pos)
	if w == "" {
		return false
	}
	next := byteAt(s.text, s.pos+len(w))
	if next == ':' || next == '*' && byteAt(s.text, s.pos+len(w)+1) == ':' {
		return true
	}
	if isSpecialProbe(w) {
		after := byteAt(s.text, skipBlanks(s.text, s.pos+len(w)))
		return after == '{' || after == '/' || after == '<' || after == ','
	}
	return w != "let" && s.startsDecl()
}
