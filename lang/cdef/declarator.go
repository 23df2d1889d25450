package cdef

import "github.com/gtrace/gtrace/lang/types"

// maxArray bounds the size of a type in bytes.
const maxArray = 1 << 31

// declarator reads what stands around a name, *x[3], and returns the name and its type. Without a name the token is no
// identifier.
func (p *parser) declarator(base ctype) (token, ctype) {
	name, wrap := p.declared()
	if p.bad {
		return name, base
	}
	return name, wrap(base)
}

// declared reads a declarator; its type is made once what stands in front of it is known.
func (p *parser) declared() (name token, wrap func(ctype) ctype) {
	same := func(t ctype) ctype { return t }
	if !p.enter() {
		return token{}, same
	}
	defer p.leave()
	stars := p.stars()
	inner := same
	switch t := p.peek(); {
	case t.is("(") && (p.ahead(1).is("*") || p.ahead(1).is("(")):
		p.take()
		name, inner = p.declared()
		p.expect(")")
	case t.kind == tokIdent && !t.is("__attribute__") && !isAsm(t.text):
		name = p.take()
	}
	suffix := p.suffixes()
	return name, func(t ctype) ctype {
		for range stars {
			t = pointer(t)
		}
		return inner(suffix(t))
	}
}

// stars counts the stars of a pointer.
func (p *parser) stars() int {
	n := 0
	for !p.bad {
		switch {
		case p.accept("*"):
			n++
		case p.peek().kind == tokIdent && isQualifier(p.peek().text):
			p.take()
		case p.is("__attribute__"):
			p.attributes()
		default:
			return n
		}
	}
	return n
}

// suffixes reads the array bounds and parameters behind a name.
func (p *parser) suffixes() func(ctype) ctype {
	var dims []int
	at := p.peek()
	function := false
	for !p.bad {
		switch {
		case p.is("("):
			p.skipGroup()
			function = true
			continue
		case p.is("[") && !p.ahead(1).is("["):
			p.take()
			dims = append(dims, p.bound())
			continue
		}
		break
	}
	return func(t ctype) ctype {
		if function {
			return ctype{typ: types.Void{}, size: 1, align: 1, function: true}
		}
		if len(dims) > 0 {
			t = p.complete(t, at)
		}
		for i := len(dims) - 1; i >= 0; i-- {
			if dims[i]*max(1, t.size) > maxArray {
				p.errorf(at, "c-type", "array is too large")
				return t
			}
			t = array(t, dims[i])
		}
		return t
	}
}

// bound reads the number of elements behind an opening bracket; none is 0.
func (p *parser) bound() int {
	if p.accept("]") {
		return 0
	}
	at := p.peek()
	n := p.expr()
	if n.v < 0 || n.v > maxArray {
		p.errorf(at, "c-type", "array size is not valid: %d", n.v)
		return 0
	}
	p.expect("]")
	return int(n.v)
}
