package cdef

import "github.com/gtrace/gtrace/lang/types"

// declaration reads one declaration at top level.
func (p *parser) declaration() {
	if p.accept(";") {
		return
	}
	if p.accept("_Static_assert") {
		p.staticAssert()
		return
	}
	if isAsm(p.peek().text) {
		p.take()
		p.skipGroup()
		p.expect(";")
		return
	}
	typedef := false
	for p.accept("typedef") {
		typedef = true
	}
	start := p.peek()
	base, attrs := p.specifiers(true)
	typedef = p.accept("typedef") || typedef
	for !p.bad {
		// A script may leave out the semicolon behind a body.
		if t := p.peek(); p.accept(";") || !typedef && base.tag != nil && (t.kind == tokEnd || t.first) && !t.is("*") {
			return
		}
		name, t := p.declarator(base)
		attrs = attrs.join(p.attributes())
		if t.function && !p.is(";") && !p.is(",") {
			p.skipBody()
			return
		}
		if p.accept("=") {
			p.skipValue()
		}
		if typedef {
			p.typedef(start, name, t, attrs)
		}
		if !p.accept(",") {
			p.expect(";")
			return
		}
	}
}

// typedef enters a name for a type.
func (p *parser) typedef(start, name token, t ctype, attrs attributes) {
	if p.bad {
		return
	}
	if name.kind != tokIdent {
		p.errorf(start, "c-syntax", "typedef requires a name")
		return
	}
	if t = attrs.vectorOf(t); attrs.align > 0 {
		t.align = attrs.align
	}
	switch x := t.typ.(type) {
	case *types.Struct:
		if x.Name == "" {
			x.Name = name.text
		}
	case *types.Enum:
		if x.Name == "" {
			x.Name = name.text
		}
	default: // no other type matters here
	}
	if old, ok := p.unit.typedefs[name.text]; ok && !types.Equal(old.typ, t.typ) {
		p.errorf(name, "c-redefinition", "typedef redefinition with different types ('%s' vs '%s')", t.typ, old.typ)
		return
	}
	p.unit.typedefs[name.text] = t
}

func (p *parser) staticAssert() {
	p.expect("(")
	at := p.peek()
	n := p.expr()
	if p.accept(",") {
		p.take()
	}
	p.expect(")")
	p.expect(";")
	if !p.bad && n.v == 0 {
		p.errorf(at, "c-error", "static assertion failed")
	}
}

// specifiers reads the type in front of declarators: int, const struct x, u32. Attributes that are about what is declared and
// not about the body are returned.
func (p *parser) specifiers(top bool) (ctype, attributes) {
	var words basicWords
	var t ctype
	var attrs attributes
	for !p.bad {
		attrs = attrs.join(p.attributes())
		tok := p.peek()
		switch {
		case tok.kind != tokIdent:
			return p.settle(words, t, top), attrs
		case !top && isStorage(tok.text):
			p.errorf(tok, "c-syntax", "type name does not allow storage class to be specified")
		case tok.is("_Atomic") && p.ahead(1).is("("), isTypeof(tok.text):
			t = p.typeof()
		case isQualifier(tok.text):
			p.take()
		case tok.is("struct") || tok.is("union"):
			t = p.structSpecifier()
			return t, attrs.join(p.trailing())
		case tok.is("enum"):
			t = p.enumSpecifier()
			return t, attrs.join(p.trailing())
		case isSpecifier(tok.text):
			words.add(p.take().text)
		case words.any || t.typ != nil:
			return p.settle(words, t, top), attrs
		default:
			t = p.typedefName()
		}
	}
	return of(types.Int32), attrs
}

// trailing reads the qualifiers behind a struct.
func (p *parser) trailing() attributes {
	a := p.attributes()
	for !p.bad && isQualifier(p.peek().text) {
		p.take()
		a = a.join(p.attributes())
	}
	return a
}

// settle returns the type that specifiers stand for.
func (p *parser) settle(words basicWords, t ctype, top bool) ctype {
	switch {
	case t.typ != nil:
		return t
	case words.any:
		return words.ctype()
	}
	what := "expected a type"
	if top {
		what = "expected a definition of a type"
	}
	p.errorf(p.peek(), "c-syntax", "%s", what)
	return of(types.Int32)
}

// typedefName reads a word that has to be a typedef: of the text, a well-known one, or one of the kernel.
func (p *parser) typedefName() ctype {
	tok := p.take()
	if t, ok := p.unit.typedefs[tok.text]; ok {
		return t
	}
	if t, ok := wellKnown(tok.text); ok {
		return of(t)
	}
	if t, ok := p.unit.lookup("", tok.text); ok {
		return of(t)
	}
	d := p.errorf(tok, "c-unknown-type", "unknown type name '%s'", tok.text)
	for _, keyword := range []string{"struct", "union", "enum"} {
		if _, ok := p.unit.tags[keyword+" "+tok.text]; ok {
			d.Hintf("must use '%s' tag to refer to it: %s %s", keyword, keyword, tok.text)
		}
	}
	return of(types.Int32)
}

// basicWords counts the words of a basic type.
type basicWords struct {
	any, char, short, signed, unsigned, float, double, void, boolean, wide bool
	long                                                                   int
}

func (b *basicWords) add(word string) {
	b.any = true
	switch word {
	case "char":
		b.char = true
	case "short":
		b.short = true
	case "long":
		b.long++
	case "unsigned":
		b.unsigned = true
	case "signed":
		b.signed = true
	case "float":
		b.float = true
	case "double":
		b.double = true
	case "void":
		b.void = true
	case "_Bool":
		b.boolean = true
	case "__int128":
		b.wide = true
	}
}

func (b *basicWords) ctype() ctype {
	size := 4
	switch {
	case b.void:
		return ctype{typ: types.Void{}, size: 1, align: 1}
	case b.boolean:
		return of(types.Uint8)
	case b.wide:
		return ctype{typ: types.Array{Elem: types.Uint64, Len: 2}, size: 16, align: 16}
	case b.float:
		return opaque(4)
	case b.double:
		return opaque(8 * (1 + b.long))
	case b.char:
		c := of(types.Int{Size: 1, Signed: !b.unsigned})
		c.char = !b.unsigned && !b.signed
		return c
	case b.short:
		size = 2
	case b.long > 0:
		size = 8
	}
	return of(types.Int{Size: size, Signed: !b.unsigned})
}

// typeof reads typeof(int), typeof(1 + 2) or _Atomic(int).
func (p *parser) typeof() ctype {
	p.take()
	p.expect("(")
	var t ctype
	if p.startsType() {
		t = p.typeName()
	} else {
		t = p.expr().ctype()
	}
	p.expect(")")
	return t
}

// typeName reads a type as it stands in parentheses.
func (p *parser) typeName() ctype {
	base, _ := p.specifiers(false)
	_, t := p.declarator(base)
	return t
}
