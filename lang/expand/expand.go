package expand

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// Options is what expanding needs to know besides the script.
type Options struct {
	// Builtin reports whether the language has a builtin of that name: a macro of the same name goes before it where it takes the
	// arguments. Nil means that there are none.
	Builtin func(name string) bool
	// Importer reads what is imported; without one every import is an error.
	Importer Importer
}

// maxNodes bounds the size of what all macros of a script together are replaced by, maxDepth how deep calls of macros may nest
// and how deep a tree may get by them, so that the stages after this one keep within a stack.
const (
	maxNodes = 400_000
	maxDepth = 1000
)

// expander is the state of one run of Program.
type expander struct {
	opts   Options
	diags  *diag.List
	macros map[string][]*ast.MacroDecl
	// marks counts the expansions that brought variables of their own.
	marks int
	// nodes counts the nodes that were copied.
	nodes int
	// full is set once a limit is reached: nothing is expanded from then on.
	full bool
}

// Program expands a script in place: its imports, and then all its macros. The result holds neither.
func Program(prog *ast.Program, opts Options, diags *diag.List) {
	e := &expander{opts: opts, diags: diags, macros: map[string][]*ast.MacroDecl{}}
	e.imports(prog)
	var rest []ast.Decl
	for _, d := range prog.Decls {
		if m, ok := d.(*ast.MacroDecl); ok {
			e.define(m)
			continue
		}
		rest = append(rest, d)
	}
	prog.Decls = rest
	if len(e.macros) == 0 {
		return
	}
	r := e.rewriter(nil)
	for _, d := range rest {
		r.Decl(d)
		e.checkDepth(d)
	}
}

// checkDepth reports a declaration that has become too deep to be compiled. It is emptied then.
func (e *expander) checkDepth(d ast.Decl) {
	p, ok := d.(*ast.ProbeDecl)
	if !ok || e.nodes == 0 || !deeper(p.Body, maxTree) && (p.Predicate == nil || !deeper(p.Predicate, maxTree)) {
		return
	}
	e.diags.Errorf(p.At, "macro-size", "the macros of this probe expand to code nested deeper than %d levels", maxTree)
	p.Predicate, p.Body.Stmts = nil, nil
}

// maxTree bounds the depth of a tree with macros in it; the parser's own bound for trees without is a little smaller.
const maxTree = 6000

// deeper reports whether a tree is deeper than a number of levels.
func deeper(n ast.Node, levels int) bool {
	if levels == 0 {
		return true
	}
	found, first := false, true
	ast.Walk(n, func(c ast.Node) bool {
		if first {
			first = false
			return true
		}
		found = found || deeper(c, levels-1)
		return false
	})
	return found
}
