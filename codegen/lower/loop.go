package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// loop is where break and continue go in a loop that is made of jumps.
type loop struct{ done, next *ir.Block }

// smallLoop is the number of rounds up to which a loop over a known range is made of jumps, which the verifier follows one by
// one; longer ones are calls of bpf_loop. So are those whose rounds branch more often than smallBranches times altogether: what
// the verifier follows can double with each.
const (
	smallLoop     = 16
	smallBranches = 32
)

// while is a loop that the verifier must find the end of.
func (f *fn) while(s *ast.WhileStmt) {
	head, body, done := f.b.NewBlock("while"), f.b.NewBlock("round"), f.b.NewBlock("endwhile")
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.cond(s.Cond, body, done)
	f.enter(body)
	f.rounds(s.Body, loop{done: done, next: head})
	if !f.b.Terminated() {
		f.b.Jump(head)
	}
	f.b.Seal(head)
	f.enter(done)
}

// rounds makes the body of a loop of jumps.
func (f *fn) rounds(body *ast.Block, l loop) {
	f.loops = append(f.loops, l)
	f.block(body)
	f.loops = f.loops[:len(f.loops)-1]
}

// leaveLoop is break or continue.
func (f *fn) leaveLoop(end bool) {
	if n := len(f.loops); n > 0 {
		if end {
			f.b.Jump(f.loops[n-1].done)
		} else {
			f.b.Jump(f.loops[n-1].next)
		}
		return
	}
	f.leave(truth(end))
}

// forRange is a loop over the numbers from start up to, but without, end.
func (f *fn) forRange(s *ast.ForRangeStmt) {
	from, known := f.constant(s.Start)
	to, alsoKnown := f.constant(s.End)
	known = known && alsoKnown
	switch {
	case known && from >= to:
		return
	case known && (to-from <= smallLoop && (to-from)*branches(s.Body) <= smallBranches || !f.target.Has(target.Loop)):
		f.countedLoop(s, from, to)
	case f.need(target.Loop, s.At, "this loop"):
		f.calledLoop(s)
	}
}

// branches is about how often the code of a body branches.
func branches(body *ast.Block) (n int64) {
	ast.Walk(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.IfExpr, *ast.TernaryExpr, *ast.MapExpr, *ast.CallExpr:
			n++
		case *ast.ForRangeStmt, *ast.ForMapStmt, *ast.WhileStmt, *ast.UnrollStmt:
			n += 8
		case *ast.BinaryExpr:
			if node.Op.IsLogical() {
				n++
			}
		default: // no other node branches
		}
		return true
	})
	return n
}

// countedLoop is a loop over a known range, made of jumps.
func (f *fn) countedLoop(s *ast.ForRangeStmt, from, to int64) {
	i := f.b.NewVariable(ir.I64)
	head, body, next, done := f.b.NewBlock("for"), f.b.NewBlock("round"), f.b.NewBlock("next"), f.b.NewBlock("endfor")
	f.b.Define(i, f.b.Const(from))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Branch(f.b.Binary(ir.OpSLt, f.b.Use(i), f.b.Const(to)), body, done)
	f.enter(body)
	f.setLoopVar(s.Var, f.b.Use(i))
	f.rounds(s.Body, loop{done: done, next: next})
	if !f.b.Terminated() {
		f.b.Jump(next)
	}
	f.enter(next)
	f.b.Define(i, f.b.AddImm(f.b.Use(i), 1))
	f.b.Jump(head)
	f.b.Seal(head)
	f.enter(done)
}

// setLoopVar gives the variable of a loop over numbers its value in a round.
func (f *fn) setLoopVar(e *ast.VarExpr, i *ir.Value) {
	v := f.info.Vars[e]
	f.writeVar(v, f.convert(stdlib.Value{V: i, Type: types.Int{Size: 8, Signed: types.IsSigned(v.Type)}}, v.Type).V)
}

