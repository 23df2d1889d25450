package stdlib

import (
	"errors"

	"github.com/gtrace/gtrace/lang/types"
)

// mapBuiltins change maps.
func mapBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "delete", Doc: "Removes a key from a map and says whether it was there.",
				Params: []types.Param{{Name: "map", Kind: types.ParamMapElem}, {Name: "key", Kind: types.ParamMapKey, Optional: true}},
				Result: types.Bool{}, Call: true, Effect: true,
			},
			Lower: func(e Emitter, c Call) Value {
				name, key := c.Args[0].Map()
				if len(c.Args) > 1 {
					key = c.Args[1]
				}
				return Value{V: e.Delete(name, key), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "has_key", Doc: "Whether a key is in a map.",
				Params: []types.Param{{Name: "map", Kind: types.ParamMap}, {Name: "key", Kind: types.ParamMapKey}},
				Result: types.Bool{}, Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				name, _ := c.Args[0].Map()
				return Value{V: e.Has(name, c.Args[1]), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "find", Doc: "Whether a key is in a map; if it is, the variable gets its value.",
				Params: []types.Param{
					{Name: "map", Kind: types.ParamMap},
					{Name: "key", Kind: types.ParamMapKey},
					{Name: "result", Kind: types.ParamVar},
				},
				Result: types.Bool{}, Call: true, Effect: true,
			},
			Lower: func(e Emitter, c Call) Value {
				name, _ := c.Args[0].Map()
				return Value{V: e.Find(name, c.Args[1], c.Args[2]), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "len", Doc: "Number of keys in a map, or of frames in a stack.",
				Params:   []types.Param{{Name: "map or stack", Kind: types.ParamMapOr}},
				ResultOf: lenType, Call: true, Frames: true,
			},
			Lower: lowerLen,
		},
		wholeMap("clear", "Removes all keys of a map."),
		wholeMap("zero", "Sets all values of a map to zero."),
	}
}

// wholeMap is a builtin that user space carries out on a map.
func wholeMap(name, doc string) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "map", Kind: types.ParamMap}},
			Result: types.Void{}, Call: true, Statement: true,
		},
		Lower: func(e Emitter, c Call) Value {
			m, _ := c.Args[0].Map()
			e.Send(Action{Kind: name, Map: m})
			return Value{Type: c.Result}
		},
	}
}

func lenType(args []types.Arg, _ types.Env) (types.Type, error) {
	if _, ok := args[0].Type.(types.Stack); ok && args[0].Map == types.NoMap {
		return types.Int64, nil
	}
	switch args[0].Map {
	case types.KeyedMap:
		return types.Int64, nil
	case types.ScalarMap:
		return nil, errors.New("call to len() expects a map with explicit keys (non-scalar map)")
	case types.NoMap:
	}
	return nil, errors.New("call to len() expects a map, ustack, or kstack")
}

func lowerLen(e Emitter, c Call) Value {
	if name, key := c.Args[0].Map(); name != "" && key == nil {
		return Value{V: e.MapLen(name), Type: c.Result}
	}
	return Value{V: e.StackLen(c.Args[0].Lower()), Type: c.Result}
}
