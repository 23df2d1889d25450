package complete

import (
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
)

// variables adds the scratch variables in scope.
func (b *body) variables(before int) {
	names := b.scope(before)
	if len(names) == 0 {
		return
	}
	known := b.analyse("0").vars
	for _, n := range names {
		b.add(n, detail(known[n[1:]]))
	}
}

// scope returns the names of the variables in scope, sorted. One that a block introduces is gone behind it; the variable of a loop
// belongs to the loop.
func (b *body) scope(before int) []string {
	var out []string
	for _, p := range b.params {
		if p[0] == '$' && len(p) > 1 {
			out = append(out, p)
		}
	}
	for i := 0; i <= before; i++ {
		t := b.code.toks[i]
		if t.kind == tokVar && len(t.text) > 1 && !isDigit(t.text[1]) && b.code.reaches(i) {
			out = append(out, t.text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reaches reports whether a variable that occurs at an index is known at the cursor.
func (c *code) reaches(i int) bool {
	for j := i + 1; j < len(c.toks); j++ {
		if t := c.toks[j]; t.is("}") && t.match >= 0 && t.match < i {
			return false // its block has ended
		}
	}
	if open := c.at(i - 1); open.is("(") && c.at(i-2).isWord("for") || open.isWord("for") {
		return !c.loopEnded(i)
	}
	return true
}

// loopEnded reports whether the loop has ended in whose header the token at an index stands.
func (c *code) loopEnded(i int) bool {
	for j := i; j < len(c.toks); j++ {
		if t := c.toks[j]; t.is("}") && t.match > i {
			return true // the first block behind the header is the loop's, or is in it
		}
		if c.toks[j].is("{") && slices.Contains(c.open, j) {
			return false
		}
	}
	return false
}

// maps adds the maps: those of the session, and those that the text names.
func (b *body) maps() {
	known := map[string]string{}
	for _, m := range b.src.Maps() {
		known[m.Name] = mapDetail(m)
	}
	for _, p := range b.params {
		if p[0] == '@' {
			known[p] = "parameter"
		}
	}
	for _, m := range b.analyse("0").maps {
		known[m.Name] = mapDetail(m)
	}
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		b.add(n, known[n])
	}
}

// mapDetail returns the types of a map's key and value.
func mapDetail(m *check.Map) string {
	value := detail(m.Value)
	if m.Key == nil {
		return value
	}
	return "[" + strings.Trim(detail(m.Key), "()") + "] " + value
}

// names completes a word that begins an operand or a statement.
func (b *body) names(before int) {
	known := b.analyse("args")
	start := b.startsStatement(before)
	if start {
		b.addKeywords(statementWords[:])
	}
	b.addBuiltins(known, start)
	b.addDeclared()
	b.addKeywords(operandWords[:])
	if prev := b.code.at(before); prev.is("(") {
		b.addTypeWords("")
	}
	if b.prefix == "" {
		if !b.predicate && !start {
			b.maps()
		}
		return
	}
	b.addDefined()
	if b.total == 0 || b.prefix[0] == '_' || b.prefix[0] >= 'A' && b.prefix[0] <= 'Z' { // most are; to list them takes time
		b.addAll(Names{List: b.src.Constants(), Detail: "constant"})
	}
}

// startsStatement reports whether a statement can begin behind the token at an index.
func (b *body) startsStatement(before int) bool {
	t := b.code.at(before)
	return !b.predicate && (before < 0 || t.is(";") || t.is("{") || t.is("}") || t.isWord("else"))
}

// addBuiltins adds the builtins that the probe offers.
func (b *body) addBuiltins(known *analysis, start bool) {
	all := b.src.Builtins()
	for _, name := range all.Names() {
		if !strings.HasPrefix(name, b.prefix) {
			continue
		}
		sig, ok := all.Signature(name)
		if !ok || !known.offers(name, sig) || sig.Statement && !start {
			continue
		}
		text := name
		if sig.Call && !sig.BareOK {
			text += "("
		}
		b.add(text, signature(sig))
	}
}

// signature describes a builtin in a line.
func signature(s *types.Signature) string {
	result := ""
	if s.Result != nil && !types.Equal(s.Result, types.Void{}) {
		result = ": " + detail(s.Result)
	}
	if !s.Call {
		return strings.TrimPrefix(result+" "+s.Doc, ": ")
	}
	var out strings.Builder
	out.WriteString(s.Name + "(")
	for i, p := range s.Params {
		sep := ""
		if i > 0 {
			sep = ", "
		}
		if p.Optional {
			out.WriteString("[" + sep + p.Name + "]")
			continue
		}
		out.WriteString(sep + p.Name)
	}
	if s.Variadic {
		out.WriteString(", ...")
	}
	return out.String() + ")" + result
}

// addDeclared adds the macros and functions of the session and of the text.
func (b *body) addDeclared() {
	for _, d := range b.declarations() {
		switch d := d.(type) {
		case *ast.MacroDecl:
			b.add(d.Name+"(", "macro "+headOf(d.At))
		case *ast.FuncDecl:
			b.add(d.Name+"(", "fn "+headOf(d.At))
		case *ast.CDecl, *ast.ConfigDecl, *ast.ImportDecl, *ast.MapDecl, *ast.ProbeDecl:
		}
	}
}

// headOf returns a macro's or function's head without its keyword.
func headOf(at diag.Span) string {
	head, _, _ := strings.Cut(at.Text(), "{")
	_, head, _ = strings.Cut(head, " ")
	return strings.TrimSpace(head)
}

// declarations returns the declarations of the session and those of the text that come before the one at the cursor.
func (s *script) declarations() []ast.Decl {
	text := s.src.Prelude() + "\n" + s.text[:s.item]
	return parser.Parse(diag.NewFile("completion", text), &diag.List{}).Decls
}

// addDefined adds the constants that C definitions of the session and of the text make.
func (s *script) addDefined() {
	for _, name := range definedNames(s.declarations()).constants {
		s.add(name, "constant")
	}
}
