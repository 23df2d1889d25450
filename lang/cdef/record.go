package cdef

import (
	"math"

	"github.com/gtrace/gtrace/lang/types"
)

// tag returns the entry of a tag, made if there is none.
func (u *Unit) tag(keyword, name string) *tag {
	key := keyword + " " + name
	t, ok := u.tags[key]
	if !ok {
		t = &tag{keyword: keyword, name: name}
		switch keyword {
		case "enum":
			t.typ = ctype{typ: &types.Enum{Name: name, Size: 4}, size: 4, align: 4, tag: t}
		default:
			t.typ = ctype{typ: &types.Struct{Name: name, Union: keyword == "union"}, tag: t}
		}
		if name == "" {
			return t
		}
		u.tags[key] = t
	}
	return t
}

// complete returns a type whose size is needed: one that the text does not define is looked for outside of it.
func (p *parser) complete(t ctype, at token) ctype {
	switch {
	case p.bad:
		return t
	case t.function:
		p.errorf(at, "c-type", "a function has no size")
		return t
	case t.tag == nil:
		return t
	case t.tag.defined:
		return t.tag.typ
	}
	if found, ok := p.unit.lookup(t.tag.keyword, t.tag.name); ok {
		out := of(found)
		return out
	}
	p.errorf(at, "c-unknown-type", "incomplete type '%s %s': it is defined neither here nor in the kernel", t.tag.keyword, t.tag.name)
	return t
}

// structSpecifier reads struct or union with a tag, a body or both.
func (p *parser) structSpecifier() ctype {
	if !p.enter() {
		return of(types.Int32)
	}
	defer p.leave()
	keyword := p.take()
	attrs := p.attributes()
	name, t := p.tagName(keyword)
	if !p.accept("{") {
		if name.kind != tokIdent {
			p.errorf(p.peek(), "c-syntax", "expected a name or '{' after %s", keyword.text)
		}
		return t.typ
	}
	if t.defined {
		p.errorf(name, "c-redefinition", "redefinition of '%s %s'", keyword.text, name.text)
	}
	pack := p.toks[p.pos-1].pack
	members := p.members()
	p.expect("}")
	attrs = attrs.join(p.attributes())
	if p.bad {
		return t.typ
	}
	s := t.typ.typ.(*types.Struct)
	l := layout{union: s.Union, packed: attrs.packed, pack: pack, align: 1, endAlign: attrs.align}
	for _, m := range members {
		l.add(m)
	}
	l.finish(s)
	if l.size > maxArray {
		p.errorf(keyword, "c-type", "type is too large")
	}
	t.defined = true
	t.typ.size, t.typ.align = s.Size, s.Align
	p.unit.completeLater(s)
	return t.typ
}

// tagName reads the tag behind a keyword, if there is one.
func (p *parser) tagName(keyword token) (token, *tag) {
	name := p.peek()
	if name.kind != tokIdent || p.bad {
		return token{at: keyword.at}, p.unit.tag(keyword.text, "")
	}
	p.take()
	for _, other := range []string{"struct", "union", "enum"} {
		if _, ok := p.unit.tags[other+" "+name.text]; ok && other != keyword.text {
			p.errorf(name, "c-redefinition", "use of '%s' with tag type that does not match previous declaration: it is a %s", name.text, other)
		}
	}
	return name, p.unit.tag(keyword.text, name.text)
}

// member is a member of a struct as it is written.
type member struct {
	name  string
	typ   ctype
	attrs attributes
	// bits is the width of a bitfield, or -1.
	bits int
}

// members reads the body of a struct.
func (p *parser) members() []member {
	var out []member
	names := map[string]bool{}
	for !p.bad && !p.is("}") && p.peek().kind != tokEnd {
		switch {
		case p.accept(";"):
		case p.accept("_Static_assert"):
			p.staticAssert()
		default:
			for _, m := range p.memberLine() {
				out = append(out, m)
				if names[m.name] && m.name != "" {
					p.errorf(p.toks[max(0, p.pos-1)], "c-redefinition", "duplicate member '%s'", m.name)
				}
				names[m.name] = true
			}
		}
	}
	return out
}

