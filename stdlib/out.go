package stdlib

import "github.com/gtrace/gtrace/lang/types"

// outBuiltins print and control the script; user space carries them out.
func outBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "printf", Doc: "Prints values as the format says.",
				Params:   []types.Param{{Name: "format", Kind: types.ParamLitString}},
				Variadic: true, Format: 1, Result: types.Void{}, Call: true, Statement: true,
			},
			Lower: func(e Emitter, c Call) Value {
				format, _ := c.Args[0].Str()
				e.Send(Action{Kind: "printf", Format: format}, c.Args[1:]...)
				return Value{Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "print", Doc: "Prints a value, or a map: its last entries in order of their values, divided by a number.",
				Params: []types.Param{
					{Name: "value", Kind: types.ParamMapOr},
					{Name: "top", Kind: types.ParamLitInt, Optional: true},
					{Name: "div", Kind: types.ParamLitInt, Optional: true},
				},
				Advice: printAdvice,
				Result: types.Void{}, Call: true, Statement: true,
			},
			Lower: lowerPrint,
		},
		{
			Signature: types.Signature{
				Name: "time", Doc: "Prints the time of day as an strftime format says.",
				Params: []types.Param{{Name: "format", Kind: types.ParamLitString, Optional: true}},
				Result: types.Void{}, Call: true, Statement: true,
			},
			Lower: func(e Emitter, c Call) Value {
				format := "%H:%M:%S\n"
				if len(c.Args) > 0 {
					format, _ = c.Args[0].Str()
				}
				e.Send(Action{Kind: "time", Format: format})
				return Value{Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "exit", Doc: "Ends the script, with an exit code.",
				Params: []types.Param{{Name: "code", Kind: types.ParamInt, Optional: true}},
				Result: types.Void{}, Call: true, Statement: true, Leaves: true,
			},
			Lower: func(e Emitter, c Call) Value {
				if len(c.Args) > 0 {
					e.Exit(c.Args[0])
				} else {
					e.Exit(nil)
				}
				return Value{Type: c.Result}
			},
		},
	}
}

// printAdvice has bpftrace's words. The number of entries counts all the same, as it does there.
func printAdvice(args []types.Arg) string {
	if _, ok := args[0].Type.(types.Stats); ok && args[0].Map != types.NoMap && len(args) > 1 {
		return "print()'s top and div arguments are ignored when used on stats() maps."
	}
	return ""
}

// lowerPrint prints maps by reference, so that later updates show, and everything else by value.
func lowerPrint(e Emitter, c Call) Value {
	name, key := c.Args[0].Map()
	done := Value{Type: c.Result}
	if name == "" || key != nil {
		e.Send(Action{Kind: "value"}, c.Args[0])
		return done
	}
	a := Action{Kind: "print_map", Map: name}
	for i, arg := range c.Args[1:] {
		n, _ := arg.Const()
		if i == 0 {
			a.Top = int(n)
		} else {
			a.Div = int(n)
		}
	}
	e.Send(a)
	return done
}
