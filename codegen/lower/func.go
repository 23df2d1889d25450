package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// fn lowers one program. It is the stdlib.Emitter of the builtins in it.
type fn struct {
	*module
	b    *ir.Builder
	prog *check.Program
	vars map[*check.Var]storage
	// loops are the loops that the code is in, innermost last.
	loops []loop
	// inner is set in the callback of a loop.
	inner *callback
	// frames are where the frames of the loops around a callback are.
	frames map[*callback]*ir.Value
	// objects are the pointers of an iterator's context by their offsets, tested so that the verifier lets them be followed. Callbacks
	// have none: the test is not in their code.
	objects map[int64]*ir.Value
	// called is set in a function of the script, result is where its result goes, if that is in memory, and program the name of the
	// program that calls it.
	called  *function
	result  *ir.Value
	program string
	// at is the innermost call that is being lowered, for messages at run time; the statement's span is in the builder.
	at diag.Span
}

// span is where a failing helper is reported.
func (f *fn) span() diag.Span {
	if f.at.IsValid() {
		return f.at
	}
	return f.b.Span
}

func (m *module) program(name string, p *check.Program) *ir.Func {
	f := &fn{module: m, b: ir.NewBuilder(name), prog: p, vars: map[*check.Var]storage{}}
	f.b.Func.Reentrant = m.reentrant(p)
	switch {
	case p.Point != nil:
		f.b.Span = p.Point.Span()
	case p.Decl != nil:
		f.b.Span = p.Decl.Span()
	}
	f.skipEnd()
	body := f.b.NewBlock("body")
	skip := f.filters(body)
	f.b.Seal(body)
	f.b.SetBlock(body)
	f.block(p.Body)
	if !f.b.Terminated() {
		f.ret()
	}
	if skip != nil {
		f.b.Seal(skip)
		f.b.SetBlock(skip)
		f.ret()
	}
	return f.b.Func
}

// ret ends the program or function.
func (f *fn) ret() { f.retValue(f.b.Const(0)) }

// retValue ends the program or function with a value. The callback of a loop leaves that to the code around it.
func (f *fn) retValue(v *ir.Value) {
	if f.inner == nil {
		f.b.Return(v)
		return
	}
	f.leaveLoops(functionReturns, v)
}

// leaveLoops ends the round of a callback, and makes the code around the loop return or end as well.
func (f *fn) leaveLoops(how int64, v *ir.Value) {
	f.inner.returns = true
	f.inner.ends = f.inner.ends || how == programEnds
	f.b.Store(f.inner.frame, frameReturned, 8, f.b.Const(how))
	f.b.Store(f.inner.frame, frameValue, 8, v)
	f.leave(1)
}

// skipEnd ends the program of an iterator where there is no object: the kernel calls it once more after the last. It tests all
// pointers, since they are there together.
func (f *fn) skipEnd() {
	if f.kind() != attach.KindIter || f.prog.Context == nil || f.prog.Context.Ctx == nil {
		return
	}
	var none *ir.Block
	f.objects = map[int64]*ir.Value{}
	for i, field := range f.prog.Context.Ctx.Fields {
		ptr, ok := field.Type.(types.Pointer)
		if !ok || i == 0 { // the first is about the iteration
			continue
		}
		v := f.b.Load(f.b.Ctx(), int64(field.Offset), 8, false)
		v.Stable = true
		if _, ok := ptr.Elem.(*types.Struct); ok { // of others, the verifier only knows how much they point to
			v.Type = ir.Ptr
			f.objects[int64(field.Offset)] = v
		}
		if none == nil {
			none = f.b.NewBlock("no_object")
		}
		next := f.b.NewBlock("object")
		f.b.Branch(f.b.Binary(ir.OpEq, v, f.b.Const(0)), none, next)
		f.enter(next)
	}
	if none == nil {
		return
	}
	body := f.b.NewBlock("objects")
	f.b.Jump(body)
	f.enter(none)
	f.ret()
	f.enter(body)
}