// memberLine reads the members that one semicolon ends.
func (p *parser) memberLine() []member {
	start := p.peek()
	base, attrs := p.specifiers(false)
	if p.accept(";") {
		if _, ok := base.typ.(*types.Struct); !ok {
			return nil // an enum, or nothing at all
		}
		if base.tag != nil && base.tag.name != "" {
			return nil // the definition of a struct with a name declares no member
		}
		return []member{{typ: base, attrs: attrs, bits: -1}}
	}
	var out []member
	for !p.bad {
		at := p.peek()
		m := member{attrs: attrs, bits: -1}
		name, t := p.declarator(base)
		m.name, m.typ = name.text, t
		if p.accept(":") {
			m.bits = p.width(name, t)
		} else if name.kind != tokIdent {
			p.errorf(at, "c-syntax", "expected the name of a member, found '%s'", at.text)
		}
		m.attrs = m.attrs.join(p.attributes())
		m.typ = m.attrs.vectorOf(m.typ)
		if name.kind == tokIdent {
			at = name
		}
		m.typ = p.complete(m.typ, start)
		if _, void := m.typ.typ.(types.Void); void {
			p.errorf(at, "c-type", "the member '%s' has no type that can be stored", m.name)
		}
		out = append(out, m)
		if !p.accept(",") {
			p.endMember()
			break
		}
	}
	return out
}

// endMember reads the semicolon behind a member. As in C compilers, the last one may lack it.
func (p *parser) endMember() {
	if at := p.peek(); !p.bad && at.is("}") {
		p.diags.Warnf(at.at, "c-syntax", "expected ';' at end of declaration list")
		return
	}
	p.expect(";")
}

// width reads the width of a bitfield.
func (p *parser) width(name token, t ctype) int {
	at := p.peek()
	n := p.expr()
	switch t.typ.(type) {
	case types.Int, types.Bool, *types.Enum:
	default:
		p.errorf(at, "c-type", "bit-field '%s' is not of an integer type", name.text)
		return 0
	}
	limit := int64(8 * t.size)
	if _, isBool := t.typ.(types.Bool); isBool {
		limit = 1
	}
	switch {
	case n.v < 0:
		p.errorf(at, "c-type", "bit-field '%s' has a negative width (%d)", name.text, n.v)
	case n.v == 0 && name.kind == tokIdent:
		p.errorf(at, "c-type", "bit-field '%s' has zero width", name.text)
	case n.v > limit:
		p.errorf(at, "c-type", "the width of bit-field '%s' (%d bits) exceeds the width of its type (%d bits)", name.text, n.v, limit)
	}
	return int(max(0, min(n.v, limit)))
}

// enumSpecifier reads enum with a tag, a body or both.
func (p *parser) enumSpecifier() ctype {
	keyword := p.take()
	attrs := p.attributes()
	name, t := p.tagName(keyword)
	base := ctype{}
	if p.accept(":") {
		base, _ = p.specifiers(false)
	}
	if !p.accept("{") {
		if name.kind != tokIdent {
			p.errorf(p.peek(), "c-syntax", "expected a name or '{' after enum")
		}
		return t.typ
	}
	if t.defined {
		p.errorf(name, "c-redefinition", "redefinition of 'enum %s'", name.text)
	}
	e := t.typ.typ.(*types.Enum)
	if at := p.peek(); p.is("}") {
		p.errorf(at, "c-syntax", "use of empty enum")
	}
	p.enumerators(e)
	p.expect("}")
	attrs = attrs.join(p.attributes())
	fitEnum(e, attrs.packed)
	if i, ok := base.typ.(types.Int); ok {
		e.Size, e.Signed = i.Size, i.Signed
	}
	t.defined = !p.bad
	t.typ.size, t.typ.align = e.Size, max(e.Size, attrs.align)
	return t.typ
}

func (p *parser) enumerators(e *types.Enum) {
	next := number{}
	for !p.bad && p.peek().kind == tokIdent {
		name := p.take()
		p.attributes()
		if p.accept("=") {
			next = p.expr()
		}
		if _, taken := p.unit.enumers[name.text]; taken {
			p.errorf(name, "c-redefinition", "redefinition of enumerator '%s'", name.text)
		}
		e.Values = append(e.Values, types.EnumValue{Name: name.text, Value: next.v})
		p.unit.enumers[name.text] = Const{Int: next.v, Unsigned: next.unsigned && next.v < 0, Enum: e}
		next.v++
		if next.v == math.MaxInt32+1 {
			next.long = true
		}
		if !p.accept(",") {
			return
		}
	}
}

// fitEnum chooses the integer of an enum: int-sized unless a value needs more; the smallest if it is packed.
func fitEnum(e *types.Enum, packed bool) {
	var least, most int64
	for _, v := range e.Values {
		least, most = min(least, v.Value), max(most, v.Value)
	}
	e.Signed = least < 0
	sizes := []int{4, 8}
	if packed {
		sizes = []int{1, 2, 4, 8}
	}
	for _, size := range sizes {
		e.Size = size
		top := int64(math.MaxInt64) >> (64 - 8*size)
		if !e.Signed && size < 8 {
			top = top*2 + 1
		}
		if most <= top && least >= -top-1 {
			return
		}
	}
}
