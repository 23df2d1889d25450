package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// maxArgs is the number of registers that a call passes.
	maxArgs = 5
	// maxFrames is the number of functions that the kernel lets be inside of each other, the program included.
	maxFrames = 8
)

// functionKey is a function of the script in a program. Every program has subprograms of its own: the memory that they have
// besides their stack is then that of the one program that is running.
type functionKey struct {
	prog *check.Program
	f    *check.Func
}

// function is a subprogram that is made of a function of the script. Its parameters are, in this order: the program's context,
// if something in it needs that; where the result goes, if that is in memory; the arguments, values as they are and memory
// objects as their address in the caller's memory.
type function struct {
	name   string
	result types.Type
	// exits is set where the function may end the whole program: it then returns whether it does, and any result is in memory.
	exits bool
	// context is set where it takes the program's context.
	context bool
	// willExit is set once something in it has turned out to end the program.
	willExit bool
}

// inMemory reports whether the result goes to memory of the caller.
func (c *function) inMemory() bool {
	if _, void := c.result.(types.Void); void {
		return false
	}
	return c.exits || !isScalar(c.result)
}

// hidden is the number of parameters besides those that are declared.
func (c *function) hidden() int {
	n := int(truth(c.context))
	return n + int(truth(c.inMemory()))
}

// function returns the subprogram for a function of the script, made when it is first called. What it needs besides its
// parameters shows when its code is made, so that it may be made up to three times.
func (f *fn) function(cf *check.Func) *function {
	k := functionKey{f.prog, cf}
	if c := f.functions[k]; c != nil {
		return c
	}
	c := &function{name: f.funcName(cf), result: cf.Result}
	for {
		body, needsContext := f.functionBody(cf, c)
		if !needsContext && c.willExit == c.exits {
			f.subs = append(f.subs, body)
			break
		}
		c.context = c.context || needsContext
		c.exits = c.willExit
	}
	if n := len(cf.Params) + c.hidden(); n > maxArgs {
		f.errs.Errorf(cf.Decl.NameSpan, "too-many-params",
			"%s() needs %d of the %d registers that a call passes: one for each parameter%s", cf.Name, n, maxArgs, c.hiddenWords())
	}
	f.functions[k] = c
	return c
}

// hiddenWords says what registers are needed for besides parameters.
func (c *function) hiddenWords() string {
	out := ""
	if c.inMemory() {
		out += ", one for where its result goes"
	}
	if c.context {
		out += ", one for the probe's context, which it uses"
	}
	return out
}

// funcName returns a name for a function's subprogram: the kernel wants each once in a program.
func (f *fn) funcName(cf *check.Func) string {
	return fmt.Sprintf("%s_%s_%d", f.programName(), cf.Name, len(f.functions))
}

// functionBody makes the code of a function with what is known of it so far. needsContext says that it needs the context, but did
// not get it.
func (f *fn) functionBody(cf *check.Func, c *function) (body *ir.Func, needsContext bool) {
	b := ir.NewBuilder(c.name)
	b.Func.Sub = true
	b.Func.Reentrant = f.b.Func.Reentrant
	b.Span = cf.Decl.NameSpan
	g := &fn{module: f.module, b: b, prog: f.prog, program: f.programName(), vars: map[*check.Var]storage{}, called: c}
	if c.context {
		b.Context = b.Param(ir.Ptr)
	}
	if c.inMemory() {
		g.result = b.Param(ir.Ptr)
	}
	params := make([]*ir.Value, len(cf.Params))
	for i, v := range cf.Params {
		t := ir.I64
		if !isScalar(v.Type) {
			t = ir.Ptr
		}
		params[i] = b.Param(t)
	}
	var noContext *ir.Value
	if !c.context {
		noContext = b.Null()
		b.Context = noContext
	}
	changed := g.assignedIn(cf.Body)
	for i, v := range cf.Params {
		g.bindParam(v, params[i], changed[v])
	}
	g.block(cf.Body)
	if !b.Terminated() {
		g.ret()
	}
	return b.Func, noContext != nil && ir.Uses(b.Func, noContext)
}

// bindParam gives a parameter its value. A memory object that the function assigns to is copied first: the caller's stays as
// it is.
func (f *fn) bindParam(v *check.Var, p *ir.Value, changed bool) {
	switch {
	case isScalar(v.Type):
		f.writeVar(v, p)
	case changed:
		f.copyBytes(f.addressOf(v), 0, p, 0, types.Align(types.Sizeof(v.Type), 8))
	default:
		f.vars[v] = storage{addr: p}
	}
}

// programName is the name of the program that the code is part of.
func (f *fn) programName() string {
	if f.program != "" {
		return f.program
	}
	return f.b.Func.Name
}

