package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// probe reads attach points, predicate and action block. It returns nil for text that is no probe at all.
func (p *parser) probe() ast.Decl {
	start := p.start()
	d := &ast.ProbeDecl{Name: p.probeName()}
	p.attachPoints(d)
	if p.bad && len(d.Points) == 0 {
		return nil
	}
	if !p.bad && p.peek().Type == tokPredOpen {
		d.Predicate = p.predicate()
	}
	d.Body = p.action(d)
	d.Place = p.from(start)
	return d
}

// probeName takes the `name=` before a probe.
func (p *parser) probeName() string {
	t := p.peek()
	if t.Type != tokAttach || !isText(p.peekN(1), "=") {
		return ""
	}
	p.take()
	p.take()
	return t.Value
}

func (p *parser) attachPoints(d *ast.ProbeDecl) {
	for !p.bad {
		name := ""
		if len(d.Points) > 0 {
			name = p.probeName()
		}
		point := p.attachPoint()
		point.Name = name
		d.Points = append(d.Points, point)
		if !p.accept(",") || p.peek().Type != tokAttach && p.peek().Type != tokString {
			return
		}
	}
	d.Points = d.Points[:len(d.Points)-1]
}

// attachPoint reads parts separated by colons.
func (p *parser) attachPoint() *ast.AttachPoint {
	start := p.start()
	if t := p.peek(); t.Type != tokAttach && t.Type != tokString {
		p.notAProbe(t)
		return &ast.AttachPoint{Place: p.from(start)}
	}
	a := &ast.AttachPoint{}
	for {
		a.Parts = append(a.Parts, p.attachPart())
		if p.bad || !p.accept(":") {
			break
		}
	}
	a.Place = p.from(start)
	return a
}

// notAProbe reports text that stands where a probe should.
func (p *parser) notAProbe(t *lexer.Token) {
	switch {
	case isText(t, "}"):
		p.errorf(p.tokSpan(t), codeMissingBrace, "unexpected `}`, expected a probe").
			Hintf("there is one `}` more than there are `{`")
	case t.Type == lexer.EOF || isText(t, "{") || t.Type == tokPredOpen || t.Type == tokAngleOpen:
		p.unexpected("a probe").Hintf("an action block follows a probe, as in kprobe:vfs_read { … }")
	default:
		p.unexpected("a probe")
	}
}

// attachPart reads one part: adjoining texts and quoted strings, or nothing at all as in `software:faults:`.
func (p *parser) attachPart() ast.AttachPart {
	start := p.start()
	part, text := ast.AttachPart{}, strings.Builder{}
	bare := false
	for end := -1; !p.bad; end = p.end {
		t := p.peek()
		if t.Type != tokAttach && t.Type != tokString || end >= 0 && t.Pos.Offset != end {
			break
		}
		p.take()
		if t.Type == tokString {
			part.Quoted = true
			text.WriteString(p.unquote(t))
			continue
		}
		bare = true
		text.WriteString(t.Value)
	}
	part.Text, part.Mixed = text.String(), part.Quoted && bare
	if part.Text == "" && !part.Quoted {
		part.Place = p.from(p.end)
		return part
	}
	part.Place = p.from(start)
	return part
}

// predicate reads `/ … /`.
func (p *parser) predicate() ast.Expr {
	open := p.take()
	x := p.expr()
	switch t := p.peek(); {
	case p.bad:
		p.syncPredicate()
	case t.Type == tokPredClose:
		p.take()
	case t.Type == tokOp && (t.Value == "{" || t.Value == "}" || t.Value == ";") || t.Type == lexer.EOF:
		p.errorf(p.tokSpan(open), "unterminated-predicate", "predicate without its closing `/`").
			Hintf("write /%s/ before the action block", shorten(x.Span().Text()))
		p.bad = p.is("}") || p.is(";")
	default:
		p.unexpected("`/` at the end of the predicate")
		p.syncPredicate()
	}
	return x
}

// syncPredicate moves behind a broken predicate if its end can be found.
func (p *parser) syncPredicate() {
	for {
		switch t := p.peek(); {
		case t.Type == tokPredClose:
			p.take()
			p.bad = false
			return
		case p.startsDecl(t) || t.Type == tokAngleOpen || t.Type == tokOp && (t.Value == ";" || t.Value == "{"):
			return
		}
		p.take()
	}
}

// action reads the action block of a probe. It never returns nil.
func (p *parser) action(d *ast.ProbeDecl) *ast.Block {
	switch t := p.peek(); {
	case p.bad:
	case t.Type == tokAngleOpen:
		return p.angleBlock()
	case isText(t, "{"):
		return p.block()
	default:
		p.noAction(d, t)
	}
	return &ast.Block{Place: p.from(p.end)}
}

// noAction reports what stands where the action block should.
func (p *parser) noAction(d *ast.ProbeDecl, t *lexer.Token) {
	first := d.Points[0]
	switch usage := declUsage[strings.ToLower(first.Parts[0].Text)]; {
	case usage != "" && len(first.Parts) == 1:
		p.unexpected("a declaration").Hintf("write %s", usage)
	case isText(t, "(") && len(first.Parts) == 1:
		p.unexpected("an action block").Hintf("statements go inside a probe, as in BEGIN { … }")
	case isText(t, "("):
		p.unexpected("an action block").Hintf("names with parentheses are written in double quotes")
	case t.Type == tokAttach && p.sameLine(p.end, t.Pos.Offset):
		p.unexpected("`{`, `,` or a predicate after the probe").Hintf("several attach points are separated by commas")
	case p.startsDecl(t) || isText(t, "}") || isText(t, ";"):
		p.errorf(p.from(p.end).At, codeMissingBlock, "probe without an action block").
			Hintf("write { … } behind the probe")
		p.bad = !p.startsDecl(t)
	default:
		p.unexpected("`{`, `,` or a predicate after the probe")
	}
}

// declUsage shows the declarations that a misspelt one was meant to be.
var declUsage = map[string]string{
	"import": `import "path";`,
	"config": "config = { max_map_keys = 100; }",
	"macro":  "macro name($x, @m, e) { … }",
	"fn":     "fn name($x: uint64): uint64 { … }",
	"let":    "let @name = hash(100);",
}

func (p *parser) sameLine(a, b int) bool { return strings.IndexByte(p.file.Text[a:b], '\n') < 0 }
