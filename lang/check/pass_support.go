package check

import (
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// passSupport reports the parts of the language that this version does not compile. Nothing has to run before it; the
// passes after it say nothing about what it has reported.
func (c *checker) passSupport() {
	for _, d := range c.prog.Decls {
		c.supportDecl(d)
	}
}

func (c *checker) unsupported(span diag.Span, what string) {
	c.diags.Errorf(span, "unsupported", "%s not supported yet", what)
}

func (c *checker) supportDecl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.CDecl, *ast.ConfigDecl, *ast.MapDecl:
	case *ast.ImportDecl, *ast.MacroDecl: // expanding has taken them out
	case *ast.FuncDecl:
		c.supportNode(d.Body)
	case *ast.ProbeDecl:
		if d.Predicate != nil {
			c.supportNode(d.Predicate)
		}
		c.supportNode(d.Body)
	default:
		panic("BUG: check: unexpected declaration")
	}
}

// supportNode walks a predicate or a body.
func (c *checker) supportNode(root ast.Node) {
	ast.Walk(root, func(n ast.Node) bool {
		if what := unsupportedNode(n); what != "" {
			c.unsupported(n.Span(), what)
			return false
		}
		return true
	})
}

// unsupportedNode names a construct that cannot be compiled yet, with its verb.
func unsupportedNode(n ast.Node) string {
	switch n := n.(type) {
	case *ast.UnaryExpr:
		if n.Op == ast.AddrOf {
			return "taking an address is"
		}
	case *ast.ArrayType:
		if n.Len == nil {
			return "array types without a length are"
		}
	}
	return ""
}
