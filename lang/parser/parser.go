package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// The codes of the parser's diagnostics, beside those of the scanner ("unterminated-string", "bad-character", …).
const (
	codeSyntax       diag.Code = "syntax"
	codeMissingBrace diag.Code = "missing-brace"
	codeMissingSemi  diag.Code = "missing-semicolon"
	codeMissingBlock diag.Code = "missing-block"
	codeAssign       diag.Code = "assign-for-compare"
	codeTarget       diag.Code = "bad-target"
	codeNesting      diag.Code = "nesting"
	codeEscape       diag.Code = "bad-escape"
	codeInteger      diag.Code = "bad-integer"
	codeRange        diag.Code = "integer-range"
)

// maxNesting bounds how deep expressions, blocks and types may nest; maxChain how long an expression without parentheses
// may be, since it becomes a tree as deep. Both keep the recursion of this and of later stages within a stack.
const (
	maxNesting = 200
	maxChain   = 5000
)

// Parse reads a script. It reports errors to diags and always returns a program, with what could be understood in it.
func Parse(file *diag.File, diags *diag.List) *ast.Program {
	p := newParser(&scanner{file: file, diags: diags, text: file.Text})
	s := p.scan
	prog := &ast.Program{Place: ast.Place{At: diag.Span{File: file, End: len(file.Text)}}, File: file}
	out, err := build(s, p.decl).ParseString(file.Name, file.Text)
	if err != nil {
		p.grammarError(err)
	}
	if out != nil {
		prog.Shebang = strings.TrimRight(out.Shebang, "\r")
		prog.Decls = out.Decls
	}
	prog.Comments, prog.Parens = s.comments, p.parens
	return prog
}

// parser holds one parse. After an error it is bad: nothing is consumed and nothing more is reported until the enclosing
// statement or declaration has resumed at a place it knows (sync), so that one mistake is one diagnostic.
type parser struct {
	file  *diag.File
	diags *diag.List
	scan  *scanner
	lex   *lexer.PeekingLexer
	bad   bool
	depth int
	end   int // where the last token taken ends
	// parens is what becomes ast.Program.Parens.
	parens map[ast.Node]bool
	// openEnd is where a block without its closing brace was last found to end, or -1.
	openEnd int
}

func newParser(s *scanner) *parser {
	return &parser{file: s.file, diags: s.diags, scan: s, parens: map[ast.Node]bool{}, openEnd: -1}
}

// grammarError turns an error of participle, which only the top level can cause, into a diagnostic.
func (p *parser) grammarError(err error) {
	var at participle.Error
	if !asParseError(err, &at) {
		panic("BUG: parser: " + err.Error())
	}
	off := min(at.Position().Offset, len(p.file.Text))
	p.diags.Errorf(diag.Span{File: p.file, Start: off, End: off}, codeSyntax, "%s", at.Message())
}

func (p *parser) peek() *lexer.Token { return p.lex.Peek() }

// peekN returns the token n places ahead.
func (p *parser) peekN(n int) *lexer.Token {
	if i := p.lex.RawCursor() + lexer.RawCursor(n); int(i) < p.scan.next {
		return &p.lex.Range(i, i+1)[0]
	}
	t := lexer.EOFToken(lexer.Position{Offset: len(p.file.Text)})
	return &t
}

// take consumes a token.
func (p *parser) take() *lexer.Token {
	t := p.lex.Next()
	p.end = t.Pos.Offset + len(t.Value)
	return t
}

// is reports whether the next token is this operator or word.
func (p *parser) is(text string) bool { return isText(p.peek(), text) }

func isText(t *lexer.Token, text string) bool {
	return (t.Type == tokOp || t.Type == tokIdent) && t.Value == text
}

// accept consumes the next token if it is this operator or word.
func (p *parser) accept(text string) bool {
	if p.bad || !p.is(text) {
		return false
	}
	p.take()
	return true
}

// expect consumes an operator or word, or reports what stands there instead.
func (p *parser) expect(text, why string) *lexer.Token {
	if p.bad {
		return p.peek()
	}
	if !p.is(text) {
		p.unexpected("`" + text + "`" + why)
		return p.peek()
	}
	return p.take()
}

// expectIdent consumes a name.
func (p *parser) expectIdent(what string) *lexer.Token {
	if t := p.peek(); p.bad || t.Type == tokIdent {
		if !p.bad {
			p.take()
		}
		return t
	}
	p.unexpected(what)
	return p.peek()
}

// unexpected reports the next token, which is not what it should be, and returns the diagnostic for a hint.
func (p *parser) unexpected(expected string) *diag.Diagnostic {
	t := p.peek()
	if t.Type == tokInvalid { // reported by the scanner
		p.bad = true
		return &diag.Diagnostic{}
	}
	at := p.tokSpan(t)
	if t.EOF() {
		at = p.from(p.end).At
	}
	d := p.errorf(at, codeSyntax, "unexpected %s, expected %s", describe(t), expected)
	if t.Type == tokOp && t.Value == "=" {
		d.Hintf("to compare, write ==")
	}
	return d
}

// errorf reports an error unless one has been reported that may be its cause.
func (p *parser) errorf(at diag.Span, code diag.Code, format string, args ...any) *diag.Diagnostic {
	if p.bad {
		return &diag.Diagnostic{}
	}
	p.bad = true
	return p.diags.Errorf(at, code, format, args...)
}

func (p *parser) tokSpan(t *lexer.Token) diag.Span {
	return diag.Span{File: p.file, Start: t.Pos.Offset, End: t.Pos.Offset + len(t.Value)}
}

// start returns the offset of the next token.
func (p *parser) start() int { return p.peek().Pos.Offset }

// from returns the place from an offset to the end of the last token taken.
func (p *parser) from(start int) ast.Place {
	return ast.Place{At: diag.Span{File: p.file, Start: start, End: max(start, p.end)}}
}

// enter counts a level of nesting and reports whether there are too many. Each call is paired with leave.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxNesting {
		p.tooDeep(p.start())
		return false
	}
	return !p.bad
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tooDeep(start int) {
	p.errorf(diag.Span{File: p.file, Start: start, End: min(start+1, len(p.file.Text))}, codeNesting,
		"nested too deeply (more than %d levels)", maxNesting)
}

// tooLong says that there are too many of what, maxChain being the most.
func (p *parser) tooLong(start int, what string) {
	p.errorf(diag.Span{File: p.file, Start: start, End: min(start+1, len(p.file.Text))}, codeNesting,
		"more than %d %s", maxChain, what)
}