// calledLoop is a loop whose rounds the kernel calls.
func (f *fn) calledLoop(s *ast.ForRangeStmt) {
	signed := types.IsSigned(f.info.Types[s.Start]) || types.IsSigned(f.info.Types[s.End])
	from, to := f.number(s.Start), f.number(s.End)
	some, done := f.b.NewBlock("some"), f.b.NewBlock("endfor")
	f.b.Branch(f.compareNumbers(ast.Lt, from, to, signed), some, done)
	f.enter(some)
	c := f.newCallback("loop", s.Body, []ir.Type{ir.I64, ir.Ptr}, 1)
	start := c.pass(from)
	c.fill(func(g *fn, params []*ir.Value) {
		g.setLoopVar(s.Var, g.b.Binary(ir.OpAdd, g.b.Load(params[1], start, 8, false), params[0]))
		g.block(s.Body)
	})
	n := f.b.Binary(ir.OpSub, to, from)
	c.call(func(callback, frame *ir.Value) {
		f.b.Call(ir.HelperLoop, n, callback, frame, f.b.Const(0))
	})
	f.b.Jump(done)
	f.enter(done)
}

// The frame that a callback shares with the function that it belongs to: the program's context or, in a loop inside of a loop, the
// frame of that; whether the function around the loop has to return or the program to end, and with what; then the variables of
// that function that the body uses.
const (
	frameOuter    = 0
	frameReturned = 8
	frameValue    = 16
	frameVars     = 24
)

// The values of frameReturned besides 0: the function around the loop returns, or the program ends. In a program that is the
// same.
const (
	functionReturns = 1
	programEnds     = 2
)

// captured is a variable of the outer function whose value is in the frame.
type captured struct {
	v   *check.Var
	off int64
}

// callback is a subprogram that the kernel calls for each round of a loop.
type callback struct {
	outer *fn
	name  string
	fn    *fn
	// slot is the frame as the outer function knows it, frame as the callback does.
	slot  *ir.Slot
	frame *ir.Value
	// cells are the places of the outer function's variables in the frame, changed those that the body may assign to.
	cells   map[*check.Var]*cell
	changed []captured
	// returns is set if the callback may make the function around it return, ends if it may end the program from inside a function.
	returns, ends bool
	// result is where the frame has the address of the result of the function around it, or 0.
	result int64
	params []ir.Type
	// frameParam is the parameter that is the frame.
	frameParam int
}

// newCallback prepares a subprogram with the given parameters for a body: the frame gets all variables of this function that the
// body uses. Those that this function, a callback itself, reaches through the frames around it are reached there.
func (f *fn) newCallback(word string, body *ast.Block, params []ir.Type, frameParam int) *callback {
	c := &callback{outer: f, params: params, frameParam: frameParam, cells: map[*check.Var]*cell{}}
	c.name = f.subName(word)
	c.slot = f.b.NewSlot("frame", frameVars, 8)
	c.slot.OnStack = true
	frame := f.b.SlotAddr(c.slot)
	outer := f.b.Ctx
	if f.inner != nil {
		outer = func() *ir.Value { return f.inner.frame }
	}
	f.b.Store(frame, frameOuter, 8, outer())
	f.b.Store(frame, frameReturned, 8, f.b.Const(0))
	f.b.Store(frame, frameValue, 8, f.b.Const(0))
	if f.inner == nil && f.result != nil {
		c.result = c.pass(f.result)
	}
	changed := f.assignedIn(body)
	for _, v := range f.sharedWith(body) {
		switch st := f.vars[v]; {
		case st.cell != nil:
			c.cells[v] = st.cell
		case st.inMemory():
			if changed[v] {
				f.openMemory(v)
			}
			c.cells[v] = &cell{loop: c, off: c.pass(f.addressOf(v)), address: true}
		default:
			x := f.readVar(v)
			if changed[v] {
				x = f.open(v.Type, x)
			}
			c.cells[v] = &cell{loop: c, off: c.pass(x)}
			if changed[v] {
				c.changed = append(c.changed, captured{v, c.cells[v].off})
			}
		}
	}
	return c
}

// subName returns a name for a subprogram of this function.
func (f *fn) subName(word string) string {
	return fmt.Sprintf("%s_%s%d", f.b.Func.Name, word, len(f.subs))
}

// pass adds a value to the frame and returns its offset.
func (c *callback) pass(v *ir.Value) int64 {
	off := int64(c.slot.Size)
	c.slot.Size += 8
	c.outer.b.Store(c.outer.b.SlotAddr(c.slot), off, 8, v)
	return off
}

