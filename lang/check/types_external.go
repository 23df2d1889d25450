package check

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// Externals knows the functions of the object files that a script imports.
type Externals interface {
	// External returns the function of a name.
	External(name string) (*External, bool)
	// ExternalNames returns the names of all functions, sorted.
	ExternalNames() []string
	// ExternalType returns a struct or union that an object file defines, by keyword and name.
	ExternalType(keyword, name string) (types.Type, bool)
}

// External is a function of an imported object file.
type External struct {
	Name string
	// Symbol is its name in programs.
	Symbol string
	Params []ExternalParam
	Result types.Type
	// Stack is the number of bytes of stack that a call takes with all that it calls, Depth the number of functions that are then
	// inside of each other.
	Stack, Depth int
	// Problem says why it cannot be called; empty if it can.
	Problem string
}

// ExternalParam is a parameter of an External.
type ExternalParam struct {
	Name string
	Type types.Type
}

// external returns the imported function of a name.
func (c *checker) external(name string) (*External, bool) {
	if c.opts.Externals == nil {
		return nil, false
	}
	return c.opts.Externals.External(name)
}

// externalType returns a struct or union that an imported object file defines.
func (c *checker) externalType(keyword, name string) (types.Type, bool) {
	if c.opts.Externals == nil {
		return nil, false
	}
	return c.opts.Externals.ExternalType(keyword, name)
}

// externalCall types a call of an imported function.
func (c *checker) externalCall(e *ast.CallExpr, f *External) types.Type {
	given := make([]types.Type, len(e.Args))
	known, fine := true, true
	for i, a := range e.Args {
		given[i] = c.plain(c.expr(a))
		known = known && given[i] != nil
		fine = fine && !(given[i] != nil && types.IsInvalid(given[i]))
	}
	switch {
	case f.Problem != "":
		c.errorf(e.At, "external", "%s() cannot be called from a script: %s", f.Name, f.Problem)
		return types.Invalid{}
	case len(e.Args) != len(f.Params):
		c.errorf(e.At, "arguments", "Function `%s` requires %d arguments, got only %d", f.Name, len(f.Params), len(e.Args))
		return types.Invalid{}
	case !fine:
		return types.Invalid{}
	case !known:
		return f.Result
	}
	for i, a := range e.Args {
		if !c.passExternal(a, given[i], f.Params[i].Type) {
			c.badExternal(e, f, i, given[i])
			return types.Invalid{}
		}
	}
	c.info.Externals[e] = f
	return f.Result
}

// badExternal reports an argument of another type than the function takes.
func (c *checker) badExternal(e *ast.CallExpr, f *External, i int, t types.Type) {
	takes := make([]string, len(f.Params))
	for j, p := range f.Params {
		takes[j] = p.Type.String()
	}
	d := c.errorf(e.Args[i].Span(), "type-mismatch", "Expected %s for argument `%s` got %s", f.Params[i].Type, f.Params[i].Name, t)
	onceNote(d, e.At, "Function `%s` requires arguments (%s)", f.Name, strings.Join(takes, ", "))
}

// onceNote adds the one note of a diagnostic; the clones of a body say so once.
func onceNote(d *diag.Diagnostic, at diag.Span, format string, args ...any) {
	if len(d.Notes) == 0 {
		d.Notef(at, format, args...)
	}
}

// passExternal reports whether a value can be passed to a parameter. Numbers are converted; a string is passed by its address.
func (c *checker) passExternal(a ast.Expr, t, param types.Type) bool {
	want, isPointer := param.(types.Pointer)
	if !isPointer {
		return c.passNumber(a, t, param)
	}
	_, anything := want.Elem.(types.Void)
	switch t := t.(type) {
	case types.Pointer:
		_, untyped := t.Elem.(types.Void)
		return anything || untyped || t.Elem.String() == want.Elem.String()
	case types.String:
		return anything || types.Equal(want.Elem, types.Int8) || types.Equal(want.Elem, types.Uint8)
	default: // no other type matters here
	}
	return false
}

func (c *checker) passNumber(a ast.Expr, t, param types.Type) bool {
	if _, ok := c.number(t); !ok {
		return false
	}
	want, ok := c.number(param)
	if !ok {
		return false
	}
	if v, known := c.constant(a); known && c.literals[a] {
		return want.Holds(v.bits, !v.negative)
	}
	if c.report {
		c.adapt(a, want)
	}
	return true
}
