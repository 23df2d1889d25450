package stdlib

import "github.com/gtrace/gtrace/lang/types"

// mapBuiltins change maps.
func mapBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "delete", Doc: "Removes a key from a map and says whether it was there.",
				Params: []types.Param{{Name: "map", Kind: types.ParamMapElem}, {Name: "key", Kind: types.ParamMapKey, Optional: true}},
				Result: types.Bool{}, Call: true,
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
