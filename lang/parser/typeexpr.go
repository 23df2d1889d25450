package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// typeExpr reads a type. It never returns nil.
func (p *parser) typeExpr() ast.TypeExpr {
	start := p.start()
	if !p.enter() {
		p.leave()
		return &ast.NamedType{Place: p.badExpr().(*ast.BadExpr).Place}
	}
	defer p.leave()
	t := p.baseType()
	for n := 0; !p.bad; n++ {
		if n >= maxNesting {
			p.tooDeep(p.start())
			return t
		}
		switch {
		case p.accept("*"):
			t = &ast.PointerType{Place: p.from(start), Elem: t}
		case p.accept("["):
			a := &ast.ArrayType{Elem: t}
			if !p.is("]") {
				a.Len = p.expr()
			}
			p.expect("]", "")
			a.Place = p.from(start)
			t = a
		default:
			return t
		}
	}
	return t
}

func (p *parser) baseType() ast.TypeExpr {
	start, t := p.start(), p.peek()
	switch {
	case isText(t, "("):
		return p.tupleType()
	case t.Type != tokIdent || keywords[t.Value]:
		p.unexpected("a type")
		return &ast.NamedType{Place: p.from(start)}
	case t.Value == "typeof":
		p.take()
		x := &ast.TypeofType{}
		x.X, x.Type = p.exprOrType()
		x.Place = p.from(start)
		return x
	case isTypeKeyword(t.Value):
		p.take()
		name := p.expectIdent("the name of the " + t.Value)
		return &ast.NamedType{Place: p.from(start), Keyword: t.Value, Name: name.Value}
	}
	p.take()
	return &ast.NamedType{Place: p.from(start), Name: t.Value}
}

