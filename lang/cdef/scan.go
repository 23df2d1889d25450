package cdef

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokIdent
	tokNumber
	tokString
	tokChar
	tokPunct
)

// token is one preprocessing token of C.
type token struct {
	kind tokenKind
	text string
	at   diag.Span
	// first is set for the first token of a line; spaced for one behind a blank.
	first, spaced bool
	// pack is the largest alignment of members that #pragma pack allows here; 0 if it says nothing.
	pack int
}

func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokPunct || t.kind == tokIdent)
}

// value returns what a string or character literal stands for.
func (t token) value() string {
	body := t.text[1 : len(t.text)-1]
	var b strings.Builder
	for body != "" {
		r, wide, rest, err := strconv.UnquoteChar(body, 0)
		switch {
		case err != nil && strings.HasPrefix(body, `\0`):
			b.WriteByte(0)
			rest = body[2:]
		case err != nil:
			b.WriteByte(body[0])
			rest = body[1:]
		case wide:
			b.WriteRune(r)
		default:
			b.WriteByte(byte(r))
		}
		body = rest
	}
	return b.String()
}

// scanner cuts a piece of a file into tokens.
type scanner struct {
	text          string
	at            diag.Span
	pos           int
	first, spaced bool
}

// scan returns the tokens of a piece.
func scan(piece diag.Span) []token {
	s := &scanner{text: piece.Text(), at: piece, first: true}
	var out []token
	for s.skip(); s.pos < len(s.text); s.skip() {
		out = append(out, s.next())
	}
	return out
}

// skip goes over blanks, comments and continued lines.
func (s *scanner) skip() {
	for s.pos < len(s.text) {
		rest := s.text[s.pos:]
		switch {
		case rest[0] == '\n':
			s.first = true
			s.pos++
		case strings.IndexByte(" \t\r\f\v", rest[0]) >= 0:
			s.pos++
		case strings.HasPrefix(rest, "\\\n"):
			s.pos += 2
		case strings.HasPrefix(rest, "\\\r\n"):
			s.pos += 3
		case strings.HasPrefix(rest, "//"):
			s.pos += length(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			s.pos = min(len(s.text), s.pos+2+length(rest[2:], "*/")+2)
		default:
			return
		}
		s.spaced = true
	}
}

// length returns the number of bytes before a mark, all of them if it is not there.
func length(text, mark string) int {
	if n := strings.Index(text, mark); n >= 0 {
		return n
	}
	return len(text)
}

func (s *scanner) next() token {
	start := s.pos
	kind := s.advance()
	t := token{kind: kind, text: s.text[start:s.pos], first: s.first, spaced: s.spaced}
	t.at = diag.Span{File: s.at.File, Start: s.at.Start + start, End: s.at.Start + s.pos}
	s.first, s.spaced = false, false
	return t
}

// advance goes behind the next token.
func (s *scanner) advance() tokenKind {
	c := s.text[s.pos]
	switch {
	case isLetter(c):
		s.while(func(c byte) bool { return isLetter(c) || isDigit(c) })
		return tokIdent
	case isDigit(c):
		s.while(func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })
		return tokNumber
	case c == '"' && s.quoted('"'):
		return tokString
	case c == '\'' && s.quoted('\''):
		return tokChar
	}
	for _, op := range []string{"...", "<<=", ">>=", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "##", "->"} {
		if strings.HasPrefix(s.text[s.pos:], op) {
			s.pos += len(op)
			return tokPunct
		}
	}
	s.pos++
	return tokPunct
}

func (s *scanner) while(ok func(byte) bool) {
	for s.pos < len(s.text) && ok(s.text[s.pos]) {
		s.pos++
	}
}

// quoted goes behind a literal; it stays if the literal is not closed in its line.
func (s *scanner) quoted(quote byte) bool {
	for i := s.pos + 1; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch s.text[i] {
		case '\\':
			i++
		case quote:
			s.pos = i + 1
			return true
		}
	}
	return false
}

func isLetter(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
