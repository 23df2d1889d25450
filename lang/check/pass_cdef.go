package check

import (
	"slices"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// passCdef reads the C part of the script. It runs before everything that may name a type or a constant.
func (c *checker) passCdef() {
	var pieces []diag.Span
	for _, d := range c.prog.Decls {
		if d, ok := d.(*ast.CDecl); ok {
			pieces = append(pieces, d.At)
		}
	}
	c.cdefs = cdef.Parse(pieces, cdef.Options{Types: c.kernelType, Include: c.opts.Include, First: c.opts.Headers}, c.diags)
	c.wrongC = slices.ContainsFunc(c.diags.All(), func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && d.Class == diag.ClassSurroundings
	})
}

// cType returns a type that the script defines in C; it wins over the kernel's.
func (c *checker) cType(keyword, name string) (types.Type, bool) {
	keywords := []string{keyword}
	if keyword == "" {
		keywords = []string{"", "struct", "union", "enum"}
	}
	for _, k := range keywords {
		if t, ok := c.cdefs.Type(k, name); ok {
			return t, true
		}
	}
	return nil, false
}

// cConst types a name that the script defines in C: an enumerator, or a macro, which stands for a literal.
func (c *checker) cConst(e *ast.Ident) (types.Type, bool) {
	k, ok := c.cdefs.Const(e.Name)
	switch {
	case !ok && c.cdefs.IsMacro(e.Name):
		c.errorf(e.At, "bad-define", "the macro %s stands for no expression", e.Name)
		return types.Invalid{}, true
	case !ok:
		return nil, false
	case k.IsStr:
		return c.text(e, k.Str), true
	case k.Enum != nil:
		c.info.Consts[e] = Const{Int: k.Int}
		return k.Enum, true
	case k.Unsigned:
		return c.literal(e, fromUint(uint64(k.Int))), true
	}
	return c.literal(e, fromInt(k.Int)), true
}

// isConst reports whether a name stands for a value, without a look at builtins.
func (c *checker) isConst(name string) bool {
	if _, ok := c.cdefs.Const(name); ok {
		return true
	}
	if _, ok := c.cdefs.Type("", name); ok {
		return false
	}
	_, ok := cdef.Constant(name)
	return ok || c.enumerator(name).known
}
