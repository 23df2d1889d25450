package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// strBuiltins read text and turn addresses into it.
func strBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "str", Doc: "The NUL-terminated string at an address, at most length bytes with the NUL; of a literal number, its digits.",
				Params:   []types.Param{{Name: "ptr", Kind: types.ParamDigits}, {Name: "length", Kind: types.ParamInt, Optional: true}},
				ResultOf: strType, Fold: foldStr, Call: true,
			},
			Lower: lowerStr,
		},
		{
			Signature: types.Signature{
				Name: "ksym", Doc: "The kernel symbol at an address.",
				Params: []types.Param{{Name: "addr", Kind: types.ParamPointer}}, Result: types.Ksym{}, Call: true,
			},
			Lower: func(e Emitter, c Call) Value { return Value{V: c.Args[0].Lower().V, Type: c.Result} },
		},
		{
			Signature: types.Signature{
				Name: "usym", Doc: "The symbol at an address of the current process.",
				Params: []types.Param{{Name: "addr", Kind: types.ParamPointer}}, Result: types.Usym{}, Call: true,
			},
			Lower: lowerUsym,
		},
	}
}

// lowerUsym makes {address, pid}.
func lowerUsym(e Emitter, c Call) Value {
	b := e.Builder()
	addr := c.Args[0].Lower().V
	dst := c.Dest(e)
	b.Store(dst, 0, 8, addr)
	b.Store(dst, 8, 8, b.Binary(ir.OpLShr, e.TaskIDs(), b.Const(32)))
	return Value{V: dst, Type: c.Result}
}

// strType is a string of max_strlen bytes, or fewer where the length or the array that is read is known to be shorter.
func strType(args []types.Arg, env types.Env) (types.Type, error) {
	if len(args) > 1 && args[1].Const && args[1].Int < 0 {
		return nil, fmt.Errorf("str cannot use negative length (%d)", args[1].Int)
	}
	size := env.MaxStrlen
	switch t := args[0].Type.(type) {
	case types.Array:
		size = min(size, t.Len+1)
	case types.String:
		size = min(size, t.Size)
	default: // no other type matters here
	}
	if len(args) > 1 && args[1].Const && args[1].Int < int64(size) {
		size = int(args[1].Int) + 1 // that many bytes are read, with the NUL; of text in the script, without
	}
	return types.String{Size: max(1, size)}, nil
}

// isText reports whether an argument is text that the script holds.
func isText(a types.Arg) bool {
	_, ok := a.Type.(types.String)
	return ok && a.Const
}

// foldStr computes the text of a literal or a positional parameter, so that literals may be added to it.
func foldStr(args []types.Arg, _ types.Env) (types.Folded, bool) {
	if !isText(args[0]) || len(args) > 1 && (!args[1].Const || args[1].Int < 0) {
		return types.Folded{}, false
	}
	text := args[0].Str
	if len(args) > 1 {
		text = text[:min(int64(len(text)), args[1].Int)]
	}
	return types.Folded{Str: text, IsStr: true}, true
}

func lowerStr(e Emitter, c Call) Value {
	src := c.Args[0].Lower()
	if len(c.Args) == 1 {
		return e.ReadStr(c, src, nil)
	}
	if n, ok := c.Args[1].Const(); ok {
		if _, ok := c.Args[0].Literal(); ok {
			n++ // for the NUL
		}
		return e.ReadStr(c, src, e.Builder().Const(min(max(n, 0), int64(c.Result.(types.String).Size))))
	}
	return e.ReadStr(c, src, c.Args[1].Lower().V)
}
