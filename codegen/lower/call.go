package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// arg is an argument of a builtin; it implements stdlib.Arg.
type arg struct {
	fn *fn
	e  ast.Expr
}

// Type returns the argument's type.
func (a *arg) Type() types.Type { return a.fn.info.Types[a.e] }

// Const returns the value if it is known at compile time.
func (a *arg) Const() (int64, bool) {
	if lit, ok := a.e.(*ast.IntLit); ok {
		return int64(lit.Value), true
	}
	return a.fn.constant(a.e)
}

// Str returns the text of a literal string or of a bare word.
func (a *arg) Str() (string, bool) {
	if id, ok := a.e.(*ast.Ident); ok {
		return id.Name, true
	}
	return a.fn.textOf(a.e)
}

// Word returns the bare word that was given to the call that the argument is or was assigned from.
func (a *arg) Word() string { return a.fn.info.Words[a.e] }

// Literal returns the text of a string that is known at compile time.
func (a *arg) Literal() (string, bool) { return a.fn.textOf(a.e) }

// Lower makes the code of the argument. Arrays that are not in the program's own memory come as pointers to their elements.
func (a *arg) Lower() stdlib.Value {
	if t, ok := a.Type().(types.Array); ok {
		p := a.fn.placeOf(a.e)
		return stdlib.Value{V: a.fn.address(p), Type: types.Pointer{Elem: t.Elem, Space: p.space()}}
	}
	return a.fn.expr(a.e)
}

// Map returns the script map that the argument is.
func (a *arg) Map() (string, stdlib.Arg) {
	m, ok := a.e.(*ast.MapExpr)
	if !ok {
		return "", nil
	}
	if m.Key == nil {
		return "@" + m.Name, nil
	}
	return "@" + m.Name, &arg{a.fn, m.Key}
}

// builtin returns the record of the builtin that e uses.
func (f *fn) builtin(e ast.Expr) *stdlib.Builtin {
	sig := f.info.Calls[e]
	if sig == nil {
		panic(fmt.Sprintf("BUG: lower: %T at %v is no builtin", e, e.Span()))
	}
	b, ok := f.catalog.Lookup(sig.Name)
	if !ok {
		panic(fmt.Sprintf("BUG: lower: no builtin %s", sig.Name))
	}
	return b
}

func (f *fn) callOf(e ast.Expr) stdlib.Call {
	c := stdlib.Call{Sig: f.info.Calls[e], Result: f.info.Types[e]}
	if call, ok := e.(*ast.CallExpr); ok {
		for _, x := range call.Args {
			c.Args = append(c.Args, &arg{f, x})
		}
	}
	return c
}

// call makes the code of a builtin.
func (f *fn) call(e ast.Expr, into *ir.Value) stdlib.Value {
	b := f.builtin(e)
	if b.Lower == nil {
		panic(fmt.Sprintf("BUG: lower: %s has no code", b.Name))
	}
	c := f.callOf(e)
	c.Into = into
	outer := f.at
	f.at = e.Span()
	v := b.Lower(f, c)
	f.at = outer
	return v
}

// StartTime returns the time at which the script was started.
func (f *fn) StartTime() *ir.Value {
	return f.dataWord(object.DataStart)
}

// TAIOffset returns what the TAI clock was ahead of the boot clock at the start.
func (f *fn) TAIOffset() *ir.Value { return f.dataWord(object.DataTAI) }

// dataWord reads a run-time constant.
func (f *fn) dataWord(off int64) *ir.Value {
	v := f.b.Load(f.b.MapValue(object.DataMap, off), 0, 8, false)
	v.Stable = true
	return v
}

// TaskIDs returns process and thread id of the current task as gtrace's pid namespace has them. A task of another namespace
// has none there: both are 0.
func (f *fn) TaskIDs() *ir.Value {
	if !f.opts.PIDNamespace {
		return f.b.Call(ir.HelperGetCurrentPidTgid)
	}
	ids := f.Temp("task_ids", 8, 8) // struct bpf_pidns_info: thread id, process id
	f.b.Store(ids, 0, 8, f.b.Const(0))
	f.b.Call(ir.HelperGetNsCurrentPidTgid, f.dataWord(object.DataPIDNSDev), f.dataWord(object.DataPIDNSIno), ids, f.b.Const(8))
	return f.b.Load(ids, 0, 8, false)
}

