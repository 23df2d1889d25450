package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
)

// listedArgN is the number of argN names that completion and suggestions know.
const listedArgN = 10

// probeBuiltins are what the probe itself offers.
func probeBuiltins() []*Builtin {
	out := []*Builtin{
		{
			Signature: types.Signature{
				Name: "probe", Doc: "Full name of the probe that fired.", Needs: "probe",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return orDefault(env.Probe, types.String{Size: env.MaxStrlen}), nil
				},
			},
			Lower: func(e Emitter, c Call) Value { return e.Text(e.ProbeName()) },
		},
		{
			Signature: types.Signature{
				Name: "func", Doc: "Name of the function that the probe is in.", Needs: "func",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return orDefault(env.Func, types.Ksym{}), nil
				},
			},
			Lower: func(e Emitter, c Call) Value { return e.Func(c.Result) },
		},
		{
			Signature: types.Signature{
				Name: "args", Doc: "The probe's arguments by name: args.filename.", Needs: "args",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return orDefault(env.Args, types.Invalid{}), nil
				},
			},
			Lower: func(e Emitter, c Call) Value { return e.Args() },
		},
		{
			Signature: types.Signature{
				Name: "ctx", Doc: "Pointer to what the kernel gives the program: ctx.task in an iter:task probe.", Needs: "ctx",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return types.Pointer{Elem: orDefault(env.Ctx, types.Void{}), Space: types.SpaceKernel}, nil
				},
			},
			Lower: func(e Emitter, c Call) Value { return Value{V: e.Builder().Ctx(), Type: c.Result} },
		},
		{
			Signature: types.Signature{
				Name: "retval", Doc: "Value that the function returned.", Needs: "retval",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return orDefault(env.Retval, types.Uint64), nil
				},
			},
			Lower: func(e Emitter, c Call) Value { return e.Retval() },
		},
	}
	for n := range listedArgN {
		out = append(out, argN(n))
	}
	return out
}

// argN is the builtin arg0, arg1, ….
func argN(n int) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: fmt.Sprintf("arg%d", n), Doc: fmt.Sprintf("Argument %d of the probe, counted from 0.", n), Needs: "argn",
			ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
				if n < len(env.ArgN) {
					return env.ArgN[n], nil
				}
				return types.Uint64, nil
			},
		},
		Lower: func(e Emitter, c Call) Value { return e.ArgN(n) },
	}
}

func orDefault(t, def types.Type) types.Type {
	if t == nil {
		return def
	}
	return t
}
