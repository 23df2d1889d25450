package complete

import "strings"

// tokenKind is what a token of code is.
type tokenKind uint8

const (
	tokWord tokenKind = iota
	tokNumber
	tokString // with its quotes
	tokVar    // $x, also a lone $
	tokMap    // @x, also a lone @
	tokOp
	tokOpenString  // a string that the text ends in
	tokOpenComment // a comment that the text ends in
)

// token is a piece of code.
type token struct {
	kind       tokenKind
	start, end int
	text       string
	// match is the index of the bracket that this one closes, or -1.
	match int
}

func (t token) is(text string) bool { return t.kind == tokOp && t.text == text }

func (t token) isWord(words ...string) bool {
	if t.kind != tokWord {
		return false
	}
	for _, w := range words {
		if t.text == w {
			return true
		}
	}
	return false
}

// endsOperand reports whether an operand can end with the token.
func (t token) endsOperand() bool {
	switch t.kind {
	case tokWord:
		return !statementWord(t.text) && t.text != "else"
	case tokNumber, tokString, tokVar, tokMap:
		return true
	case tokOp:
		return t.text == ")" || t.text == "]" || t.text == "}" || t.text == "++" || t.text == "--"
	case tokOpenString, tokOpenComment:
		return false
	}
	panic("BUG: complete: unexpected kind of token")
}

// operators of more than one character that matter here: what would be misread if it were cut in two.
var operators = [...]string{"->", "..", "++", "--", "<<=", ">>=", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}

// nextToken returns the token at an offset, which is not blank. A comment is a token only if the text ends in it; others are skipped
// by skipBlanks.
func nextToken(text string, i int) token {
	c := text[i]
	switch {
	case isWordStart(c):
		return cut(tokWord, text, i, wordEnd(text, i))
	case isDigit(c):
		return cut(tokNumber, text, i, wordEnd(text, i))
	case c == '$':
		return cut(tokVar, text, i, wordEnd(text, i+1))
	case c == '@':
		return cut(tokMap, text, i, wordEnd(text, i+1))
	case c == '"':
		return stringToken(text, i)
	case isComment(text, i):
		return cut(tokOpenComment, text, i, len(text))
	}
	for _, op := range operators {
		if strings.HasPrefix(text[i:], op) {
			return cut(tokOp, text, i, i+len(op))
		}
	}
	return cut(tokOp, text, i, i+1)
}

func cut(kind tokenKind, text string, start, end int) token {
	return token{kind: kind, start: start, end: end, text: text[start:end], match: -1}
}

// stringToken reads a string; one that a line end cuts off ends there.
func stringToken(text string, i int) token {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return cut(tokString, text, i, j+1)
		case '\n':
			return cut(tokString, text, i, j)
		}
	}
	return cut(tokOpenString, text, i, len(text))
}

// skipBlanks returns the offset of the next character that is neither blank nor in a comment that ends. The comment that the text
// ends in is not skipped.
func skipBlanks(text string, i int) int {
	for i < len(text) {
		switch {
		case isBlank(text[i]):
			i++
		case strings.HasPrefix(text[i:], "//"):
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return i
			}
			i += n
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return i
			}
			i += n + 4
		default:
			return i
		}
	}
	return i
}

func isComment(text string, i int) bool {
	return strings.HasPrefix(text[i:], "//") || strings.HasPrefix(text[i:], "/*")
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isWordStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func wordEnd(text string, i int) int {
	for i < len(text) && (isWordStart(text[i]) || isDigit(text[i])) {
		i++
	}
	return i
}

func byteAt(text string, i int) byte {
	if i >= len(text) {
		return 0
	}
	return text[i]
}

// wordAt returns the name at an offset, or "".
func wordAt(text string, i int) string {
	if !isWordStart(byteAt(text, i)) {
		return ""
	}
	return text[i:wordEnd(text, i)]
}

// isPointChar reports whether a character, other than a slash, belongs to the text of an attach point.
func isPointChar(c byte) bool {
	return isWordStart(c) || isDigit(c) || c >= 0x80 || strings.IndexByte(".*?+-$@!~[]\\#%", c) >= 0 && c != 0
}
