package ast

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
)

// formatWidth is how long a line may be before its lists and operators are broken; the semicolon does not count.
const formatWidth = 90

// indentStep is what each level of blocks is indented by.
const indentStep = "  "

// Format returns a parsed program as source text in one layout: one statement a line, the braces of probes, macros and
// functions and predicates on lines of their own, two blanks a level. What the author chose and the layout does not fix
// stays: comments, parentheses, one of several blank lines, the spelling of literals, C definitions. Parsing the result
// gives the same tree, and formatting it again the same text. Broken parts stand as written.
func Format(p *Program) string {
	f := newFormatter(p)
	if p.Shebang != "" {
		f.b.WriteString(p.Shebang + "\n")
		f.end = len(p.Shebang)
	}
	for _, d := range p.Decls {
		f.declStart(d)
		f.decl(d)
		f.trailing(&f.b)
		f.b.WriteString("\n")
	}
	f.rest(&f.b, p.At.End)
	return f.b.String()
}

// formatter holds the text so far. Statements and expressions are returned as strings, since their place on the line is
// their parent's.
type formatter struct {
	b      strings.Builder
	file   *diag.File
	parens map[Node]bool
	indent int
	// angle is set inside of a `< … >` block, where every comparison by `>` gets parentheses lest it close the block.
	angle bool
	// keepEnd is set in macros, where a last expression with a semicolon may not be what it is without.
	keepEnd bool
	// end is the offset in the source behind what was last written; first is set where nothing of the block or the file has
	// been written yet, so that it does not begin with a blank line.
	end   int
	first bool
	// decls is set behind the first declaration, body behind one with a block, which a blank line separates from the next.
	decls, body bool

	comments []Comment
	next     int          // the first comment not written yet
	written  map[int]bool // those behind it that are
}

func newFormatter(p *Program) *formatter {
	return &formatter{
		file: p.File, parens: p.Parens, first: p.Shebang == "", comments: p.Comments, written: map[int]bool{},
	}
}

// declStart writes the comments before a declaration, and the blank line that separates declarations with blocks.
func (f *formatter) declStart(d Decl) {
	has := hasBody(d)
	if f.decls && (has || f.body) {
		f.b.WriteString("\n")
		f.first = true
	}
	f.lead(&f.b, firstOffset(d))
	f.separate(&f.b, firstOffset(d))
	f.body, f.decls = has, true
}

// firstOffset is where the text of a declaration begins for its comments: a probe's at its first attach point.
func firstOffset(d Decl) int {
	if p, ok := d.(*ProbeDecl); ok && len(p.Points) > 0 {
		return p.Points[0].At.Start
	}
	return d.Span().Start
}

func hasBody(d Decl) bool {
	switch d.(type) {
	case *MacroDecl, *FuncDecl, *ProbeDecl:
		return true
	case *CDecl, *ConfigDecl, *ImportDecl, *MapDecl:
		return false
	}
	panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
}

func (f *formatter) decl(d Decl) {
	switch d := d.(type) {
	case *CDecl:
		f.b.WriteString(d.Text)
	case *ConfigDecl:
		f.config(d)
	case *ImportDecl:
		f.b.WriteString(f.orAsWritten(d.At, func() string { return "import " + Quote(d.Path) }) + ";")
	case *MapDecl:
		f.b.WriteString(f.orAsWritten(d.At, func() string {
			return "let @" + d.Map.Name + " = " + d.Kind + "(" + f.expr(d.Size, 0) + ")"
		}) + ";")
	case *MacroDecl:
		f.keepEnd = true
		f.withBody(d.At.Start, d.Body, func() string {
			return "macro " + d.Name + "(" + joined(d.Params, f.macroParam) + ")"
		})
		f.keepEnd = false
	case *FuncDecl:
		f.withBody(d.At.Start, d.Body, func() string { return f.signature(d) })
	case *ProbeDecl:
		f.probe(d)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
	}
	f.end = d.Span().End
}

