package stdlib

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// actionBuiltins are what user space does with the text of a format, and what ends a script or its compilation.
func actionBuiltins() []*Builtin {
	return []*Builtin{
		formatted("errorf", "Prints an error with its place in the script.", false),
		formatted("warnf", "Prints a warning with its place in the script.", false),
		formatted("cat", "Prints the contents of a file.", false),
		formatted("system", "Runs a shell command and prints its output.", true),
		{
			Signature: types.Signature{
				Name: "join", Doc: "Prints the strings of an array of pointers, at most 16 of 1024 bytes, on one line.",
				Params: []types.Param{{Name: "array", Kind: types.ParamPointer}, {Name: "separator", Kind: types.ParamLitString, Optional: true}},
				Result: types.Void{}, Call: true, Statement: true,
			},
			Lower: func(e Emitter, c Call) Value {
				a := Action{Kind: "join", Format: " "}
				if len(c.Args) > 1 {
					a.Format, _ = c.Args[1].Literal()
				}
				e.Join(a, c.Args[0].Lower())
				return Value{Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "unwatch", Doc: "Takes the watchpoints of an address away.",
				Params: []types.Param{{Name: "address", Kind: types.ParamInt}}, Result: types.Void{}, Call: true, Statement: true,
			},
			Lower: func(e Emitter, c Call) Value {
				e.Send(Action{Kind: "unwatch"}, c.Args[0])
				return Value{Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "strftime", Doc: "A time of nsecs, to be printed as a format says.",
				Params: []types.Param{{Name: "format", Kind: types.ParamLitString}, {Name: "nsecs", Kind: types.ParamInt}},
				ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
					if args[1].Word == "monotonic" {
						return nil, errors.New("strftime() can not take a monotonic timestamp")
					}
					return types.Timestamp{Format: args[0].Str}, nil
				},
				Call: true,
			},
			Lower: lowerStrftime,
		},
		{
			Signature: types.Signature{
				Name: "assert", Doc: "Ends the script with an error if a condition does not hold.",
				Params:   []types.Param{{Name: "condition", Kind: types.ParamInt}, {Name: "message", Kind: types.ParamAny}},
				ResultOf: assertType, Call: true, Statement: true,
			},
			Lower: lowerAssert,
		},
		{
			Signature: types.Signature{
				Name: "static_assert", Doc: "Refuses the script if a condition does not hold at compile time.",
				Params:   []types.Param{{Name: "condition", Kind: types.ParamAny}, {Name: "message", Kind: types.ParamLitString}},
				ResultOf: staticAssertType, Call: true, Statement: true,
			},
			Lower: nothing,
		},
		{
			Signature: types.Signature{
				Name: "assert_str", Doc: "Refuses the script if a value is not a string.",
				Params:   []types.Param{{Name: "value", Kind: types.ParamAny}},
				ResultOf: assertStrType, Call: true, Statement: true,
			},
			Lower: nothing,
		},
		{
			Signature: types.Signature{
				Name: "fail", Doc: "Refuses the script.",
				Params:   []types.Param{{Name: "format", Kind: types.ParamLitString}},
				ResultOf: failType, Variadic: true, Format: 1, Call: true, Statement: true,
			},
			Lower: nothing,
		},
		{
			Signature: types.Signature{
				Name: "debugf", Doc: "Prints to the kernel's trace pipe; at most three values.",
				Params:   []types.Param{{Name: "format", Kind: types.ParamLitString}},
				ResultOf: debugfType, Variadic: true, Format: 1, Call: true, Statement: true,
			},
			Lower: lowerDebugf,
		},
	}
}

func nothing(_ Emitter, c Call) Value { return Value{Type: c.Result} }

// formatted sends the values of a format under the builtin's own name.
func formatted(name, doc string, unsafe bool) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "format", Kind: types.ParamLitString}}, Variadic: true, Format: 1,
			Result: types.Void{}, Call: true, Statement: true, Unsafe: unsafe,
		},
		Lower: func(e Emitter, c Call) Value {
			format, _ := c.Args[0].Str()
			e.Send(Action{Kind: name, Format: format}, c.Args[1:]...)
			return Value{Type: c.Result}
		},
	}
}

// constArg is a number that stands as an argument.
type constArg struct {
	e Emitter
	n int64
}

