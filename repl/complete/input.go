package complete

import "strings"

// input answers for a text that ends at the cursor: a command of the session, or a piece of a script.
func (a *answer) input(text string) {
	a.word(len(text), "")
	if a.command(text) {
		return
	}
	s := &script{answer: a, text: text}
	s.run()
}

// script finds out what part of a script the cursor is in.
type script struct {
	*answer
	text string // up to the cursor
	// item is where the top-level part begins that holds the cursor.
	item int
}

// run goes through the top-level parts up to the one that holds the cursor, and answers there.
func (s *script) run() {
	i := 0
	for {
		if i = skipBlanks(s.text, i); i >= len(s.text) {
			s.startOf("", len(s.text))
			return
		}
		if isComment(s.text, i) {
			return
		}
		s.item = i
		if i = s.part(i); i < 0 {
			return
		}
	}
}

// part reads the top-level part at an offset and returns where it ends, or -1 if the cursor is in it and was answered.
func (s *script) part(i int) int {
	w := wordAt(s.text, i)
	after := skipBlanks(s.text, i+len(w))
	switch {
	case s.text[i] == '#':
		return s.preprocessor(i)
	case w != "" && i+len(w) == len(s.text):
		s.startOf(w, i)
		return -1
	case isCWord(w):
		return s.cDefinition(i)
	case w == "config" && (byteAt(s.text, after) == '=' || after == len(s.text)):
		return s.config(after)
	case w == "import":
		return s.importFile(after)
	case w == "let" && after == len(s.text):
		return -1 // a name that only the user knows
	case w == "let" && s.text[after] == '@':
		return s.mapDecl(after)
	case (w == "macro" || w == "fn") && isWordStart(byteAt(s.text, after)):
		return s.function(i, after)
	case s.startsStatement(i, w, after):
		return s.statements(i)
	}
	return s.probe(i)
}

// startsStatement reports whether what begins at i, with the word w and after it the character at after, is a statement typed at the
// prompt rather than an attach point.
func (s *script) startsStatement(i int, w string, after int) bool {
	if w == "" {
		end := i
		for end < len(s.text) && isPointChar(s.text[end]) {
			end++
		}
		return byteAt(s.text, end) != ':' || s.text[i] == '$' || s.text[i] == '@'
	}
	next := byteAt(s.text, i+len(w))
	switch {
	case statementWord(w):
		return true
	case next == ':' || next == '*' && strings.IndexByte(s.text[i:], ':') > 0:
		return false
	case isEdge(w):
		b := byteAt(s.text, after)
		return b != '{' && b != '/' && b != '<' && b != ',' && b != 0
	}
	switch byteAt(s.text, after) {
	case '{', ',', 0:
		return false
	case '=':
		return byteAt(s.text, after+1) == '='
	}
	return true
}

// isEdge reports whether a word is a probe type that nothing has to follow.
func isEdge(w string) bool { return strings.EqualFold(w, "begin") || strings.EqualFold(w, "end") }

// isCWord reports whether a word at top level begins a C definition.
func isCWord(w string) bool {
	switch w {
	case "struct", "union", "enum", "typedef":
		return true
	}
	return false
}

