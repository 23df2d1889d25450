package expand

import (
	"regexp"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// codeMacro is the code of a macro's definition that is wrong; a call that is wrong has codeCall.
const (
	codeMacro diag.Code = "bad-macro"
	codeCall  diag.Code = "bad-macro-call"
)

// reserved are the builtins that are words of the language: they stand for themselves wherever they are written bare, so that
// they cannot name a parameter.
var reserved = regexp.MustCompile(`^(pid|tid|nsecs|ctx|args|s?arg[0-9]+|kstack|ustack)$`)

// define enters a macro.
func (e *expander) define(m *ast.MacroDecl) {
	ok := e.checkParams(m)
	ok = e.checkJumps(m.Body, false) && ok
	if !ok {
		m.Body.Stmts = []ast.Stmt{&ast.BadStmt{Place: m.Body.Place}}
	}
	for _, other := range e.macros[m.Name] {
		if covers(other, m) {
			e.diags.Errorf(head(m), codeMacro, "Redefinition of macro: %s", m.Name).Notef(head(other), "This is the original definition.")
			return
		}
	}
	e.macros[m.Name] = append(e.macros[m.Name], m)
}

// head is the span of `macro name`.
func head(m *ast.MacroDecl) diag.Span {
	at := m.At
	at.End = m.NameSpan.End
	return at
}

// covers reports whether a macro takes all arguments that another one takes, so that this would never be used.
func covers(m, other *ast.MacroDecl) bool {
	if len(m.Params) != len(other.Params) {
		return false
	}
	for i, p := range m.Params {
		if !takes(p.Param, other.Params[i].Param) {
			return false
		}
	}
	return true
}

// takes reports whether a parameter takes an argument.
func takes(param, arg ast.Expr) bool {
	switch param.(type) {
	case *ast.VarExpr:
		_, ok := arg.(*ast.VarExpr)
		return ok
	case *ast.MapExpr:
		m, ok := arg.(*ast.MapExpr)
		return ok && m.Key == nil
	default: // a bare name takes anything
	}
	return true
}

// checkParams reports what is wrong with the parameters of a macro.
func (e *expander) checkParams(m *ast.MacroDecl) bool {
	seen, ok := map[string]bool{}, true
	wrong := func(at diag.Span, format, name string) {
		e.diags.Errorf(at, codeMacro, format, name)
		ok = false
	}
	for _, p := range m.Params {
		if p.Type != nil {
			wrong(p.Type.Span(), "the parameters of a macro have no types: %s", p.At.Text())
			continue
		}
		key, format := "", ""
		switch x := p.Param.(type) {
		case *ast.VarExpr:
			key, format = "$"+x.Name, "Variable for macro argument has already been used: %s"
		case *ast.MapExpr:
			key, format = "@"+x.Name, "Map for macro argument has already been used: %s"
		case *ast.Ident:
			key, format = x.Name, "Ident for macro argument has already been used: %s"
			if reserved.MatchString(x.Name) {
				wrong(x.At, "builtin '%s' can't be used as a macro argument", x.Name)
			}
		default: // the parser has reported it
			ok = false
			continue
		}
		if seen[key] {
			wrong(p.At, format, key)
		}
		seen[key] = true
	}
	return ok
}

// checkJumps reports statements that would leave a macro.
func (e *expander) checkJumps(root ast.Node, inLoop bool) bool {
	ok := true
	word := func(at diag.Span, what string) {
		at.End = withSemicolon(at)
		e.diags.Errorf(at, codeMacro, "'%s' statement is not allowed in a macro", what)
		ok = false
	}
	ast.Walk(root, func(n ast.Node) bool {
		var body *ast.Block
		switch n := n.(type) {
		case *ast.ReturnStmt:
			word(n.At, "return")
		case *ast.BreakStmt:
			if !inLoop {
				word(n.At, "break")
			}
		case *ast.ContinueStmt:
			if !inLoop {
				word(n.At, "continue")
			}
		case *ast.ForMapStmt:
			body = n.Body
		case *ast.ForRangeStmt:
			body = n.Body
		case *ast.WhileStmt:
			body = n.Body
		case *ast.UnrollStmt:
			body = n.Body
		default:
		}
		if body != nil && !inLoop {
			ok = e.checkJumps(body, true) && ok
			return false // what heads a loop holds no statement but in a block expression, which cannot jump
		}
		return true
	})
	return ok
}

// withSemicolon returns where a statement ends, its semicolon included.
func withSemicolon(at diag.Span) int {
	if text := at.File.Text; at.End < len(text) && text[at.End] == ';' {
		return at.End + 1
	}
	return at.End
}
