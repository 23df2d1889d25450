package stdlib

import "github.com/gtrace/gtrace/lang/types"

// metaBuiltins are about types and are known at compile time.
func metaBuiltins() []*Builtin {
	return []*Builtin{
		predicate("is_array", "Whether the type is an array.", func(a types.Arg) bool {
			_, ok := a.Type.(types.Array)
			return ok
		}),
		predicate("is_integer", "Whether the type is an integer.", func(a types.Arg) bool {
			_, ok := a.Type.(types.Int)
			return ok
		}),
		predicate("is_unsigned_integer", "Whether the type is an integer without sign.", func(a types.Arg) bool {
			t, ok := a.Type.(types.Int)
			return ok && !t.Signed
		}),
		predicate("is_ptr", "Whether the type is a pointer.", func(a types.Arg) bool {
			_, ok := a.Type.(types.Pointer)
			return ok
		}),
		predicate("is_str", "Whether the type is a string.", func(a types.Arg) bool {
			_, ok := a.Type.(types.String)
			return ok
		}),
		predicate("is_literal", "Whether the value is known at compile time.", func(a types.Arg) bool { return a.Const }),
		{
			Signature: types.Signature{
				Name: "getopt", Doc: "Value of an option of the script, given behind -- on the command line.",
				Params: []types.Param{
					{Name: "name", Kind: types.ParamLitString},
					{Name: "default", Kind: types.ParamAny, Optional: true},
					{Name: "description", Kind: types.ParamLitString, Optional: true},
				},
				Result: types.Bool{}, Call: true, Replaced: types.ReplacedOption,
			},
			Lower: lowerFolded,
		},
		{
			Signature: types.Signature{
				Name: "config", Doc: "The configuration of the script, as a record.",
				Result: types.Record{}, Replaced: types.ReplacedConfig,
			},
			Lower: lowerFolded,
		},
		{
			Signature: types.Signature{
				Name: "probetype", Doc: "Name of the probe's type.",
				ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
					return types.String{Size: len(probeType(env)) + 1}, nil
				},
				Fold: func(_ []types.Arg, env types.Env) (types.Folded, bool) {
					return types.Folded{Str: probeType(env), IsStr: true}, true
				},
			},
			Lower: lowerFolded,
		},
	}
}

// probeType is the name of a probe's type; those that are not attached to anything share one.
func probeType(env types.Env) string {
	switch env.Provider {
	case "begin", "end", "self":
		return "special"
	}
	return env.Provider
}

func predicate(name, doc string, holds func(types.Arg) bool) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "value", Kind: types.ParamAny}}, Result: types.Bool{}, Call: true,
			Fold: func(args []types.Arg, _ types.Env) (types.Folded, bool) {
				if holds(args[0]) {
					return types.Folded{Int: 1}, true
				}
				return types.Folded{}, true
			},
		},
		Lower: lowerFolded,
	}
}
