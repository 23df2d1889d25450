package cdef

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

// number is an integer constant of C: int, unsigned, long or unsigned long.
type number struct {
	v              int64
	unsigned, long bool
}

// cut brings a value into the range of its type.
func (n number) cut() number {
	switch {
	case n.long:
	case n.unsigned:
		n.v = int64(uint32(n.v))
	default:
		n.v = int64(int32(n.v))
	}
	return n
}

func truth(b bool) number {
	if b {
		return number{v: 1}
	}
	return number{}
}

// common converts two operands to the type they are computed in.
func common(a, b number) (number, number) {
	long := a.long || b.long
	unsigned := a.unsigned && a.long == long || b.unsigned && b.long == long
	a.long, a.unsigned, b.long, b.unsigned = long, unsigned, long, unsigned
	return a.cut(), b.cut()
}

// precedence has the binary operators of constant expressions.
var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
	"<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

// maxDepth bounds nesting, of expressions, declarators and structs.
const maxDepth = 200

// enter counts a level of nesting; it is false where there are too many.
func (p *parser) enter() bool {
	if p.depth++; p.depth > maxDepth {
		p.errorf(p.peek(), "c-syntax", "nested too deeply")
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

// expr reads a constant expression.
func (p *parser) expr() number {
	if !p.enter() {
		return number{}
	}
	defer p.leave()
	cond := p.binary(1)
	if !p.accept("?") {
		return cond
	}
	a := p.expr()
	p.expect(":")
	b := p.expr()
	a, b = common(a, b)
	if cond.v != 0 {
		return a
	}
	return b
}

func (p *parser) binary(least int) number {
	x := p.unary()
	for !p.bad {
		op := p.peek()
		prec := precedence[op.text]
		if op.kind != tokPunct || prec == 0 || prec < least {
			break
		}
		p.take()
		x = p.compute(op, x, p.binary(prec+1))
	}
	return x
}

func (p *parser) compute(op token, x, y number) number {
	switch op.text {
	case "||":
		return truth(x.v != 0 || y.v != 0)
	case "&&":
		return truth(x.v != 0 && y.v != 0)
	case "<<":
		x.v <<= uint64(y.v) & 63
		return x.cut()
	case ">>":
		if x.unsigned {
			x.v = int64(uint64(x.v) >> (uint64(y.v) & 63))
		} else {
			x.v >>= uint64(y.v) & 63
		}
		return x
	}
	a, b := common(x, y)
	switch op.text {
	case "==":
		return truth(a.v == b.v)
	case "!=":
		return truth(a.v != b.v)
	case "<":
		return truth(less(a, b))
	case ">":
		return truth(less(b, a))
	case "<=":
		return truth(!less(b, a))
	case ">=":
		return truth(!less(a, b))
	}
	return p.arithmetic(op, a, b)
}

func less(a, b number) bool {
	if a.unsigned {
		return uint64(a.v) < uint64(b.v)
	}
	return a.v < b.v
}

func (p *parser) arithmetic(op token, a, b number) number {
	switch op.text {
	case "|":
		a.v |= b.v
	case "^":
		a.v ^= b.v
	case "&":
		a.v &= b.v
	case "+":
		a.v += b.v
	case "-":
		a.v -= b.v
	case "*":
		a.v *= b.v
	case "/", "%":
		return p.divide(op, a, b)
	default:
		panic("BUG: cdef: unexpected operator " + op.text)
	}
	return a.cut()
}

func (p *parser) divide(op token, a, b number) number {
	switch {
	case b.v == 0:
		p.errorf(op, "c-constant", "division by zero")
	case op.text == "/" && a.unsigned:
		a.v = int64(uint64(a.v) / uint64(b.v))
	case op.text == "/":
		a.v /= b.v
	case a.unsigned:
		a.v = int64(uint64(a.v) % uint64(b.v))
	default:
		a.v %= b.v
	}
	return a.cut()
}

func (p *parser) unary() number {
	if !p.enter() {
		return number{}
	}
	defer p.leave()
	t := p.peek()
	switch {
	case p.accept("-"):
		n := p.unary()
		n.v = -n.v
		return n.cut()
	case p.accept("+"):
		return p.unary()
	case p.accept("~"):
		n := p.unary()
		n.v = ^n.v
		return n.cut()
	case p.accept("!"):
		return truth(p.unary().v == 0)
	case t.is("sizeof"), t.is("_Alignof"), t.is("__alignof__"):
		return p.sizeof()
	case p.accept("("):
		return p.parenthesized()
	case t.kind == tokNumber:
		p.take()
		return p.literal(t)
	case t.kind == tokChar:
		p.take()
		if v := t.value(); v != "" {
			return number{v: int64(int8(v[0]))}
		}
	case t.kind == tokIdent:
		p.take()
		return p.named(t)
	}
	p.errorf(t, "c-syntax", "expected an integer constant")
	return number{}
}

// sizeof reads sizeof(type), sizeof 1 and _Alignof(type).
func (p *parser) sizeof() number {
	word := p.take()
	t := ctype{}
	if p.accept("(") {
		t = p.measured(word)
		p.expect(")")
	} else {
		t = p.unary().ctype()
	}
	n := number{v: int64(t.size), unsigned: true, long: true}
	if word.text != "sizeof" {
		n.v = int64(t.align)
	}
	return n
}

// measured reads what sizeof is about: a type, a string, or a number.
func (p *parser) measured(word token) ctype {
	switch t := p.peek(); {
	case t.kind == tokString:
		size := 1
		for ; p.peek().kind == tokString; p.take() {
			size += len(p.peek().value())
		}
		return opaque(size)
	case t.kind == tokNumber, t.kind == tokChar, t.kind == tokPunct:
		return p.expr().ctype()
	}
	return p.complete(p.typeName(), word)
}

// ctype is the type of a constant.
func (n number) ctype() ctype {
	if n.long {
		return of(types.Int{Size: 8, Signed: !n.unsigned})
	}
	return of(types.Int{Size: 4, Signed: !n.unsigned})
}

// parenthesized reads what follows an opening parenthesis: a cast or an expression.
func (p *parser) parenthesized() number {
	if !p.startsType() {
		n := p.expr()
		p.expect(")")
		return n
	}
	at := p.peek()
	t := p.typeName()
	p.expect(")")
	n := p.unary()
	i, ok := t.typ.(types.Int)
	if !ok {
		p.errorf(at, "c-constant", "a constant can only be cast to an integer type")
		return n
	}
	shift := 64 - 8*i.Size
	if i.Signed {
		n.v = n.v << shift >> shift
	} else {
		n.v = int64(uint64(n.v) << shift >> shift)
	}
	n.long, n.unsigned = i.Size == 8, !i.Signed && i.Size >= 4
	return n
}

// literal reads a number with C's suffixes.
func (p *parser) literal(t token) number {
	text := strings.ToLower(t.text)
	digits := strings.TrimRight(text, "ul")
	suffix := text[len(digits):]
	v, err := strconv.ParseUint(digits, 0, 64)
	if err != nil || strings.Count(suffix, "u") > 1 || strings.Count(suffix, "l") > 2 || strings.Contains(digits, "_") {
		p.errorf(t, "c-constant", "%s is not an integer constant", t.text)
		return number{}
	}
	decimal := digits[0] != '0'
	n := number{v: int64(v), unsigned: strings.Contains(suffix, "u"), long: strings.Contains(suffix, "l")}
	switch {
	case v > 1<<32-1, v > 1<<31-1 && decimal && !n.unsigned:
		n.long = true
	case v > 1<<31-1:
		n.unsigned = n.unsigned || !n.long
	}
	n.unsigned = n.unsigned || v > 1<<63-1
	return n
}

// named is the value of an enumerator, or of a constant of Linux.
func (p *parser) named(t token) number {
	if k, ok := p.unit.enumers[t.text]; ok && !k.IsStr {
		return number{v: k.Int, unsigned: k.Unsigned, long: k.Int != int64(int32(k.Int))}
	}
	if v, ok := Constant(t.text); ok {
		return number{v: v, long: v != int64(int32(v))}
	}
	p.errorf(t, "c-constant", "use of undeclared identifier '%s'", t.text)
	return number{}
}