// callFunc calls a function of the script.
func (f *fn) callFunc(e *ast.CallExpr, cf *check.Func) stdlib.Value {
	c := f.function(cf)
	var args []*ir.Value
	if c.context {
		args = append(args, f.b.Ctx())
	}
	var result *ir.Value
	if c.inMemory() {
		result = f.object("result", c.result)
		args = append(args, result)
	}
	for i, a := range e.Args {
		args = append(args, f.passed(a, cf.Params[i].Type))
	}
	if len(args) > maxArgs {
		return f.undefined(c.result) // which is reported
	}
	ret := f.b.CallFunc(c.name, args...)
	if c.exits {
		ended, goOn := f.b.NewBlock("ended"), f.b.NewBlock("go_on")
		f.b.Branch(ret, ended, goOn)
		f.enter(ended)
		f.endProgram()
		f.enter(goOn)
	}
	switch {
	case types.Equal(c.result, types.Void{}):
		return stdlib.Value{Type: c.result}
	case !c.inMemory():
		return stdlib.Value{V: ret, Type: forget(c.result)}
	case isScalar(c.result):
		return f.load(place{base: result, mem: memOwn}, c.result)
	}
	return stdlib.Value{V: result, Type: c.result, Loose: isLoose(c.result)}
}

// undefined is a value of a type in a program that is not going to be run.
func (f *fn) undefined(t types.Type) stdlib.Value {
	if _, void := t.(types.Void); void {
		return stdlib.Value{Type: t}
	}
	if isScalar(t) {
		return stdlib.Value{V: f.b.Const(0), Type: t}
	}
	return stdlib.Value{V: f.object("undefined", t), Type: t}
}

// passed returns an argument as a call passes it. Memory objects of variables are passed where they are, others are built for
// the call.
func (f *fn) passed(a ast.Expr, t types.Type) *ir.Value {
	if isScalar(t) {
		return f.widen(f.expr(a), t).V
	}
	if e, ok := a.(*ast.VarExpr); ok && types.Equal(f.info.Vars[e].Type, t) {
		return f.variable(e).V
	}
	dst := f.object("arg", t)
	f.putExpr(dst, 0, a, t, !isLoose(t))
	return dst
}

// returnFrom is a return in a function of the script.
func (f *fn) returnFrom(e ast.Expr) {
	c := f.called
	switch {
	case e == nil:
		f.ret()
	case c.inMemory():
		f.putExpr(f.result, 0, e, c.result, !isLoose(c.result))
		f.ret()
	default:
		f.retValue(f.widen(f.expr(e), c.result).V)
	}
}

// endProgram ends the program from wherever it is: loops leave that to the code around them, and functions to their callers.
func (f *fn) endProgram() {
	switch {
	case f.inner != nil:
		f.leaveLoops(programEnds, f.b.Const(0))
	case f.called != nil:
		f.called.willExit = true
		f.b.Return(f.b.Const(truth(f.called.exits)))
	default:
		f.b.Return(f.b.Const(0))
	}
}

// reachable returns the subprograms that programs come to call, and reports those that are too many inside of each other.
func (m *module) reachable() []*ir.Func {
	byName := map[string]*ir.Func{}
	for _, s := range m.subs {
		byName[s.Name] = s
	}
	w := &callWalk{mod: m.mod, subs: byName, depth: map[*ir.Func]int{}}
	for i, p := range m.mod.Funcs {
		if n := w.visit(p); n > maxFrames {
			m.errs.Errorf(m.info.Programs[i].Body.Span(), "too-deep",
				"functions and loops are %d levels deep inside of each other here; the kernel allows %d", n, maxFrames)
		}
	}
	var out []*ir.Func
	for _, s := range m.subs {
		if w.depth[s] > 0 {
			out = append(out, s)
		}
	}
	return out
}

// callWalk finds out how deep calls go.
type callWalk struct {
	mod   *ir.Module
	subs  map[string]*ir.Func
	depth map[*ir.Func]int
}

// visit returns the number of functions that are inside of each other in the longest chain of calls from f on.
func (w *callWalk) visit(f *ir.Func) int {
	if n := w.depth[f]; n > 0 {
		return n
	}
	below := 0
	for _, b := range f.Blocks {
		for _, v := range b.Instrs {
			if v.Op != ir.OpCallFunc && v.Op != ir.OpFuncPtr {
				continue
			}
			if x := w.mod.Extern(v.Sym); x != nil {
				below = max(below, x.Depth)
				continue
			}
			below = max(below, w.visit(w.subs[v.Sym]))
		}
	}
	w.depth[f] = below + 1
	return below + 1
}
