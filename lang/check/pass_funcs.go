package check

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// maxParams is the number of registers in which functions take their parameters.
const maxParams = 5

// function is a user function as declared.
type function struct {
	decl   *ast.FuncDecl
	params []types.Type
	result types.Type
	// bad is set where the declaration was refused: calls of it say nothing.
	bad bool
	// recursive is set for a function in a circle of calls.
	recursive bool
	// called is the last round in which some version was called.
	called int
}

// version is a function as one program calls it: its body sees what that program's probe offers, and its pointers point into
// the memory that the arguments of these calls do.
type version struct {
	*function
	f       *Func
	program *Program
	result  slot
	// called is the last round in which it was called.
	called int
	// lone is set for the version of a function that no program calls: it is checked, as far as that is possible, but not compiled.
	lone bool
}

// versionKey tells versions apart.
type versionKey struct {
	fn      *function
	program *Program
	spaces  string
}

// passFuncs reads the declarations of functions. The cdef and config passes must have run, for the types that they name.
func (c *checker) passFuncs() {
	for _, d := range c.prog.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			c.declareFunc(d)
		}
	}
	for _, f := range c.funcOrder {
		c.rejectRecursion(f)
	}
}

func (c *checker) declareFunc(d *ast.FuncDecl) {
	f := &function{decl: d}
	c.report = true
	defer func() { c.report = false }()
	_, builtin := c.opts.Builtins.Signature(d.Name)
	old := c.funcs[d.Name]
	switch {
	case builtin:
		c.errorf(d.NameSpan, "function-name", "'%s' is a builtin: a function needs a name of its own", d.Name)
		return
	case old != nil:
		c.errorf(d.NameSpan, "function-name", "Redefinition of function '%s'", d.Name).
			Hintf("the first one is in line %d", old.decl.NameSpan.Pos().Line)
		return
	}
	c.funcs[d.Name] = f
	c.funcOrder = append(c.funcOrder, f)
	if len(d.Params) > maxParams {
		c.errorf(d.Params[maxParams].At, "too-many-params", "a function takes at most %d parameters (%d given)", maxParams, len(d.Params)).
			Hintf("a tuple carries several values: $t: (int64, int64)")
		f.bad = true
	}
	seen := map[string]bool{}
	for _, p := range d.Params {
		if seen[p.Name] {
			c.errorf(p.At, "function-param", "$%s is a parameter twice", p.Name)
			f.bad = true
		}
		seen[p.Name] = true
		f.params = append(f.params, c.valueType(f, p.Type, "a parameter"))
	}
	c.rejectComptime(f)
	f.result = types.Void{}
	if d.Result != nil && !isVoidName(d.Result) {
		f.result = c.valueType(f, d.Result, "a result")
	}
	if !types.Equal(f.result, types.Void{}) && !returns(d.Body.Stmts) {
		c.errorf(d.NameSpan, "missing-return", "%s() must return a value on every way through it", d.Name)
		f.bad = true
	}
}

// rejectComptime reports what is decided for each probe before functions are typed.
func (c *checker) rejectComptime(f *function) {
	ast.Walk(f.decl.Body, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.IfStmt:
			if n.Comptime {
				what = "if comptime"
			}
		case *ast.IfExpr:
			if n.Comptime {
				what = "if comptime"
			}
		case *ast.TypeinfoExpr:
			what = "typeinfo"
		}
		if what != "" {
			f.bad = true
			c.errorf(n.Span(), "unsupported", "%s is not supported in functions", what).Hintf("a macro is expanded where it is used")
		}
		return what == ""
	})
}

func isVoidName(t ast.TypeExpr) bool {
	n, ok := t.(*ast.NamedType)
	return ok && n.Keyword == "" && n.Name == "void"
}

// valueType returns the type of a parameter or a result, which must be one that a variable can have.
func (c *checker) valueType(f *function, e ast.TypeExpr, what string) types.Type {
	t := c.typeExpr(e)
	switch {
	case t == nil:
		f.bad = true
		if !c.diags.HasErrors() {
			c.errorf(e.Span(), "bad-type", "%s cannot be of this type", what)
		}
		return types.Invalid{}
	case !c.sized(e, t):
		f.bad = true
	case types.Equal(t, types.Void{}), types.IsAggregate(t):
		c.errorf(e.Span(), "bad-type", "%s cannot be of type %s", what, t)
		f.bad = true
	}
	return t
}

// returns reports whether statements end in a return on every way.
func returns(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch s := list[len(list)-1].(type) {
	case *ast.ReturnStmt, *ast.BadStmt:
		return true
	case *ast.BlockStmt:
		return returns(s.Body.Stmts)
	case *ast.IfStmt:
		return s.Else != nil && returns(s.Then.Stmts) && returns([]ast.Stmt{s.Else})
	default: // what may go on behind it
	}
	return false
}

