package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
)

const (
	// defaultDepth is the number of frames where a script does not say it.
	defaultDepth = 127
	// maxDepth is the kernel's limit (sysctl kernel.perf_event_max_stack).
	maxDepth = 127
	// modeBuildID is the mode of stacks whose frames are places in files, which have ids.
	modeBuildID = "build_id"
)

// stackModes are the ways to print a stack.
var stackModes = []string{"bpftrace", "perf", "raw"}

// stackBuiltins are stack traces.
func stackBuiltins() []*Builtin {
	params := []types.Param{{Name: "mode", Kind: types.ParamNameInt, Optional: true, Words: stackModes}, {Name: "depth", Kind: types.ParamInt, Optional: true}}
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "kstack", Doc: "Kernel stack, at most depth frames.", Params: params, Needs: "stack",
				ResultOf: stackType("kstack"), Call: true, BareOK: true,
			},
			Lower: func(e Emitter, c Call) Value { return e.Stack(c) },
		},
		{
			Signature: types.Signature{
				Name: "ustack", Doc: "User stack, at most depth frames.", Params: params, Needs: "stack",
				ResultOf: stackType("ustack"), Call: true, BareOK: true,
			},
			Lower: func(e Emitter, c Call) Value { return e.Stack(c) },
		},
		{
			Signature: types.Signature{
				Name: "dw_ustack", Doc: "User stack of a program without frame pointers, at most depth frames.", Params: params, Needs: "stack",
				ResultOf: stackType("dw_ustack"), Call: true, BareOK: true, Unstable: types.UnstableDwUstack,
				Reports:    true,
				UnstableAs: "dw_ustack (DWARF stack unwinding)",
			},
			Lower: func(e Emitter, c Call) Value { return e.UnwindStack(c) },
		},
	}
}

// stackType works out mode and depth of kstack, kstack(depth), kstack(mode) and kstack(mode, depth).
func stackType(name string) func([]types.Arg, types.Env) (types.Type, error) {
	user := name != "kstack"
	return func(args []types.Arg, env types.Env) (types.Type, error) {
		t := types.Stack{User: user, Mode: env.StackMode, Depth: defaultDepth}
		if t.Mode == "" {
			t.Mode = "bpftrace"
		}
		for i, a := range args {
			switch {
			case a.Name != "" && i == 0:
				switch a.Name {
				case "bpftrace", "perf", "raw", modeBuildID:
					t.Mode = a.Name
				default:
					//lint:ignore ST1005 these are bpftrace's words
					err := fmt.Errorf("Error parsing stack mode: %s: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id.", name)
					return nil, &types.ArgError{Arg: i, Err: err}
				}
			case a.Const && a.Str == "" && a.Int >= 0:
				t.Depth = int(min(a.Int, maxDepth))
			case a.Const && a.Str == "":
				return nil, fmt.Errorf("a stack's depth must not be negative (%d provided)", a.Int)
			default:
				return nil, fmt.Errorf("a stack's depth must be a literal number")
			}
		}
		if t.Mode == modeBuildID && !user {
			return nil, fmt.Errorf("'build_id' stack mode can only be used for ustack")
		}
		return t, nil
	}
}
