package parser

import "strings"

// The functions of this file look at text from an offset on, without a scanner.

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isWordStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordChar(c byte) bool { return isWordStart(c) || isDigit(c) }

func byteAt(text string, i int) byte {
	if i >= len(text) {
		return 0
	}
	return text[i]
}

// word returns the identifier at an offset, or "".
func word(text string, i int) string {
	if !isWordStart(byteAt(text, i)) {
		return ""
	}
	return text[i:wordEnd(text, i)]
}

func wordEnd(text string, i int) int {
	for i < len(text) && isWordChar(text[i]) {
		i++
	}
	return i
}

func lineEnd(text string, i int) int {
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// commentEnd returns the end of the comment at an offset, the offset itself if there is none.
func commentEnd(text string, i int) (end int, closed bool) {
	switch {
	case strings.HasPrefix(text[i:], "//"):
		return lineEnd(text, i), true
	case !strings.HasPrefix(text[i:], "/*"):
		return i, true
	}
	if n := strings.Index(text[i+2:], "*/"); n >= 0 {
		return i + 2 + n + 2, true
	}
	return len(text), false
}

// skipBlanks returns the offset of the next character that is not blank or in a comment.
func skipBlanks(text string, i int) int {
	for i < len(text) {
		if isBlank(text[i]) {
			i++
			continue
		}
		end, _ := commentEnd(text, i)
		if end == i {
			break
		}
		i = end
	}
	return i
}

// stringEnd returns the offset behind the closing quote of the string at an offset, or false if its line ends first.
func stringEnd(text string, i int) (int, bool) {
	for j := i + 1; j < len(text) && text[j] != '\n'; j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1, true
		}
	}
	return lineEnd(text, i), false
}

// isSpecialProbe reports whether a word is a probe type that needs nothing behind it.
func isSpecialProbe(w string) bool {
	return strings.EqualFold(w, "begin") || strings.EqualFold(w, "end")
}

// isCWord reports whether a word at top level begins a C definition.
func isCWord(w string) bool {
	switch w {
	case "struct", "union", "enum", "typedef", "__attribute__", "static", "extern", "const", "volatile", "_Static_assert":
		return true
	}
	return false
}

// preprocessorEnd returns the end of a preprocessor line with its continuation lines.
func preprocessorEnd(text string, i int) int {
	for {
		end := lineEnd(text, i)
		if end >= len(text)-1 || !strings.HasSuffix(strings.TrimSuffix(text[i:end], "\r"), "\\") {
			return end
		}
		i = end + 1
	}
}

// cDefinitionEnd returns the end of the C definition at an offset: behind the semicolon outside of all braces, or behind
// the body of a struct, union or enum which nothing of C follows (the semicolon may be missing). It is false if there is no such place.
func cDefinitionEnd(text string, i int) (end int, ok bool) {
	depth, typedef := 0, strings.HasPrefix(text[i:], "typedef")
	for i = skipBlanks(text, i); i < len(text); i = skipBlanks(text, i) {
		switch text[i] {
		case '"':
			i, _ = stringEnd(text, i)
			continue
		case '{':
			depth++
		case '}':
			if depth--; depth <= 0 && !typedef && !continuesC(text, i+1) {
				return i + 1, true
			}
		case ';':
			if depth <= 0 {
				return i + 1, true
			}
		}
		i++
	}
	return len(text), false
}

// continuesC reports whether a C definition goes on behind the closing brace of its body.
func continuesC(text string, i int) bool {
	i = skipBlanks(text, i)
	if byteAt(text, i) == ';' || byteAt(text, i) == '*' {
		return true
	}
	w := word(text, i)
	if w == "__attribute__" {
		return true
	}
	after := byteAt(text, skipBlanks(text, i+len(w)))
	return w != "" && (after == ';' || after == '[')
}

// startsDecl reports whether at an offset a declaration begins that is not a probe: what follows the word decides, since
// each of the words may also be a name.
func startsDecl(text string, i int) bool {
	w := word(text, i)
	i = skipBlanks(text, i+len(w))
	switch w {
	case "config":
		return byteAt(text, i) == '=' && byteAt(text, skipBlanks(text, i+1)) == '{'
	case "import":
		return byteAt(text, i) == '"'
	case "macro", "fn":
		return isWordStart(byteAt(text, i))
	case "let":
		return byteAt(text, i) == '@' || byteAt(text, i) == '$'
	}
	return false
}