// calledFuncs returns the functions that are called in a tree, in the order of their calls.
func (c *checker) calledFuncs(n ast.Node) []*function {
	var out []*function
	seen := map[*function]bool{}
	ast.Walk(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f := c.funcs[call.Func]; f != nil && !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
		return true
	})
	return out
}

// rejectRecursion reports a function that calls itself, with the way there: a program has a small stack, and the kernel must
// see the end of it.
func (c *checker) rejectRecursion(f *function) {
	if f.recursive {
		return // the circle is reported
	}
	way := c.wayTo(f, f, map[*function]bool{})
	if way == nil {
		return
	}
	names := make([]string, len(way))
	for i, g := range way {
		names[i] = g.decl.Name + "()"
		g.bad, g.recursive = true, true
	}
	c.diags.Errorf(f.decl.NameSpan, "recursion", "%s calls itself: %s", names[0], strings.Join(names, " calls "))
}

// wayTo returns the shortest part of a chain of calls from one function to another that depth first search finds, or nil.
func (c *checker) wayTo(from, to *function, seen map[*function]bool) []*function {
	seen[from] = true
	for _, g := range c.calledFuncs(from.decl.Body) {
		if g == to {
			return []*function{from, g}
		}
		if seen[g] {
			continue
		}
		if rest := c.wayTo(g, to, seen); rest != nil {
			return append([]*function{from}, rest...)
		}
	}
	return nil
}

// version returns the version of a function for the program at hand and the memory that pointers among the arguments point
// into.
func (c *checker) version(f *function, args []types.Type) *version {
	k := versionKey{fn: f, program: c.program, spaces: spacesOf(args)}
	v := c.versions[k]
	if v == nil {
		v = c.newVersion(f, c.program, c.bodyOf(k))
		c.versions[k] = v
	}
	return v
}

func spacesOf(args []types.Type) string {
	var b strings.Builder
	for _, t := range args {
		fmt.Fprintf(&b, "%s;", spaceOf(t))
	}
	return b.String()
}

// spaceOf describes the memory that the pointers in a value point into.
func spaceOf(t types.Type) string {
	switch t := t.(type) {
	case types.Pointer:
		return fmt.Sprintf("%d%s", t.Space, spaceOf(t.Elem))
	case types.Tuple:
		return spacesOf(t.Elems)
	case types.Record:
		return spacesOf(t.Types())
	default: // no other type matters here
	}
	return ""
}

// bodyOf returns the body of a version, a copy of the function's.
func (c *checker) bodyOf(k versionKey) *ast.Block {
	b := c.bodies[k]
	if b == nil {
		b = ast.CloneBlock(k.fn.decl.Body)
		c.bodies[k] = b
		c.bodyOrder = append(c.bodyOrder, k)
	}
	return b
}

func (c *checker) newVersion(f *function, p *Program, body *ast.Block) *version {
	v := &version{
		function: f, program: p,
		f: &Func{Name: f.decl.Name, Decl: f.decl, Body: body, Result: f.result},
	}
	v.result.fix(f.result)
	s := &scope{vars: map[varName]declared{}}
	for i, param := range f.decl.Params {
		pv := &Var{Name: param.Name}
		s.vars[varName{name: param.Name}] = declared{v: pv, at: param.At, how: "parameter"}
		c.vars[pv] = &slot{}
		c.vars[pv].fix(f.params[i])
		c.varOrder = append(c.varOrder, pv)
		v.f.Params = append(v.f.Params, pv)
	}
	c.resolveBlock(s, v.f.Body.Stmts)
	return v
}

// typeFuncs types the functions that the programs of this round call, those that these call, and once those that nothing calls.
func (c *checker) typeFuncs() {
	c.typeCalled()
	for _, f := range c.funcOrder {
		if f.called == c.rounds || f.bad {
			continue
		}
		c.program = c.lone
		v := c.version(f, nil)
		v.lone = true
		for i, p := range v.f.Params {
			if c.vars[p].like != nil {
				c.vars[p].put(plainShape(c.widest(f.params[i])))
			}
		}
		c.calledNow(v)
		c.typeCalled()
	}
	c.queue = nil
}

func (c *checker) calledNow(v *version) {
	v.function.called = c.rounds
	if v.called == c.rounds {
		return
	}
	v.called = c.rounds
	c.queue = append(c.queue, v)
}

// typeCalled types the versions in the queue.
func (c *checker) typeCalled() {
	for len(c.queue) > 0 {
		v := c.queue[0]
		c.queue = c.queue[1:]
		c.program, c.env, c.fn = v.program, c.probeEnv(v.program), v
		c.stmts(v.f.Body.Stmts)
		c.fn = nil
		if c.report {
			v.finish()
		}
	}
}

// finish settles the type of the result.
func (v *version) finish() {
	v.f.Result = v.result.typ()
	if v.f.Result == nil {
		v.f.Result = types.Invalid{}
	}
}
