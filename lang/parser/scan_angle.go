package parser

import "strings"

// angleState is what the scanner knows about the place inside a `< … >` block, to tell the `>` that closes it.
type angleState struct {
	depth    int  // open brackets of all kinds
	braces   int  // open braces among them
	ternary  int  // `?` still without their `:`
	inHeader bool // between if, while, for or unroll and its block
}

// angle scans an action block `< … >`. A `>` closes it outside of all brackets, if it stands where a statement could
// begin, or behind a complete expression when what follows cannot be an operand of a comparison (closesAngle).
func (s *scanner) angle() {
	s.emitRune(tokAngleOpen)
	var a angleState
	for s.skip() && !(s.afterStatement() && s.startsItem()) {
		if a.depth == 0 && s.at(0) == '>' && s.closesAngle(a) {
			s.emitRune(tokAngleClose)
			return
		}
		if a.depth == 0 && s.at(0) == '}' {
			s.emitRune(tokOp) // there is nothing to close: the block ends here and the parser says so
			return
		}
		s.code()
		a.note(s.last().Value)
	}
}

// note follows a token.
func (a *angleState) note(text string) {
	switch text {
	case "(", "[", "{":
		if a.depth == 0 && text == "{" {
			a.inHeader = false
		}
		a.depth++
		if text == "{" {
			a.braces++
		}
	case ")", "]", "}":
		a.depth = max(0, a.depth-1)
		if text == "}" {
			a.braces--
		}
	case "?":
		a.ternary++
	case ":":
		a.ternary = max(0, a.ternary-1)
	case ";":
		if a.braces <= 0 { // also where a bracket was left open
			*a = angleState{}
		}
	case "if", "while", "for", "unroll":
		if a.depth == 0 {
			a.inHeader = true
		}
	}
}

// closesAngle decides about a `>` outside of all brackets.
func (s *scanner) closesAngle(a angleState) bool {
	if s.at(1) == '=' || s.at(1) == '>' {
		return false
	}
	t := s.last()
	if !isOperandEnd(t) || s.afterStatement() {
		return true
	}
	return !a.inHeader && !s.operandFollows(a)
}

// operandFollows reports whether behind this `>` stands the right side of a comparison. The end of the script, a closing
// bracket or a separator is none; a word is none if it begins an attach point or a declaration.
func (s *scanner) operandFollows(a angleState) bool {
	i := skipBlanks(s.text, s.pos+1)
	c := byteAt(s.text, i)
	w := word(s.text, i)
	switch {
	case w == "":
		return isDigit(c) || c != 0 && strings.IndexByte("$@(\"-!~*&+{", c) >= 0
	case w == "if" || w == "comptime" || w == "sizeof" || w == "offsetof":
		return true
	case keywords[w] || isCWord(w):
		return false
	}
	return !s.wordStartsItem(i, w, a)
}

// wordStartsItem reports whether a word behind a `>` begins a new probe rather than an operand.
func (s *scanner) wordStartsItem(i int, w string, a angleState) bool {
	i += len(w)
	if c := byteAt(s.text, i); c == ':' || c == '*' && byteAt(s.text, i+1) == ':' {
		return a.ternary == 0
	}
	i = skipBlanks(s.text, i)
	switch c := byteAt(s.text, i); {
	case c == '{' || c == ',':
		return true
	case c == '=':
		return byteAt(s.text, i+1) != '='
	case c == '/' || c == '<':
		return isSpecialProbe(w)
	}
	return false
}