// fill makes the code of the callback.
func (c *callback) fill(body func(g *fn, params []*ir.Value)) {
	b := ir.NewBuilder(c.name)
	b.Func.Sub = true
	b.Func.Reentrant = c.outer.b.Func.Reentrant
	b.Span = c.outer.b.Span
	g := &fn{
		module: c.outer.module, b: b, prog: c.outer.prog, vars: map[*check.Var]storage{}, inner: c, at: c.outer.at,
		called: c.outer.called, program: c.outer.programName(), frames: map[*callback]*ir.Value{},
	}
	c.fn = g
	params := make([]*ir.Value, len(c.params))
	for i, t := range c.params {
		params[i] = b.Param(t)
	}
	c.frame = params[c.frameParam]
	c.findFrames(g)
	for v, at := range c.cells {
		g.vars[v] = storage{cell: at}
	}
	body(g, params)
	if !b.Terminated() {
		g.leave(0)
	}
	c.outer.module.subs = append(c.outer.module.subs, b.Func)
}

// findFrames goes from the callback's frame to those of the loops around it, up to the program's context.
func (c *callback) findFrames(g *fn) {
	frame := c.frame
	for loop := c; ; loop = loop.outer.inner {
		g.frames[loop] = frame
		up := g.b.Load(frame, frameOuter, 8, false)
		up.Type = ir.Ptr
		if loop.outer.inner == nil {
			g.b.Context = up
			if loop.result != 0 {
				g.result = g.b.Load(frame, loop.result, 8, false)
				g.result.Type = ir.Ptr
			}
			return
		}
		frame = up
	}
}

// leave ends a round: the loop ends with it if end is 1.
func (f *fn) leave(end int64) { f.b.Return(f.b.Const(end)) }

// call calls the helper that calls the callback, and takes over what the rounds have changed.
func (c *callback) call(helper func(callback, frame *ir.Value)) {
	f := c.outer
	frame := f.b.SlotAddr(c.slot)
	helper(f.b.FuncPtr(c.name), frame)
	for _, v := range c.changed {
		f.writeVar(v.v, f.b.Load(frame, v.off, 8, false))
	}
	if !c.returns {
		return
	}
	ended, goOn := f.b.NewBlock("ended"), f.b.NewBlock("go_on")
	f.b.Branch(f.b.Load(frame, frameReturned, 8, false), ended, goOn)
	f.enter(ended)
	if c.ends && f.called != nil {
		exit, ret := f.b.NewBlock("exit"), f.b.NewBlock("return")
		how := f.b.Load(frame, frameReturned, 8, false)
		f.b.Branch(f.b.Binary(ir.OpEq, how, f.b.Const(programEnds)), exit, ret)
		f.enter(exit)
		f.endProgram()
		f.enter(ret)
	}
	f.retValue(f.b.Load(frame, frameValue, 8, false))
	f.enter(goOn)
}

// sharedWith returns the variables of this function that a body uses, in the order of their use.
func (f *fn) sharedWith(body *ast.Block) []*check.Var {
	var out []*check.Var
	seen := map[*check.Var]bool{}
	ast.Walk(body, func(n ast.Node) bool {
		if e, ok := n.(*ast.VarExpr); ok {
			v := f.info.Vars[e]
			if _, mine := f.vars[v]; mine && !seen[v] {
				seen[v] = true
				out = append(out, v)
			}
		}
		return true
	})
	return out
}

// assignedIn returns the variables that a body assigns to.
func (f *fn) assignedIn(body *ast.Block) map[*check.Var]bool {
	out := map[*check.Var]bool{}
	add := func(e ast.Expr) {
		if v, ok := e.(*ast.VarExpr); ok {
			out[f.info.Vars[v]] = true
		}
	}
	ast.Walk(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			add(n.Target)
		case *ast.IncDecExpr:
			add(n.X)
		case *ast.LetStmt:
			add(n.Var)
		case *ast.CallExpr:
			for i, a := range n.Args {
				if sig := f.info.Calls[n]; sig != nil && i < len(sig.Params) && sig.Params[i].Kind == types.ParamVar {
					add(a)
				}
			}
		}
		return true
	})
	return out
}