func (f *formatter) config(d *ConfigDecl) {
	f.b.WriteString("config = {\n")
	f.indent++
	f.end, f.first = d.At.Start, true
	for _, s := range d.Settings {
		f.lead(&f.b, s.At.Start)
		f.separate(&f.b, s.At.Start)
		f.b.WriteString(f.tabs() + f.orAsWritten(s.At, func() string { return s.Name + " = " + f.expr(s.Value, 0) }) + ";")
		f.end = s.At.End
		f.trailing(&f.b)
		f.b.WriteString("\n")
	}
	f.rest(&f.b, d.At.End)
	f.indent--
	f.b.WriteString("}")
}

// orAsWritten returns the text of a part without blocks: as written, but for its semicolon, if there are comments within.
func (f *formatter) orAsWritten(at diag.Span, text func() string) string {
	if f.commentsIn(at.Start, at.End) == 0 {
		return text()
	}
	source := strings.TrimRight(f.asWritten(at.Start, at.End), "; \t\r\n")
	if endsInLineComment(source) {
		source += "\n" + f.tabs()
	}
	return source
}

// withBody writes a head, and a block that begins on the next line.
func (f *formatter) withBody(start int, body *Block, head func() string) {
	if f.commentsIn(start, body.At.Start) > 0 {
		f.b.WriteString(f.asWritten(start, body.At.Start))
	} else {
		f.b.WriteString(head())
	}
	f.b.WriteString("\n" + f.block(body))
}

func (f *formatter) signature(d *FuncDecl) string {
	text := "fn " + d.Name + "(" + joined(d.Params, f.funcParam) + ")"
	if d.Result != nil {
		text += " : " + f.typ(d.Result)
	}
	return text
}

func (f *formatter) macroParam(m MacroParam) string {
	if m.Type == nil {
		return f.expr(m.Param, 0)
	}
	return f.expr(m.Param, 0) + " : " + f.typ(m.Type)
}

func (f *formatter) funcParam(p FuncParam) string { return "$" + p.Name + " : " + f.typ(p.Type) }

func (f *formatter) probe(d *ProbeDecl) {
	if d.Name != "" {
		f.b.WriteString(d.Name + "=")
	}
	for i, a := range d.Points {
		if i > 0 {
			f.b.WriteString(",")
			f.trailing(&f.b)
			f.b.WriteString("\n")
			f.lead(&f.b, a.At.Start)
		}
		if a.Name != "" {
			f.b.WriteString(a.Name + "=")
		}
		f.b.WriteString(a.String())
		f.end = a.At.End
	}
	f.predicate(d)
	f.b.WriteString("\n" + f.block(d.Body))
}

// predicate writes what stands between the attach points and the block, as written if there are comments.
func (f *formatter) predicate(d *ProbeDecl) {
	if f.commentsIn(f.end, d.Body.At.Start) > 0 {
		sep := "\n"
		gap := f.file.Text[f.end:d.Body.At.Start]
		if !strings.Contains(gap[:len(gap)-len(strings.TrimLeft(gap, " \t\r\n,"))], "\n") {
			sep = " "
		}
		from := d.Body.At.Start - len(strings.TrimLeft(gap, " \t\r\n,"))
		f.b.WriteString(sep + f.asWritten(from, d.Body.At.Start))
		return
	}
	if d.Predicate == nil {
		return
	}
	text := f.wide(d.Predicate, 1, 1)
	if strings.HasPrefix(text, "*") || strings.HasPrefix(text, "/") {
		text = " " + text // not a comment
	}
	f.b.WriteString("\n/" + text + "/")
}

// String returns the attach point as written, with quotes where a part had them.
func (a *AttachPoint) String() string {
	return joinedBy(a.Parts, ":", func(p AttachPart) string {
		switch {
		case p.Mixed && p.At.IsValid():
			return p.At.Text()
		case p.Quoted:
			return Quote(p.Text)
		}
		return p.Text
	})
}

func (f *formatter) tabs() string { return strings.Repeat(indentStep, f.indent) }

func joined[T any](list []T, f func(T) string) string { return joinedBy(list, ", ", f) }

func joinedBy[T any](list []T, sep string, f func(T) string) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = f(n)
	}
	return strings.Join(parts, sep)
}
