package parser

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// decl reads one top-level part of the script. It is participle's hook for ast.Decl and never returns an error but "there
// is no more".
func (p *parser) decl(lex *lexer.PeekingLexer) (ast.Decl, error) {
	p.lex = lex
	for p.peek().Type != lexer.EOF {
		before := lex.RawCursor()
		d := p.anyDecl()
		if p.bad {
			p.syncDecl()
		}
		if lex.RawCursor() == before {
			p.take()
		}
		if d != nil {
			return d, nil
		}
	}
	return nil, participle.NextMatch
}

// anyDecl returns nil where nothing worth keeping was found.
func (p *parser) anyDecl() ast.Decl {
	t := p.peek()
	switch {
	case t.Type == tokCText:
		p.take()
		return &ast.CDecl{Place: p.from(t.Pos.Offset), Text: t.Value}
	case t.Type != tokIdent:
		return p.probe()
	case !startsDecl(p.file.Text, t.Pos.Offset):
		return p.probe()
	case t.Value == "config":
		return p.config()
	case t.Value == "import":
		return p.importDecl()
	case t.Value == "let":
		return p.mapDecl()
	case t.Value == "macro":
		return p.macro()
	case t.Value == "fn":
		return p.fn()
	}
	return p.probe()
}

func (p *parser) config() ast.Decl {
	start := p.start()
	p.take()
	p.expect("=", " after config")
	p.expect("{", "")
	d := &ast.ConfigDecl{}
	for !p.bad && !p.is("}") {
		d.Settings = append(d.Settings, p.setting())
		if !p.accept(";") && !p.is("}") {
			p.unexpected("`;` or `}` after a config setting")
		}
		p.syncSetting()
	}
	p.expect("}", "")
	d.Place = p.from(start)
	return d
}

// declEnd takes the semicolon behind a declaration. Where it is missing, what follows is read as if it were there.
func (p *parser) declEnd(what string) {
	if p.bad || p.accept(";") {
		return
	}
	p.unexpected("`;` after " + what)
	p.bad = !p.startsDecl(p.peek())
}

func (p *parser) setting() ast.ConfigSetting {
	start := p.start()
	c := ast.ConfigSetting{Name: p.expectIdent("the name of a config variable or `}`").Value}
	p.expect("=", " after the name of a config variable")
	switch t := p.peek(); {
	case p.bad:
		c.Value = &ast.BadExpr{Place: p.from(p.start())}
	case t.Type == tokIdent && (t.Value == "true" || t.Value == "false"), t.Type == tokInt, t.Type == tokString:
		c.Value = p.primary()
	case t.Type == tokIdent:
		p.take()
		c.Value = &ast.Ident{Place: p.from(t.Pos.Offset), Name: t.Value}
	default:
		p.unexpected("a number, a string, true, false or a word as the value of " + c.Name)
		c.Value = &ast.BadExpr{Place: p.from(p.start())}
	}
	c.Place = p.from(start)
	return c
}

func (p *parser) importDecl() ast.Decl {
	start := p.start()
	p.take()
	d := &ast.ImportDecl{}
	if t := p.peek(); t.Type == tokString {
		p.take()
		d.Path = p.unquote(t)
	} else {
		p.unexpected("the path to import, in double quotes")
	}
	p.declEnd("an import")
	d.Place = p.from(start)
	return d
}

// mapDecl reads `let @m = kind(size);`.
func (p *parser) mapDecl() ast.Decl {
	start := p.start()
	p.take()
	t := p.peek()
	if t.Type != tokMap {
		p.unexpected("a map").Hintf("only maps are declared outside of probes: let @x = hash(100);")
		return nil
	}
	p.take()
	d := &ast.MapDecl{Map: &ast.MapExpr{Place: p.from(t.Pos.Offset), Name: t.Value[1:]}}
	p.expect("=", " and a map type, as in hash(100)")
	kind := p.expectIdent("a map type, as in hash(100)")
	d.Kind, d.KindSpan = kind.Value, p.tokSpan(kind)
	p.expect("(", " and the number of entries")
	d.Size = p.expr()
	p.expect(")", "")
	p.declEnd("a map declaration")
	d.Place = p.from(start)
	return d
}

func (p *parser) macro() ast.Decl {
	start := p.start()
	p.take()
	name := p.expectIdent("the name of the macro")
	d := &ast.MacroDecl{Name: name.Value, NameSpan: p.tokSpan(name)}
	p.expect("(", " and the parameters of the macro")
	for !p.bad && !p.is(")") {
		d.Params = append(d.Params, p.macroParam())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", " or `,`")
	d.Body = p.body("the body of the macro")
	d.Place = p.from(start)
	return d
}

func (p *parser) macroParam() ast.MacroParam {
	start := p.start()
	var m ast.MacroParam
	switch t := p.peek(); t.Type {
	case tokVar:
		p.take()
		m.Param = &ast.VarExpr{Place: p.from(start), Name: t.Value[1:]}
	case tokMap:
		p.take()
		m.Param = &ast.MapExpr{Place: p.from(start), Name: t.Value[1:]}
	case tokIdent:
		p.take()
		m.Param = &ast.Ident{Place: p.from(start), Name: t.Value}
	default:
		p.unexpected("a macro parameter ($x, @x or a name)")
		m.Param = &ast.BadExpr{Place: p.from(start)}
	}
	if p.accept(":") {
		m.Type = p.typeExpr()
	}
	m.Place = p.from(start)
	return m
}

func (p *parser) fn() ast.Decl {
	start := p.start()
	p.take()
	name := p.expectIdent("the name of the function")
	d := &ast.FuncDecl{Name: name.Value, NameSpan: p.tokSpan(name)}
	p.expect("(", " and the parameters of the function")
	for !p.bad && !p.is(")") {
		d.Params = append(d.Params, p.fnParam())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", " or `,`")
	if p.accept(":") {
		d.Result = p.typeExpr()
	}
	d.Body = p.body("the body of the function")
	d.Place = p.from(start)
	return d
}

func (p *parser) fnParam() ast.FuncParam {
	start := p.start()
	var f ast.FuncParam
	if t := p.peek(); t.Type == tokVar {
		p.take()
		f.Name = t.Value[1:]
	} else {
		p.unexpected("a parameter, as in $x: uint64")
	}
	p.expect(":", " and the type of the parameter")
	f.Type = p.typeExpr()
	f.Place = p.from(start)
	return f
}

// body reads the block of a macro or function. It never returns nil.
func (p *parser) body(what string) *ast.Block {
	if !p.bad && !p.is("{") {
		p.unexpected("`{` and " + what)
	}
	if p.bad {
		return &ast.Block{Place: p.from(p.end)}
	}
	return p.block()
}
