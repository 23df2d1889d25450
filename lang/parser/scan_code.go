package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// code scans one token of a statement or expression.
func (s *scanner) code() {
	switch c := s.at(0); {
	case isWordStart(c):
		s.emit(tokIdent, wordEnd(s.text, s.pos))
	case isDigit(c):
		s.emit(tokInt, wordEnd(s.text, s.pos))
	case c == '"':
		s.stringLit()
	case c == '@':
		s.emit(tokMap, s.pos+1+len(word(s.text, s.pos+1)))
	case c == '$':
		s.dollar()
	default:
		s.operator()
	}
}

func (s *scanner) dollar() {
	switch c := s.at(1); {
	case isWordStart(c):
		s.emit(tokVar, wordEnd(s.text, s.pos+1))
	case c == '#':
		s.emit(tokPosParam, s.pos+2)
	case isDigit(c):
		end := s.pos + 1
		for isDigit(byteAt(s.text, end)) {
			end++
		}
		s.emit(tokPosParam, end)
	default:
		s.diags.Errorf(s.span(s.pos, s.pos+1), "bad-character", "`$` without a name").
			Hintf("scratch variables are $name, positional parameters $1, $2, … and $#")
		s.emit(tokInvalid, s.pos+1)
	}
}

func (s *scanner) operator() {
	for _, op := range operators {
		if strings.HasPrefix(s.text[s.pos:], op) {
			s.emit(tokOp, s.pos+len(op))
			return
		}
	}
	if strings.IndexByte(operatorChars, s.at(0)) >= 0 {
		s.emit(tokOp, s.pos+1)
		return
	}
	s.badCharacter()
}

// badCharacter reports a run of characters that mean nothing and drops them.
func (s *scanner) badCharacter() {
	start := s.pos
	for s.pos < len(s.text) && s.pos-start < 40 && !isBlank(s.at(0)) && !isWordChar(s.at(0)) &&
		strings.IndexByte(operatorChars+"\"@$", s.at(0)) < 0 {
		s.pos++
	}
	d := s.diags.Errorf(s.span(start, s.pos), "bad-character", "unexpected character %q", s.text[start:s.pos])
	switch c := s.text[start]; c {
	case '\'', '`':
		d.Hintf("strings are written in double quotes")
		s.foreignQuote(start, c)
	case '#':
		d.Hintf("comments begin with // or stand between /* and */")
		s.pos = lineEnd(s.text, start)
	}
}

// foreignQuote reads a text in quotes of another language as one token, if it ends on its line.
func (s *scanner) foreignQuote(start int, quote byte) {
	end := start + 1
	for end < len(s.text) && s.text[end] != '\n' && s.text[end] != quote {
		end++
	}
	if byteAt(s.text, end) == quote {
		s.pos = start
		s.emit(tokInvalid, end+1)
	}
}

// stringLit scans a string. One without an end is reported, and leaves the brackets and semicolons at the end of its line
// to be read, so that the next statement is understood.
func (s *scanner) stringLit() {
	end, ok := stringEnd(s.text, s.pos)
	if ok {
		s.emit(tokString, end)
		return
	}
	s.diags.Errorf(s.span(s.pos, end), "unterminated-string", "unterminated string").
		Hintf("close it with \" on the same line; a line end in a string is written \\n")
	body := strings.TrimRight(s.text[s.pos:end], " \t\r;)}")
	s.emit(tokInvalid, s.pos+max(1, len(body)))
}

// isOperandEnd reports whether an expression can end with a token.
func isOperandEnd(t lexer.Token) bool {
	switch t.Type {
	case tokIdent:
		return !keywords[t.Value] && t.Value != "if" && t.Value != "comptime"
	case tokInt, tokString, tokVar, tokPosParam, tokMap, tokInvalid:
		return true
	case tokOp:
		return t.Value == ")" || t.Value == "]" || t.Value == "}" || t.Value == "++" || t.Value == "--"
	}
	return false
}