// preprocessor reads a line that begins with #.
func (s *script) preprocessor(i int) int {
	if n := strings.IndexByte(s.text[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	line := s.text[i:]
	if rest, ok := strings.CutPrefix(line, "#include"); ok {
		if rest = strings.TrimLeft(rest, " \t"); strings.HasPrefix(rest, `"`) && strings.Count(rest, `"`) == 1 {
			s.files(len(s.text)-len(rest)+1, rest[1:], `"`)
		}
		return -1
	}
	s.word(i, line)
	for _, w := range []string{"#define ", "#include "} {
		s.add(w, "C definition")
	}
	return -1
}

// files completes the path of a file; close stands behind files, not behind folders.
func (s *script) files(start int, prefix, close string) {
	s.word(start, prefix)
	for _, n := range s.src.Files(prefix) {
		if n.Suffix == "" {
			n.Suffix = close
		}
		s.addAll(n)
	}
}

// cDefinition reads a C definition: up to a semicolon outside of its braces, or up to the brace that closes its body where nothing of
// C follows.
func (s *script) cDefinition(i int) int {
	c := readCode(s.text, i, stopSemicolon)
	if c.end >= 0 {
		if semi := skipBlanks(s.text, c.end); byteAt(s.text, semi) == ';' {
			return semi + 1
		}
		return c.end
	}
	s.cWord(c)
	return -1
}

// cWord completes a name in a C definition: a type, since the names of members are the user's.
func (s *script) cWord(c *code) {
	w, before := c.split()
	if w.kind != tokWord || c.last().kind == tokOpenComment || c.last().kind == tokOpenString {
		return
	}
	s.word(w.start, w.text)
	prev := c.at(before)
	switch {
	case prev.isWord("struct", "union", "enum"):
		s.tags(prev.text, s.text)
	case prev.is(";") || prev.is("{"):
		s.addTypeWords("")
		s.addTypedefs()
	}
}

// config completes names and values between the braces of a config block.
func (s *script) config(i int) int {
	i = skipBlanks(s.text, i+1)
	if byteAt(s.text, i) != '{' {
		return s.unfinished(i)
	}
	c := readCode(s.text, i+1, stopBrace)
	if c.end >= 0 {
		return c.end
	}
	w, before := c.split()
	if w.kind != tokWord || c.last().kind == tokOpenComment {
		return -1
	}
	s.word(w.start, w.text)
	switch prev := c.at(before); {
	case prev.text == "" || prev.is(";") || prev.is(","):
		s.addSettings(" = ")
	case prev.is("="):
		s.addSettingValues(c.at(before - 1).text)
	}
	return -1
}

// unfinished ends a part that is broken off at the cursor; behind anything else it is given up.
func (s *script) unfinished(i int) int {
	if i >= len(s.text) {
		return -1
	}
	return nextItem(s.text, i)
}

// nextItem returns where reading goes on behind something that is not understood: behind the next semicolon or line.
func nextItem(text string, i int) int {
	if n := strings.IndexAny(text[i:], ";\n"); n >= 0 {
		return i + n + 1
	}
	return -1
}

// importFile completes the path of an import.
func (s *script) importFile(i int) int {
	if byteAt(s.text, i) != '"' {
		return s.unfinished(i)
	}
	t := stringToken(s.text, i)
	if t.kind == tokOpenString {
		s.files(i+1, s.text[i+1:], `";`)
		return -1
	}
	end := skipBlanks(s.text, t.end)
	if byteAt(s.text, end) == ';' {
		end++
	}
	return end
}

// mapDecl completes the kind in `let @m = kind(n);`.
func (s *script) mapDecl(i int) int {
	c := readCode(s.text, i, stopSemicolon)
	if c.end >= 0 {
		return c.end
	}
	w, before := c.split()
	if c.at(before).is("=") && w.kind == tokWord {
		s.word(w.start, w.text)
		for _, k := range mapKinds {
			s.add(k.name+"(", k.doc)
		}
	}
	return -1
}

// function reads a macro or a function: types in its head, code in its body.
func (s *script) function(i, name int) int {
	head := readHead(s.text, name)
	if head.end < 0 {
		w, before := head.split()
		if prev := head.at(before); w.kind == tokWord && prev.is(":") {
			s.word(w.start, w.text)
			s.addTypes()
		} else if prev.isWord("struct", "union", "enum") {
			s.word(w.start, w.text)
			s.tags(prev.text, s.text)
		}
		return -1
	}
	c := readCode(s.text, head.end, stopBrace)
	if c.end >= 0 {
		return c.end
	}
	b := &body{script: s, code: c, head: "begin", params: parameters(head), lets: lets(head)}
	b.complete()
	return -1
}

// readHead reads up to the brace that opens a body; end is behind it, or -1.
func readHead(text string, from int) *code {
	c := &code{text: text, from: from, end: -1}
	for i := skipBlanks(text, from); i < len(text); i = skipBlanks(text, i) {
		if text[i] == '{' && len(c.open) == 0 {
			c.end = i + 1
			return c
		}
		t := nextToken(text, i)
		c.take(t)
		i = t.end
	}
	return c
}

// parameters returns the variables and maps in a head.
func parameters(head *code) []string {
	var out []string
	for _, t := range head.toks {
		if t.kind == tokVar || t.kind == tokMap {
			out = append(out, t.text)
		}
	}
	return out
}

// lets declares the typed parameters of a head as variables, so that the checker knows their types in the body.
func lets(head *code) string {
	var out strings.Builder
	for i, t := range head.toks {
		if t.kind != tokVar || !head.at(i+1).is(":") {
			continue
		}
		end := i + 2
		for end < len(head.toks) && !head.toks[end].is(",") && !head.toks[end].is(")") {
			end++
		}
		if end > i+2 {
			out.WriteString("let " + head.text[t.start:head.toks[end-1].end] + "; ")
		}
	}
	return out.String()
}

// statements reads statements typed at the prompt, which nothing ends.
func (s *script) statements(i int) int {
	b := &body{script: s, code: readCode(s.text, i, stopNever), head: "begin"}
	b.complete()
	return -1
}
