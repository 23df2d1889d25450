package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// commSize is the size of a task's name in the kernel (TASK_COMM_LEN).
const commSize = 16

// procBuiltins are about the current task and CPU.
func procBuiltins() []*Builtin {
	return []*Builtin{
		taskID("pid", "Process id: what the kernel calls the thread group id; in the namespace of gtrace, or in the initial one (pid(init)).",
			func(b *ir.Builder, ids *ir.Value) *ir.Value { return b.Binary(ir.OpLShr, ids, b.Const(32)) }),
		taskID("tid", "Thread id; in the namespace of gtrace, or in the initial one (tid(init)).",
			func(b *ir.Builder, ids *ir.Value) *ir.Value { return b.Extend(ids, 4, false) }),
		{
			Signature: types.Signature{Name: "uid", Doc: "User id of the current task.", Result: types.Uint64},
			Lower:     lowHalf(ir.HelperGetCurrentUidGid),
		},
		{
			Signature: types.Signature{Name: "gid", Doc: "Group id of the current task.", Result: types.Uint64},
			Lower: func(e Emitter, c Call) Value {
				b := e.Builder()
				return Value{V: b.Binary(ir.OpLShr, b.Call(ir.HelperGetCurrentUidGid), b.Const(32)), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "comm", Doc: "Name of the current task, at most 15 bytes, or of the one with an id in the initial pid namespace.",
				Params:   []types.Param{{Name: "pid", Kind: types.ParamAny, Optional: true}},
				ResultOf: commType, Call: true, BareOK: true,
			},
			Lower: func(e Emitter, c Call) Value {
				if len(c.Args) > 0 {
					return lowerCommOf(e, c)
				}
				return lowerComm(e, c)
			},
		},
		{
			Signature: types.Signature{Name: "cpu", Doc: "Number of the CPU that the probe fired on.", Result: types.Uint64},
			Lower:     helper(ir.HelperGetSmpProcessorID),
		},
		{
			Signature: types.Signature{Name: "curtask", Doc: "Pointer to the current task's struct task_struct.", ResultOf: curtaskType},
			Lower:     lowerCurtask,
		},
		{
			Signature: types.Signature{Name: "cpid", Doc: "Process id of the command that -c started, else 0.", Result: types.Uint32},
			Lower: func(e Emitter, c Call) Value {
				return Value{V: e.Builder().Extend(e.ChildPID(), 4, false), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{Name: "rand", Doc: "Pseudo-random 32-bit number.", Result: types.Uint64},
			Lower:     helper(ir.HelperGetPrandomU32),
		},
	}
}

// taskID is a part of the ids of the current task.
func taskID(name, doc string, part func(b *ir.Builder, ids *ir.Value) *ir.Value) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "namespace", Kind: types.ParamName, Optional: true}},
			ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
				if len(args) > 0 && args[0].Name != "curr_ns" && args[0].Name != initNamespace {
					//lint:ignore ST1005 these are bpftrace's words
					return nil, fmt.Errorf("Invalid PID namespace mode: %s (expects: curr_ns or init)", args[0].Name)
				}
				return types.Uint32, nil
			},
			Call: true, BareOK: true,
		},
		Lower: func(e Emitter, c Call) Value {
			if len(c.Args) > 0 {
				if word, _ := c.Args[0].Str(); word == initNamespace {
					return Value{V: part(e.Builder(), e.Builder().Call(ir.HelperGetCurrentPidTgid)), Type: c.Result}
				}
			}
			return Value{V: part(e.Builder(), e.TaskIDs()), Type: c.Result}
		},
	}
}

// initNamespace is the word for the initial pid namespace.
const initNamespace = "init"

// helper returns a Lower function for a helper without arguments whose result is the value.
func helper(h ir.Helper) func(Emitter, Call) Value {
	return func(e Emitter, c Call) Value { return Value{V: e.Builder().Call(h), Type: c.Result} }
}

// lowHalf returns a Lower function for the low 32 bits of a helper's result.
func lowHalf(h ir.Helper) func(Emitter, Call) Value {
	return func(e Emitter, c Call) Value {
		b := e.Builder()
		return Value{V: b.Extend(b.Call(h), 4, false), Type: c.Result}
	}
}

// curtaskType is an untyped kernel pointer where the kernel's types are not known.
func curtaskType(_ []types.Arg, env types.Env) (types.Type, error) {
	if env.Kernel == nil {
		return types.Pointer{Elem: types.Void{}, Space: types.SpaceKernel}, nil
	}
	task, err := env.Kernel("struct", "task_struct")
	if err != nil {
		return types.Pointer{Elem: types.Void{}, Space: types.SpaceKernel}, nil
	}
	return types.Pointer{Elem: task, Space: types.SpaceKernel}, nil
}

func lowerCurtask(e Emitter, c Call) Value {
	b := e.Builder()
	if p, ok := c.Result.(types.Pointer); ok && p.Trusted && e.Target().Has(target.CurrentTaskBTF) {
		return Value{V: b.Call(ir.HelperGetCurrentTaskBTF), Type: p}
	}
	if p, ok := c.Result.(types.Pointer); ok {
		p.Trusted = false
		return Value{V: b.Call(ir.HelperGetCurrentTask), Type: p}
	}
	return Value{V: b.Call(ir.HelperGetCurrentTask), Type: c.Result}
}
