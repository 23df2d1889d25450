package cdef

import "github.com/gtrace/gtrace/lang/diag"

// parser reads preprocessed tokens.
type parser struct {
	unit  *Unit
	toks  []token
	pos   int
	diags reporter
	// bad is set once the declaration that is being read is known to be wrong: nothing more is said about it.
	bad   bool
	depth int
}

// peek returns the next token; at the end, one at the place of the last.
func (p *parser) peek() token {
	if p.pos < len(p.toks) {
		return p.toks[p.pos]
	}
	end := token{}
	if n := len(p.toks); n > 0 {
		end.at = p.toks[n-1].at
	}
	return end
}

func (p *parser) ahead(n int) token {
	if p.pos+n < len(p.toks) {
		return p.toks[p.pos+n]
	}
	return token{}
}

func (p *parser) take() token {
	t := p.peek()
	if p.pos < len(p.toks) {
		p.pos++
	}
	return t
}

func (p *parser) is(text string) bool { return p.peek().is(text) }

func (p *parser) accept(text string) bool {
	if p.bad || !p.is(text) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(text string) {
	if p.bad || p.accept(text) {
		return
	}
	found := "the end"
	if t := p.peek(); t.kind != tokEnd {
		found = "'" + t.text + "'"
	}
	p.errorf(p.peek(), "c-syntax", "expected '%s', found %s", text, found)
}

// errorf reports what is wrong with a declaration, once for each.
func (p *parser) errorf(at token, code diag.Code, format string, args ...any) *diag.Diagnostic {
	if p.bad {
		return &diag.Diagnostic{}
	}
	p.bad = true
	return p.diags.Errorf(at.at, code, format, args...)
}

// file reads all declarations.
func (p *parser) file() {
	for p.peek().kind != tokEnd {
		p.bad, p.depth = false, 0
		start := p.pos
		p.declaration()
		if p.bad {
			p.pos = start
			p.skipDeclaration()
		}
	}
}

// skipDeclaration goes behind the next semicolon outside of braces, or behind the braces if there is none.
func (p *parser) skipDeclaration() {
	depth := 0
	for p.peek().kind != tokEnd {
		switch t := p.take(); {
		case t.is("{"):
			depth++
		case t.is("}"):
			if depth--; depth <= 0 && p.peek().first && !p.is(";") {
				return
			}
		case t.is(";") && depth <= 0:
			return
		}
	}
}

// skipParens goes behind a group of parentheses, brackets or braces that begins here.
func (p *parser) skipGroup() {
	depth := 0
	for p.peek().kind != tokEnd {
		switch t := p.take(); {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			if depth--; depth <= 0 {
				return
			}
		}
	}
}

// skipBody goes behind the body of a function. The types of its parameters may stand before it, as in K&R C.
func (p *parser) skipBody() {
	behind, last := p.peek(), token{}
	for !p.is("{") && p.peek().kind != tokEnd {
		last = p.take()
	}
	if !p.is("{") || last.text != "" && !last.is(";") {
		p.errorf(behind, "c-syntax", "expected ';', found '%s'", behind.text)
		return
	}
	p.skipGroup()
}

// skipValue goes up to the comma or semicolon behind the value of a variable.
func (p *parser) skipValue() {
	for !p.is(",") && !p.is(";") && p.peek().kind != tokEnd {
		if p.is("(") || p.is("[") || p.is("{") {
			p.skipGroup()
			continue
		}
		p.take()
	}
}

// startsType reports whether a type begins here.
func (p *parser) startsType() bool {
	t := p.peek()
	if t.kind != tokIdent {
		return false
	}
	if isSpecifier(t.text) || isQualifier(t.text) || isTypeof(t.text) {
		return true
	}
	if _, ok := p.unit.typedefs[t.text]; ok {
		return true
	}
	_, ok := wellKnown(t.text)
	return ok
}

func isSpecifier(word string) bool {
	switch word {
	case "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "_Bool", "__int128", "struct", "union",
		"enum", "__signed__", "__signed":
		return true
	}
	return false
}

func isQualifier(word string) bool {
	switch word {
	case "const", "volatile", "restrict", "__restrict", "__const", "__volatile__", "__extension__", "_Atomic", "__user", "__kernel",
		"__iomem", "__percpu", "__rcu", "__force", "static", "extern", "inline", "__inline", "__always_inline", "register",
		"____cacheline_aligned", "__randomize_layout", "__inline__", "__const__", "__volatile", "__restrict__", "_Noreturn",
		"_Thread_local", "__thread", "auto":
		return true
	}
	return false
}

// isStorage reports whether a word may stand before variables and functions, and not before members.
func isStorage(word string) bool {
	switch word {
	case "static", "extern", "register", "auto", "typedef", "inline", "__inline", "__inline__", "_Noreturn", "_Thread_local", "__thread":
		return true
	}
	return false
}

func isTypeof(word string) bool {
	return word == "typeof" || word == "__typeof__" || word == "__typeof"
}

func isAsm(word string) bool { return word == "asm" || word == "__asm__" || word == "__asm" }