func (f *fn) tgid() *ir.Value { return f.b.Binary(ir.OpLShr, f.TaskIDs(), f.b.Const(32)) }

// ChildPID returns the process id of the command of -c.
func (f *fn) ChildPID() *ir.Value {
	return f.dataWord(object.DataCPID)
}

// Args returns the context as the struct behind `args`.
func (f *fn) Args() stdlib.Value {
	var t types.Type = types.Void{}
	if c := f.prog.Context; c != nil && c.Args != nil {
		t = c.Args
	}
	return stdlib.Value{V: f.b.Ctx(), Type: t}
}

// ArgN returns arg0, arg1, ….
func (f *fn) ArgN(n int) stdlib.Value { return f.contextValue(f.prog.Context.ArgN[n]) }

// Retval returns the value that the function returned.
func (f *fn) Retval() stdlib.Value { return f.contextValue(*f.prog.Context.Retval) }

func (f *fn) contextValue(v attach.Value) stdlib.Value {
	if v.Operand != nil {
		return stdlib.Value{V: f.operand(v), Type: v.Type}
	}
	p := f.argPlace(f.ctxPlace().at(int64(v.Offset)), v.Type)
	if v.DataLoc {
		return f.dataLoc(p, v.Type, nil)
	}
	if !isScalar(v.Type) {
		return f.loadObject(p, v.Type, nil)
	}
	if p.mem == memCtx && v.Size > 0 && v.Size != width(v.Type) {
		raw := f.load(p, types.Int{Size: v.Size, Signed: types.IsSigned(v.Type)})
		return stdlib.Value{V: f.b.Extend(raw.V, width(v.Type), types.IsSigned(v.Type)), Type: v.Type}
	}
	return f.load(p, v.Type)
}

// operand reads a value where a compiler put it.
func (f *fn) operand(v attach.Value) *ir.Value {
	o := v.Operand
	t := types.Int{Size: v.Size, Signed: o.Signed}
	ctx := f.ctxPlace()
	switch o.Kind {
	case attach.OperandConst:
		return f.b.Extend(f.b.Const(o.Value), v.Size, o.Signed)
	case attach.OperandRegister:
		return f.load(ctx.at(int64(o.Base)), t).V
	case attach.OperandMemory:
		addr := f.load(ctx.at(int64(o.Base)), types.Uint64).V
		if o.Index >= 0 {
			index := f.load(ctx.at(int64(o.Index)), types.Uint64).V
			addr = f.b.Binary(ir.OpAdd, addr, f.b.Binary(ir.OpMul, index, f.b.Const(o.Scale)))
		}
		return f.load(place{base: f.b.AddImm(addr, o.Value), mem: memUser}, t).V
	case attach.OperandResult:
		result := f.Temp("result", 8, 8)
		f.b.Store(result, 0, 8, f.b.Const(0))
		f.b.Call(ir.HelperGetFuncRet, f.b.Ctx(), result)
		return f.b.Load(result, 0, v.Size, o.Signed)
	}
	panic(fmt.Sprintf("BUG: lower: unexpected operand %d", o.Kind))
}

// Func returns the function that the probe is in: its name, or its address where only that is known at compile time.
func (f *fn) Func(t types.Type) stdlib.Value {
	c := f.prog.Context
	if s, ok := t.(types.String); ok {
		name := ""
		if len(f.prog.Probes) > 0 {
			name = f.prog.Probes[0].Func
		}
		return f.text(name, s.Size, nil)
	}
	ip := f.functionAddress(c)
	if _, ok := t.(types.Usym); !ok {
		return stdlib.Value{V: ip, Type: t}
	}
	dst := f.object("func", t)
	f.b.Store(dst, 0, 8, ip)
	f.b.Store(dst, 8, 8, f.tgid())
	return stdlib.Value{V: dst, Type: t}
}

func (f *fn) functionAddress(c *attach.Context) *ir.Value {
	switch {
	case c.UserSpace && f.prog.Probes[0].Return && f.target.Has(target.UprobeFuncIP): // registers tell where it returns to
		return f.b.Call(ir.HelperGetFuncIP, f.b.Ctx())
	case !c.UserSpace && f.target.Has(target.GetFuncIP):
		return f.b.Call(ir.HelperGetFuncIP, f.b.Ctx())
	}
	v := f.b.Load(f.b.Ctx(), int64(c.FuncOffset), 8, false)
	v.Stable = true
	return v
}
