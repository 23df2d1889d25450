package parser

// probe scans attach points, predicate and action block. It ends with the block, or at a stray semicolon or brace.
func (s *scanner) probe() {
	for s.skip() {
		switch c := s.at(0); {
		case c == '{':
			s.braces()
			return
		case c == '<':
			s.angle()
			return
		case c == '/' && !s.slashIsPath(s.pos):
			s.predicate()
		case c == ';' || c == '}':
			s.emitRune(tokOp)
			return
		case c == '"':
			s.stringLit()
		case isAttachChar(c) || c == '/':
			s.emit(tokAttach, s.attachEnd())
		default:
			s.emitRune(tokOp)
		}
	}
}

// isAttachChar reports whether a character, other than a slash, belongs to the text of an attach point.
func isAttachChar(c byte) bool {
	if isWordChar(c) || c >= 0x80 {
		return true
	}
	switch c {
	case '_', '.', '*', '?', '+', '-', '$', '@', '!', '~', '[', ']', '\\', '#', '%':
		return true
	}
	return false
}

// attachEnd returns the end of the attach point text that begins here.
func (s *scanner) attachEnd() int {
	i, path := s.pos, false
	for i < len(s.text) && (isAttachChar(s.text[i]) || s.text[i] == '/') {
		if s.text[i] == '/' && !path {
			if path = s.slashIsPath(i); !path {
				break
			}
		}
		i++
	}
	return i
}

// slashIsPath tells a slash in a path from the one that begins a predicate. A part that begins with `/`, `.` or `~` right
// after a colon is a path throughout, unless it begins and ends with a slash; elsewhere a slash belongs to a path only if
// the run of path characters around it ends at a colon: `uprobe:lib/x.so:f` but `kprobe:f/pid == 1/`.
func (s *scanner) slashIsPath(slash int) bool {
	start, end := slash, slash
	for start > 0 && (isAttachChar(s.text[start-1]) || s.text[start-1] == '/') {
		start--
	}
	for end < len(s.text) && (isAttachChar(s.text[end]) || s.text[end] == '/') {
		end++
	}
	if byteAt(s.text, end) == ':' {
		return start > 0 && s.text[start-1] == ':'
	}
	if start == 0 || s.text[start-1] != ':' || s.text[end-1] == '/' {
		return false
	}
	switch s.text[start] {
	case '/', '.', '~':
		next := byteAt(s.text, skipBlanks(s.text, end))
		return next == '{' || next == ',' || next == '<' || next == '/' || next == '"' || next == 0
	}
	return false
}

// predicate scans `/ … /`. It ends at the first slash outside of all brackets that an action block follows. If there is
// none, it ends where the action block seems to begin, and the parser reports the missing slash.
func (s *scanner) predicate() {
	s.emitRune(tokPredOpen)
	depth, blocks := 0, false
	for s.skip() {
		c := s.at(0)
		if depth == 0 && c == '/' && s.beforeBlock() {
			s.emitRune(tokPredClose)
			return
		}
		if depth == 0 && (c == ';' || c == '}' || c == '{' && !blocks && isOperandEnd(s.last())) {
			return
		}
		s.code()
		switch t := s.last(); t.Value {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case "if", "comptime":
			blocks = true
		}
	}
}

// beforeBlock reports whether the character after this one begins an action block.
func (s *scanner) beforeBlock() bool {
	c := byteAt(s.text, skipBlanks(s.text, s.pos+1))
	return c == '{' || c == '<'
}
