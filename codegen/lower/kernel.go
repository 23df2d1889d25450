package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
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
	p := place{}
	if _, ok := a.Type().(types.Pointer); ok {
		p = f.pointee(f.expr(e))
	} else {
		p = f.placeOf(e)
	}
	if p.mem != memTrusted && !f.fromContext(p.base) {
		f.Refuse("the kernel takes only a pointer that comes straight from the probe's arguments or the current task here")
	}
	return f.address(p)
}

// Path returns the path of the file that a struct path is about.
func (f *fn) Path(c stdlib.Call, path *ir.Value) stdlib.Value {
	t := c.Result.(types.String)
	dst := f.Temp("path", types.Align(t.Size, 8), 8)
	ret := f.b.Call(ir.HelperDPath, path, dst, f.b.Const(int64(t.Size)))
	return stdlib.Value{V: dst, Type: t, Len: f.readLen(ir.HelperDPath, dst, ret, t.Size), Loose: true}
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