func (p *parser) tupleType() ast.TypeExpr {
	start := p.start()
	p.take()
	x := &ast.TupleType{}
	for !p.bad && !p.is(")") {
		x.Elems = append(x.Elems, p.typeExpr())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", " or `,`")
	x.Place = p.from(start)
	return x
}

// typeAhead reports whether a type, and not a value, stands here where both may: the words struct, union and enum, the
// words that are always types, and a name followed by stars or brackets that only a closing bracket or a comma follows.
func (p *parser) typeAhead() bool {
	t := p.peek()
	if p.bad || t.Type != tokIdent {
		return false
	}
	next := p.peekN(1)
	if isTypeKeyword(t.Value) {
		return next.Type == tokIdent
	}
	if typeWords[t.Value] {
		return !isText(next, "(")
	}
	end := p.skipSuffixes(1)
	return end > 1 && (isText(p.peekN(end), ")") || isText(p.peekN(end), ",")) && p.suffixesAreType(end)
}

// suffixesAreType tells `my_t*` and `my_t[]` from `x[1]`: there is a star or an empty pair of brackets.
func (p *parser) suffixesAreType(end int) bool {
	for i := 1; i < end; i++ {
		if isText(p.peekN(i), "*") || isText(p.peekN(i), "[") && isText(p.peekN(i+1), "]") {
			return true
		}
	}
	return false
}

// skipSuffixes returns the place behind the stars and `[N]` that follow the n-th token.
func (p *parser) skipSuffixes(n int) int {
	for n < 2*maxNesting {
		switch t := p.peekN(n); {
		case isText(t, "*"):
			n++
		case isText(t, "[") && isText(p.peekN(n+1), "]"):
			n += 2
		case isText(t, "[") && isText(p.peekN(n+2), "]"):
			n += 3
		default:
			return n
		}
	}
	return n
}

// looksLikeCast tells `(T) x` from a parenthesised expression. It is a cast if in the parentheses stands
//   - a type by its first word: struct, union, enum, or a word that is always a type (uint64, string, …),
//   - a name, or typeof(…), with stars or brackets behind it and an operand behind the parentheses: `(foo*)x`,
//   - a name, or typeof(…), alone, and what follows can only be an operand: a name, a literal, a variable, a map, an
//     opening parenthesis, `!` or `~`,
//   - a name that is a type's by its look (namesType) alone, and `-`, `*` or `&` follows, which otherwise would be a binary
//     operator.
//
// All else, such as `(x) + 1` and `(x) - 1`, is an expression. bpftrace decides the last case by its list of builtins: what
// is none is a type to it.
func (p *parser) looksLikeCast() bool {
	t := p.peekN(1)
	if t.Type != tokIdent {
		return false
	}
	if isTypeKeyword(t.Value) && p.peekN(2).Type == tokIdent {
		return true
	}
	if typeWords[t.Value] {
		end := p.skipSuffixes(2)
		return isText(p.peekN(end), ")") && beginsOperand(p.peekN(end+1), true)
	}
	after := 2
	if t.Value == "typeof" {
		after = p.skipParens(2)
	}
	end := p.skipSuffixes(after)
	if !isText(p.peekN(end), ")") || t.Value != "typeof" && keywords[t.Value] || t.Value == "true" || t.Value == "false" {
		return false
	}
	suffixed := end > after && !(t.Value != "typeof" && !p.starBefore(end))
	return beginsOperand(p.peekN(end+1), suffixed || namesType(t.Value))
}

// namesType reports whether a name looks like a type's: it ends in _t, or is one of the kernel's integers such as u32,
// __u8 and __be16.
func namesType(name string) bool {
	if strings.HasSuffix(name, "_t") {
		return true
	}
	bare := strings.TrimPrefix(name, "__")
	for _, kind := range []string{"u", "s", "be", "le"} {
		switch bits, _ := strings.CutPrefix(bare, kind); bits {
		case "8", "16", "32", "64":
			return true
		}
	}
	return false
}

// starBefore reports whether a star or `[]` stands before the n-th token, so that the name before it is a type's.
func (p *parser) starBefore(n int) bool {
	return isText(p.peekN(n-1), "*") || isText(p.peekN(n-1), "]") && isText(p.peekN(n-2), "[")
}

// skipParens returns the place behind the balanced parentheses that begin at the n-th token.
func (p *parser) skipParens(n int) int {
	for depth, i := 0, n; ; i++ {
		switch t := p.peekN(i); {
		case isText(t, "("):
			depth++
		case isText(t, ")"):
			depth--
		case t.Type == lexer.EOF || isText(t, ";"):
			return n
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// beginsOperand reports whether an operand begins with a token; with ambiguous set, also where the token could be a binary
// operator.
func beginsOperand(t *lexer.Token, ambiguous bool) bool {
	switch t.Type {
	case tokIdent:
		return !keywords[t.Value] && t.Value != "if"
	case tokInt, tokString, tokVar, tokPosParam, tokMap, tokInvalid:
		return true
	case tokOp:
		switch t.Value {
		case "(", "!", "~":
			return true
		case "-", "*", "&", "++", "--", "{":
			return ambiguous && t.Value != "{"
		}
	}
	return false
}

// cast reads `(T) x`.
func (p *parser) cast() ast.Expr {
	start := p.start()
	p.take()
	c := &ast.CastExpr{Type: p.typeExpr()}
	p.expect(")", " after the type of a cast")
	c.TypeSpan = p.from(start).At
	c.X = p.nested()
	c.Place = p.from(start)
	return c
}

// exprOrType reads the parenthesised argument of sizeof, typeof and typeinfo: one of the results is nil.
func (p *parser) exprOrType() (x ast.Expr, t ast.TypeExpr) {
	p.expect("(", "")
	if p.typeAhead() {
		t = p.typeExpr()
	} else {
		x = p.expr()
	}
	p.expect(")", "")
	return x, t
}

func (p *parser) sizeof() ast.Expr {
	start := p.start()
	p.take()
	e := &ast.SizeofExpr{}
	e.X, e.Type = p.exprOrType()
	e.Place = p.from(start)
	return e
}

func (p *parser) typeofExpr() ast.Expr {
	start := p.start()
	p.take()
	e := &ast.TypeofExpr{}
	e.X, e.Type = p.exprOrType()
	e.Place = p.from(start)
	return e
}

func (p *parser) typeinfo() ast.Expr {
	start := p.start()
	p.take()
	e := &ast.TypeinfoExpr{}
	e.X, e.Type = p.exprOrType()
	e.Place = p.from(start)
	return e
}

// offsetof reads `offsetof(T, a.b)`.
func (p *parser) offsetof() ast.Expr {
	start := p.start()
	p.take()
	e := &ast.OffsetofExpr{}
	p.expect("(", "")
	if p.typeAhead() {
		e.Type = p.typeExpr()
	} else {
		e.X = p.expr()
	}
	p.expect(",", " and the name of a field")
	for !p.bad {
		e.Fields = append(e.Fields, p.expectIdent("the name of a field").Value)
		if !p.accept(".") {
			break
		}
	}
	p.expect(")", "")
	e.Place = p.from(start)
	return e
}
