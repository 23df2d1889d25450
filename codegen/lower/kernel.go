package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// Need says that the script cannot be compiled for a target without a feature, if the target does not have it.
func (f *fn) Need(feature target.Feature, what string) bool { return f.need(feature, f.span(), what) }

// KernelSymbol returns the address of a symbol of the kernel.
func (f *fn) KernelSymbol(name string) *ir.Value {
	addr, ok := f.info.Symbol(name)
	if !ok {
		f.Refuse(fmt.Sprintf("the kernel does not say where %s is", name))
	}
	return f.b.Const(int64(addr))
}

// ipOffsets are where the instruction pointer is in struct pt_regs.
var ipOffsets = map[string]int64{"amd64": 8 * 16, "arm64": 8 * 32}

// UserSymbol returns the address of a function or variable in the program or library that the probe is in. Where that can be loaded
// anywhere, the probe's own address says where it was: it is known in the file, and at run time.
func (f *fn) UserSymbol(name string) *ir.Value {
	s, err := f.info.UserSymbol(f.prog.Probes[0], name)
	if err != nil {
		f.Refuse(err.Error())
		return f.b.Const(0)
	}
	if s.Fixed {
		return f.b.Const(int64(s.Addr))
	}
	var at *ir.Value
	if f.prog.Probes[0].Return {
		if !f.need(target.UprobeFuncIP, f.span(), "uaddr() at the return of a function that can be loaded anywhere") {
			return f.b.Const(0)
		}
		at = f.b.Call(ir.HelperGetFuncIP, f.b.Ctx())
	} else {
		at = f.b.Load(f.b.Ctx(), ipOffsets[f.target.Arch()], 8, false)
	}
	return f.b.AddImm(at, int64(s.Addr)-int64(s.Probe))
}

// Trusted returns a pointer that the verifier knows: to what an argument points to or, if it is a struct, to it.
func (f *fn) Trusted(a stdlib.Arg) *ir.Value {
	e := a.(*arg).e
	f.follow = true
	defer func() { f.follow = false }()
	p := place{}
	if typed, ok := f.typedPlace(e); ok {
		p = typed
	} else if _, ok := a.Type().(types.Pointer); ok {
		p = f.pointee(f.expr(e))
	} else {
		p = f.placeOf(e)
	}
	if p.base.Op == ir.OpNumber {
		p.base = p.base.Args[0]
	}
	if p.mem != memTrusted && !f.fromContext(p.base) {
		f.Refuse(notKnown)
	}
	return f.address(p)
}

// maxFrame is what a program's stack holds: a larger object is in a map, whose memory is set always.
const maxFrame = 512

// Path returns the path of the file that a struct path is about, or an empty one where a pointer on the way to it is null.
func (f *fn) Path(c stdlib.Call, path stdlib.Arg) stdlib.Value {
	t := c.Result.(types.String)
	if f.kind() == attach.KindIter && !f.Need(target.IterPath, "path() in iter") {
		return f.undefined(t)
	}
	dst := f.Temp("path", types.Align(t.Size, 8), 8)
	if t.Size <= maxFrame {
		f.zeroBytes(dst, 0, types.Align(t.Size, 8)) // before 6.3 the verifier takes the helper for one that reads it
	}
	call := func(p *ir.Value) *ir.Value {
		return f.b.Call(ir.HelperDPath, p, dst, f.b.Const(int64(t.Size)))
	}
	if f.kind() != attach.KindIter {
		ret := call(f.Trusted(path))
		return stdlib.Value{V: dst, Type: t, Len: f.readLen(ir.HelperDPath, dst, ret, t.Size), Loose: true}
	}
	n := f.b.NewVariable(ir.I64)
	none, done := f.b.NewBlock("no_path"), f.b.NewBlock("path")
	p, ok := f.known(path, none)
	if !ok {
		f.Refuse(notKnown)
		return stdlib.Value{V: dst, Type: t}
	}
	f.b.Define(n, f.readLen(ir.HelperDPath, dst, call(f.address(p)), t.Size))
	f.b.Jump(done)
	f.enter(none)
	f.b.Store(dst, 0, 1, f.b.Const(0))
	f.b.Define(n, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: dst, Type: t, Len: f.b.Use(n), Loose: true}
}

// notKnown is said of pointers that the kernel's functions do not take.
const notKnown = "the kernel takes only a pointer that comes straight from the probe's arguments or the current task here"

// known returns what an argument denotes or points to in an iter probe, where the verifier follows the pointers from the context on,
// if each is tested: null ones lead to none.
func (f *fn) known(a stdlib.Arg, none *ir.Block) (place, bool) {
	e := f.origin(a.(*arg).e)
	p, ok := f.knownPlace(e, none)
	if _, isPtr := a.Type().(types.Pointer); isPtr && ok {
		return f.tested(p, none), true
	}
	return p, ok
}

// knownPlace returns the place that ctx.x, ctx.x.y and so on denote.
func (f *fn) knownPlace(e ast.Expr, none *ir.Block) (place, bool) {
	field, ok := e.(*ast.FieldExpr)
	if !ok || len(f.info.Fields[field]) == 0 {
		return place{}, false
	}
	_, isPtr := f.info.Types[field.X].(types.Pointer)
	of := f.origin(field.X)
	p, ok := f.knownPlace(of, none)
	switch _, isField := of.(*ast.FieldExpr); {
	case isField && !ok:
		return place{}, false
	case isField && isPtr:
		p = f.tested(p, none)
	case isField:
	case f.isCtx(f.expr(of).V):
		p = place{base: f.b.Ctx(), mem: memCtx}
	default:
		return place{}, false
	}
	for _, step := range f.info.Fields[field] {
		p = p.at(int64(step.Offset))
	}
	return p, true
}

// tested loads a pointer that the verifier knows then, and goes to none if it is null.
func (f *fn) tested(p place, none *ir.Block) place {
	ptr := f.b.Load(p.base, p.off, 8, false)
	ptr.Type = ir.Ptr
	there := f.b.NewBlock("known")
	f.b.Branch(f.b.Binary(ir.OpEq, ptr, f.b.Const(0)), none, there)
	f.enter(there)
	return place{base: ptr, mem: memTrusted}
}

// fromContext reports whether a pointer is an argument of the function that the program is attached to, or an object of its iterator:
// the verifier knows those.
func (f *fn) fromContext(v *ir.Value) bool {
	for _, object := range f.objects {
		if v == object {
			return true
		}
	}
	return f.kind() == attach.KindTracing && v.Op == ir.OpLoad && (v.Args[0].Op == ir.OpCtx || v.Args[0] == f.b.Context)
}
