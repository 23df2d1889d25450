package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// ParseExpr reads text that is one expression, such as what a macro in C stands for, or returns nil if it is none.
func ParseExpr(file *diag.File) ast.Expr {
	diags := &diag.List{}
	stmts := ParseStatements(file, diags).Decls[0].(*ast.ProbeDecl).Body.Stmts
	if diags.HasErrors() || len(stmts) != 1 {
		return nil
	}
	if s, ok := stmts[0].(*ast.ExprStmt); ok {
		return s.X
	}
	return nil
}

// ParseStatements reads text that is the inside of an action block, as it is typed at a prompt. The program it returns has
// one probe, begin, with these statements. It reports errors to diags, at their places in the file.
func ParseStatements(file *diag.File, diags *diag.List) *ast.Program {
	s := &scanner{file: file, diags: diags, text: file.Text, statements: true}
	p := newParser(s)
	all := ast.Place{At: diag.Span{File: file, End: len(file.Text)}}
	body := &ast.Block{Place: all}
	_, err := build(s, func(lex *lexer.PeekingLexer) (ast.Decl, error) {
		p.lex = lex
		p.freeStmts(body)
		return nil, participle.NextMatch
	}).ParseString(file.Name, file.Text)
	if err != nil {
		p.grammarError(err)
	}
	point := &ast.AttachPoint{Place: all, Parts: []ast.AttachPart{{Place: all, Text: "begin"}}}
	return &ast.Program{
		Place: all, File: file, Comments: s.comments, Parens: p.parens,
		Decls: []ast.Decl{&ast.ProbeDecl{Place: all, Points: []*ast.AttachPoint{point}, Body: body}},
	}
}

// freeStmts reads statements up to the end of the text. What closes a block that is not open is reported and left out.
func (p *parser) freeStmts(b *ast.Block) {
	for p.peek().Type != lexer.EOF {
		b.Stmts = append(b.Stmts, p.stmts()...)
		if t := p.peek(); t.Type != lexer.EOF {
			p.errorf(p.tokSpan(t), codeSyntax, "unexpected %s, expected a statement", describe(t))
			p.bad = false
			p.take()
		}
	}
}

// IsScript reports whether text has the form of a script, with probes and declarations, as against statements.
func IsScript(text string) bool {
	i := skipBlanks(text, 0)
	w := word(text, i)
	next := byteAt(text, i+len(w))
	after := byteAt(text, skipBlanks(text, i+len(w)))
	switch {
	case byteAt(text, i) == '#', isCWord(w):
		return true
	case w == "let":
		return after == '@'
	case w == "":
		return byteAt(text, i) == '*' && strings.IndexByte(text[i:], ':') >= 0
	case startsDecl(text, i), next == ':', next == '*' && byteAt(text, i+len(w)+1) == ':':
		return true
	case after == '=': // name=kprobe:f
		v := skipBlanks(text, skipBlanks(text, i+len(w))+1)
		return word(text, v) != "" && byteAt(text, v+len(word(text, v))) == ':'
	case isSpecialProbe(w):
		return after == 0 || strings.IndexByte("{/<,", after) >= 0
	}
	return false
}

// IsIncomplete reports whether text, of a script or of statements, is good so far but ends in the middle of something: an open
// block, bracket or comment, a probe without its block, an operator without its right side.
func IsIncomplete(text string) bool {
	var diags diag.List
	file := diag.NewFile("", text)
	if IsScript(text) {
		Parse(file, &diags)
	} else {
		ParseStatements(file, &diags)
	}
	end := len(strings.TrimRight(text, " \t\r\n\f\v"))
	for _, d := range diags.All() {
		if d.Code == "unterminated-comment" {
			return true
		}
		if d.Severity != diag.Error {
			continue
		}
		switch d.Code {
		case "unterminated-string":
			return false
		case codeMissingBrace:
			if d.Span.Text() != "}" {
				return true
			}
		default: // it depends on the place
		}
		if d.Span.Start >= end {
			return true
		}
	}
	return false
}
