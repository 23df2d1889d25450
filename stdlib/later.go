package stdlib

import "github.com/gtrace/gtrace/lang/types"

// laterBuiltins are names of the language that are known but not accepted yet, so that a script that uses one is told so.
func laterBuiltins() []*Builtin {
	var out []*Builtin
	for _, name := range []string{
		"skboutput",
	} {
		out = append(out, later(name))
	}
	return out
}

func later(name string) *Builtin {
	return &Builtin{Signature: types.Signature{
		Name: name, Doc: "Not supported yet.", Result: types.Void{}, Call: true, Variadic: true, BareOK: true, Unsupported: true,
	}}
}
