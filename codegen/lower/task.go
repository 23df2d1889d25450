package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// Refuse says that the script cannot be compiled for the target.
func (f *fn) Refuse(message string) { f.errs.Errorf(f.span(), "unsupported-kernel", "%s", message) }

// TaskMember reads a field that is reached from a task, or from the current one if task is nil.
func (f *fn) TaskMember(c stdlib.Call, task *ir.Value, path ...string) stdlib.Value {
	t, err := f.info.Kernel("struct", "task_struct")
	if err != nil {
		f.Refuse(fmt.Sprintf("%s: %v", c.Sig.Name, err))
		return stdlib.Value{V: f.b.Const(0), Type: c.Result}
	}
	ptr := types.Pointer{Elem: t, Space: types.SpaceKernel}
	switch {
	case task == nil && f.target.Has(target.CurrentTaskBTF):
		ptr.Trusted = true
		task = f.b.Call(ir.HelperGetCurrentTaskBTF)
	case task == nil:
		task = f.b.Call(ir.HelperGetCurrentTask)
	}
	v := stdlib.Value{V: task, Type: ptr}
	for i, name := range path {
		at, ok := f.memberOf(v, name)
		if !ok {
			f.Refuse(fmt.Sprintf("%s: this kernel's %v has no field %s", c.Sig.Name, v.Type, name))
			return stdlib.Value{V: f.b.Const(0), Type: c.Result}
		}
		if i == len(path)-1 {
			return f.lastMember(c, at)
		}
		trusted := v.Type.(types.Pointer).Trusted
		next := f.load(at.place, types.Pointer{Elem: t, Space: types.SpaceKernel})
		if trusted { // what a pointer that the verifier knows points to, it knows as well
			next.V.Type = ir.Ptr
			next.Type = types.Pointer{Elem: t, Space: types.SpaceKernel, Trusted: true}
		}
		v = next
	}
	return v
}

type memberPlace struct {
	place place
	field types.Field
}

// memberOf finds a field behind a pointer to a struct.
func (f *fn) memberOf(v stdlib.Value, name string) (memberPlace, bool) {
	s, ok := v.Type.(types.Pointer).Elem.(*types.Struct)
	if !ok {
		return memberPlace{}, false
	}
	path, ok := types.Lookup(s, name)
	if !ok {
		return memberPlace{}, false
	}
	p := f.pointee(v)
	for _, step := range path {
		p = p.at(int64(step.Offset))
	}
	return memberPlace{p, path[len(path)-1]}, true
}

func (f *fn) lastMember(c stdlib.Call, at memberPlace) stdlib.Value {
	s, ok := c.Result.(types.String)
	if !ok {
		return f.load(at.place, c.Result)
	}
	arr, ok := at.field.Type.(types.Array)
	if !ok {
		arr = types.Array{Elem: types.Int8, Len: types.Sizeof(at.field.Type)}
	}
	return f.charArray(at.place, arr, s, c.Into)
}
