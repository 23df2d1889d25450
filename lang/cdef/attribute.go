package cdef

import (
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

// attributes are what __attribute__ says about a type or a member.
type attributes struct {
	packed bool
	// align is 0 if nothing is said, vector is the size of a vector in bytes or 0.
	align, vector int
}

func (a attributes) join(b attributes) attributes {
	return attributes{packed: a.packed || b.packed, align: max(a.align, b.align), vector: max(a.vector, b.vector)}
}

// vectorOf returns the type that a type becomes by vector_size.
func (a attributes) vectorOf(t ctype) ctype {
	if a.vector == 0 || t.size == 0 {
		return t
	}
	return ctype{typ: types.Array{Elem: t.typ, Len: a.vector / t.size}, size: a.vector, align: a.vector}
}

// maxAlign is the alignment of __attribute__((aligned)) without a number.
const maxAlign = 16

// attributes reads any number of __attribute__((…)), [[…]], _Alignas(…) and asm("name").
func (p *parser) attributes() attributes {
	var a attributes
	for !p.bad {
		switch {
		case p.accept("__packed"):
			a.packed = true
		case p.accept("_Alignas"):
			p.expect("(")
			a.align = max(a.align, p.alignment())
			p.expect(")")
		case p.is("[") && p.ahead(1).is("["):
			a = a.join(p.attributeList("[", "]"))
		case p.accept("__attribute__"), p.accept("__attribute"):
			a = a.join(p.attributeList("(", ")"))
		case isAsm(p.peek().text) && p.ahead(1).is("("):
			p.take()
			p.skipGroup()
		default:
			return a
		}
	}
	return a
}

// attributeList reads attributes between doubled brackets.
func (p *parser) attributeList(opening, closing string) attributes {
	var a attributes
	p.expect(opening)
	p.expect(opening)
	for !p.bad && !p.is(closing) {
		a = a.join(p.attribute())
		if !p.accept(",") {
			break
		}
	}
	p.expect(closing)
	p.expect(closing)
	return a
}

// attribute reads one attribute. Those that do not change how things lie in memory are skipped.
func (p *parser) attribute() attributes {
	name := p.take()
	for p.is(":") && p.ahead(1).is(":") { // gnu::packed
		p.take()
		p.take()
		name = p.take()
	}
	word := strings.Trim(name.text, "_")
	var a attributes
	switch {
	case word == "packed":
		a.packed = true
	case word == "aligned" && p.accept("("):
		a.align = p.alignment()
		p.expect(")")
		return a
	case word == "aligned":
		a.align = maxAlign
	case word == "vector_size" && p.accept("("):
		a.vector = p.alignment()
		p.expect(")")
		return a
	case word == "mode", word == "ms_struct":
		p.errorf(name, "unsupported", "__attribute__((%s)) is not supported", word)
	}
	if p.is("(") {
		p.skipGroup()
	}
	return a
}

// alignment reads a power of two, or a type that has one.
func (p *parser) alignment() int {
	at := p.peek()
	if p.startsType() {
		return p.complete(p.typeName(), at).align
	}
	n := p.expr()
	if n.v <= 0 || n.v&(n.v-1) != 0 || n.v > 1<<20 {
		p.errorf(at, "c-constant", "requested alignment is not a power of 2")
		return 1
	}
	return int(n.v)
}