func (a constArg) Type() types.Type        { return types.Int32 }
func (a constArg) Const() (int64, bool)    { return a.n, true }
func (a constArg) Str() (string, bool)     { return "", false }
func (a constArg) Word() string            { return "" }
func (a constArg) Literal() (string, bool) { return "", false }
func (a constArg) Map() (string, Arg)      { return "", nil }
func (a constArg) Lower() Value            { return Value{V: a.e.Builder().Const(a.n), Type: types.Int32} }

func assertType(args []types.Arg, _ types.Env) (types.Type, error) {
	if spec := messageSpec(args[1].Type); spec == "" {
		return nil, fmt.Errorf("assert() expects a text or a number as its message (%s provided)", args[1].Type)
	}
	return types.Void{}, nil
}

// messageSpec is how a value of a type is printed as a message, or "" if it can be none.
func messageSpec(t types.Type) string {
	switch t := t.(type) {
	case types.String:
		return "%s"
	case types.Int:
		if t.Signed {
			return "%lld"
		}
		return "%llu"
	default: // no other type matters here
	}
	return ""
}

func lowerAssert(e Emitter, c Call) Value {
	b := e.Builder()
	broken, holds := b.NewBlock("broken"), b.NewBlock("holds")
	b.Branch(c.Args[0].Lower().V, holds, broken)
	b.Seal(broken)
	b.SetBlock(broken)
	if message, ok := c.Args[1].Literal(); ok {
		e.Send(Action{Kind: "errorf", Format: "assert failed: " + strings.ReplaceAll(message, "%", "%%")})
	} else {
		e.Send(Action{Kind: "errorf", Format: "assert failed: " + messageSpec(c.Args[1].Type())}, c.Args[1])
	}
	e.Exit(constArg{e, 1})
	b.Seal(holds)
	b.SetBlock(holds)
	return Value{Type: c.Result}
}

func staticAssertType(args []types.Arg, _ types.Env) (types.Type, error) {
	switch {
	case !args[0].Const:
		return nil, errors.New("static_assert() needs a condition that is known at compile time")
	case args[0].Int != 0:
		return types.Void{}, nil
	}
	return nil, errors.New(args[1].Str)
}

func assertStrType(args []types.Arg, _ types.Env) (types.Type, error) {
	switch args[0].Type.(type) {
	case types.String, types.Array:
		return types.Void{}, nil
	default: // no other type matters here
	}
	return nil, fmt.Errorf("expected a string, got %s", args[0].Type)
}

// failType is the error that the script asks for.
func failType(args []types.Arg, _ types.Env) (types.Type, error) {
	text, values := args[0].Str, args[1:]
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch {
		case text[i] == '%' || len(values) == 0:
			out.WriteByte(text[i])
		case values[0].Str != "":
			out.WriteString(values[0].Str)
			values = values[1:]
		default:
			fmt.Fprint(&out, values[0].Int)
			values = values[1:]
		}
	}
	return nil, errors.New(out.String())
}

// lowerStrftime makes a time of the boot clock.
func lowerStrftime(e Emitter, c Call) Value {
	ns := c.Args[1].Lower().V
	switch c.Args[1].Word() {
	case "tai", "sw_tai":
		ns = e.Builder().Binary(ir.OpSub, ns, e.TAIOffset())
	}
	return Value{V: ns, Type: c.Result}
}

// maxDebugf is the number of values that the kernel's function takes.
const maxDebugf = 3

func debugfType(args []types.Arg, _ types.Env) (types.Type, error) {
	if len(args)-1 > maxDebugf {
		return nil, fmt.Errorf("cannot use more than %d conversion specifiers", maxDebugf)
	}
	return types.Void{}, nil
}

func lowerDebugf(e Emitter, c Call) Value {
	b := e.Builder()
	format, _ := c.Args[0].Str()
	args := []*ir.Value{nil, b.Const(int64(len(format) + 1))}
	for _, a := range c.Args[1:] {
		args = append(args, a.Lower().V)
	}
	for len(args) < 2+maxDebugf {
		args = append(args, b.Const(0))
	}
	args[0] = e.Text(format).V
	b.Call(ir.HelperTracePrintk, args...)
	return Value{Type: c.Result}
}
