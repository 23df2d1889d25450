package complete

// code is a stretch of statements, up to the cursor.
type code struct {
	text string // the whole text up to the cursor
	// from is where the stretch begins: behind the opening brace of a body.
	from int
	toks []token
	// open are the indices of the brackets that are open at the cursor.
	open []int
	// end is where the stretch ended: -1 if the cursor is in it.
	end int
}

// stop says where a stretch of code ends, if it ends before the cursor.
type stop uint8

const (
	stopNever     stop = iota
	stopBrace          // at the brace that closes the body
	stopAngle          // at the > that closes the body
	stopPredicate      // at the slash before a body
	stopSemicolon      // behind a semicolon outside of all brackets
)

// readCode cuts a stretch of code into tokens.
func readCode(text string, from int, until stop) *code {
	c := &code{text: text, from: from, end: -1}
	for i := skipBlanks(text, from); i < len(text); i = skipBlanks(text, i) {
		if len(c.open) == 0 && c.stops(i, until) {
			c.end = i + 1
			return c
		}
		t := nextToken(text, i)
		c.take(t)
		i = t.end
		if until == stopSemicolon && len(c.open) == 0 && (t.is(";") || t.is("}")) {
			c.end = i
			return c
		}
	}
	return c
}

// stops reports whether the stretch ends with the character at i, which is outside of all brackets.
func (c *code) stops(i int, until stop) bool {
	switch until {
	case stopBrace:
		return c.text[i] == '}'
	case stopAngle:
		return c.text[i] == '>' && c.closesAngle(i)
	case stopPredicate:
		return c.text[i] == '/' && c.beforeBody(i+1)
	case stopNever, stopSemicolon:
		return false
	}
	panic("BUG: complete: unexpected stop")
}

func (c *code) beforeBody(i int) bool {
	b := byteAt(c.text, skipBlanks(c.text, i))
	return b == '{' || b == '<'
}

// closesAngle tells the > that ends a `< … >` body from a comparison: nothing that could be compared stands before it, or nothing
// follows in its line.
func (c *code) closesAngle(i int) bool {
	last := c.last()
	if last.text == "" || last.is(";") || last.is("}") || !last.endsOperand() {
		return true
	}
	for i++; i < len(c.text) && isBlank(c.text[i]); i++ {
		if c.text[i] == '\n' {
			return true
		}
	}
	return false
}

// take adds a token and keeps the brackets.
func (c *code) take(t token) {
	if t.kind == tokOp {
		switch t.text {
		case "(", "[", "{":
			c.open = append(c.open, len(c.toks))
		case ")", "]", "}":
			if n := len(c.open); n > 0 {
				t.match = c.open[n-1]
				c.open = c.open[:n-1]
			}
		}
	}
	c.toks = append(c.toks, t)
}

// last returns the last token; the zero token before the first one.
func (c *code) last() token { return c.at(len(c.toks) - 1) }

func (c *code) at(i int) token {
	if i < 0 || i >= len(c.toks) {
		return token{kind: tokOp, match: -1}
	}
	return c.toks[i]
}

// split takes the word off that ends at the cursor: a name, a variable, a map. The index is that of the last token before it.
func (c *code) split() (word token, before int) {
	n := len(c.toks) - 1
	t := c.last()
	if n >= 0 && t.end == len(c.text) && (t.kind == tokWord || t.kind == tokVar || t.kind == tokMap || t.kind == tokNumber) {
		return t, n - 1
	}
	return token{kind: tokWord, start: len(c.text), end: len(c.text), match: -1}, n
}

// statement returns the index of the first token of the statement that holds the cursor.
func (c *code) statement() int {
	floor := -1
	for i := len(c.open) - 1; i >= 0; i-- {
		if c.toks[c.open[i]].is("{") {
			floor = c.open[i]
			break
		}
	}
	for i := len(c.toks) - 1; i > floor; i-- {
		t := c.toks[i]
		switch {
		case t.match >= 0:
			if t.is("}") && c.endsStatement(i) {
				return i + 1
			}
			i = t.match // what is in brackets is no statement of this block
		case t.is(";"):
			return i + 1
		}
	}
	return floor + 1
}

// endsStatement reports whether the closing brace at an index ends its statement: an operator behind it would go on.
func (c *code) endsStatement(i int) bool {
	next := c.at(i + 1)
	return next.text == "" || next.kind != tokOp || next.is("(") || next.is("{") || next.is("*") || next.is("&")
}

// closers returns the text that closes the braces that are open at the cursor, with what is between them.
func (c *code) closers() string {
	floor := 0
	for i, b := range c.open {
		if c.toks[b].is("{") {
			floor = i + 1
		}
	}
	out := ""
	for i := floor - 1; i >= 0; i-- {
		switch c.toks[c.open[i]].text {
		case "{":
			out += " 0 }" // a value, if it is a block that has one
		case "(":
			out += " )"
		case "[":
			out += " ]"
		}
	}
	return out
}

// call is the innermost call that the cursor is in the arguments of.
type call struct {
	name string
	// arg is the number of the argument, first the index of the first token of the arguments.
	arg, first int
}

// call finds the innermost call around the cursor, if there is one right around it. before is the index of the last token before
// the word.
func (c *code) call(before int) (call, bool) {
	if len(c.open) == 0 {
		return call{}, false
	}
	open := c.open[len(c.open)-1]
	name := c.at(open - 1)
	if !c.toks[open].is("(") || name.kind != tokWord {
		return call{}, false
	}
	out := call{name: name.text, first: open + 1}
	for i := before; i > open; i-- {
		switch t := c.toks[i]; {
		case t.match >= 0:
			i = t.match
		case t.is(","):
			out.arg++
		}
	}
	return out, true
}

// operand returns where the operand begins that ends with the token at an index: a name, a call, something in parentheses, with its
// fields and indices. It is -1 if there is none.
func (c *code) operand(i int) int {
	for {
		t := c.at(i)
		switch {
		case i < 0 || !t.endsOperand() || t.is("++") || t.is("--"):
			return -1
		case t.is("]") && t.match >= 0:
			i = t.match - 1
			continue
		case (t.is(")") || t.is("}")) && t.match >= 0:
			i = t.match
			if name := c.at(i - 1); t.is(")") && name.kind == tokWord && !statementWord(name.text) {
				i--
			}
		case t.kind == tokOp:
			return -1
		}
		if dot := c.at(i - 1); !dot.is(".") && !dot.is("->") {
			return i
		}
		i -= 2
	}
}