// filters tests the process and the predicate and goes on to body. It returns the block for events that are left out, or
// nil if there is no test.
func (f *fn) filters(body *ir.Block) *ir.Block {
	byPID := f.opts.PID != 0 && f.prog.Context != nil && f.prog.Context.PIDFilter == "body"
	if !byPID && f.prog.Predicate == nil {
		f.b.Jump(body)
		return nil
	}
	skip := f.b.NewBlock("skip")
	if byPID {
		next := body
		if f.prog.Predicate != nil {
			next = f.b.NewBlock("predicate")
		}
		pid := f.tgid()
		f.b.Branch(f.b.Binary(ir.OpEq, pid, f.b.Const(int64(f.opts.PID))), next, skip)
		if next == body {
			return skip
		}
		f.b.Seal(next)
		f.b.SetBlock(next)
	}
	f.b.Span = f.prog.Predicate.Span()
	f.cond(f.prog.Predicate, body, skip)
	return skip
}

// enter seals a block to which all jumps have been made and goes on in it.
func (f *fn) enter(blk *ir.Block) {
	f.b.Seal(blk)
	f.b.SetBlock(blk)
}

// Builder returns the builder.
func (f *fn) Builder() *ir.Builder { return f.b }

// Target returns the target.
func (f *fn) Target() target.Target { return f.target }

// Temp returns the address of a fresh memory object.
func (f *fn) Temp(name string, size, align int) *ir.Value {
	return f.b.SlotAddr(f.b.NewSlot(name, max(1, size), align))
}

// object returns the address of a fresh memory object for a value of type t, in whole words.
func (f *fn) object(name string, t types.Type) *ir.Value {
	return f.Temp(name, types.Align(types.Sizeof(t), 8), 8)
}

// ProbeName returns the full name of the program's first probe; programs that use it have but one.
func (f *fn) ProbeName() string {
	if len(f.prog.Probes) == 0 {
		return ""
	}
	return f.prog.Probes[0].Name
}

func (f *fn) kind() attach.Kind {
	if len(f.prog.Probes) == 0 {
		return attach.KindTestRun
	}
	return f.prog.Probes[0].Kind
}

// isScalar reports whether values of type t are kept in a register.
func isScalar(t types.Type) bool {
	switch t.(type) {
	case types.Bool, types.Int, types.Pointer, *types.Enum, types.Ksym, types.Username, types.Timestamp, types.CgroupPath:
		return true
	case types.Count, types.Sum, types.Min, types.Max, types.Avg:
		return true // read as a number
	case types.Invalid, types.Void, types.String, types.Buffer, types.Array, types.Tuple, types.Record, *types.Struct,
		types.Stack, types.Usym, types.Inet, types.MacAddr, types.Stats, types.Hist, types.LHist, types.TSeries:
		return false
	}
	panic(fmt.Sprintf("BUG: lower: unexpected type %T", t))
}

// width is the number of bytes of a scalar in memory.
func width(t types.Type) int {
	if types.IsAggregate(t) {
		return 8
	}
	return types.Sizeof(t)
}

// forget returns t without the promise that the verifier knows a pointer: it was kept where the verifier loses sight of it.
func forget(t types.Type) types.Type {
	if p, ok := t.(types.Pointer); ok {
		p.Trusted = false
		return p
	}
	return t
}

// number returns the type of an expression as operators see it: aggregates are numbers.
func number(t types.Type) types.Type {
	if types.IsCastable(t) {
		return types.Int{Size: 8, Signed: types.IsSigned(t)}
	}
	return t
}

// convert gives an integer the width and sign of another type.
func (f *fn) convert(v stdlib.Value, t types.Type) stdlib.Value {
	from, to := width(v.Type), width(t)
	if _, ok := t.(types.Bool); ok {
		if _, same := v.Type.(types.Bool); !same {
			v.V = f.b.Binary(ir.OpNe, v.V, f.b.Const(0))
		}
		return stdlib.Value{V: v.V, Type: t}
	}
	if to < from || to == from && to < 8 && types.IsSigned(v.Type) != types.IsSigned(t) {
		v.V = f.b.Extend(v.V, to, types.IsSigned(t))
	} else if to < 8 && types.IsSigned(v.Type) && !types.IsSigned(t) {
		v.V = f.b.Extend(v.V, to, false)
	}
	return stdlib.Value{V: v.V, Type: t}
}
