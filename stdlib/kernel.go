package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// kernelBuiltins ask the kernel for what only it knows, and find symbols.
func kernelBuiltins() []*Builtin {
	return []*Builtin{
		kfunc("kfunc_exist", "Whether the kernel has a function for programs.", func(exists, _ bool) bool { return exists }),
		kfunc("kfunc_allowed", "Whether the kernel has a function that the probe's program may call.",
			func(_, allowed bool) bool { return allowed }),
		{
			Signature: types.Signature{
				Name: "percpu_kaddr", Doc: "Address of a variable that the kernel has for each CPU; 0 where there is no such CPU.",
				Params:   []types.Param{{Name: "symbol", Kind: types.ParamLitString, Names: types.NamesKernelSymbol}, {Name: "cpu", Kind: types.ParamInt, Optional: true}},
				ResultOf: percpuType, Call: true,
			},
			Lower: lowerPercpu,
		},
		{
			Signature: types.Signature{
				Name: "uaddr", Doc: "Address of a variable or function of the program or library that the probe is in.",
				Params:   []types.Param{{Name: "symbol", Kind: types.ParamLitString, Names: types.NamesUserSymbol}},
				ResultOf: uaddrType, Call: true, Needs: "probe",
			},
			Lower: func(e Emitter, c Call) Value {
				name, _ := c.Args[0].Literal()
				return Value{V: e.UserSymbol(name), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "path", Doc: "Path of the file that a struct path is about.",
				Params:   []types.Param{{Name: "path", Kind: types.ParamAny}, {Name: "size", Kind: types.ParamLitInt, Optional: true}},
				ResultOf: pathType, Call: true,
			},
			Lower: func(e Emitter, c Call) Value { return e.Path(c, c.Args[0]) },
		},
		{
			Signature: types.Signature{
				Name: "socket_cookie", Doc: "Number that the kernel gives a socket for as long as it lives.",
				Params:   []types.Param{{Name: "sk", Kind: types.ParamPointer}},
				ResultOf: socketCookieType, Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				if !e.Need(target.SocketCookie, "socket_cookie()") {
					return Value{V: e.Builder().Const(0), Type: c.Result}
				}
				return Value{V: e.Builder().Call(ir.HelperGetSocketCookie, e.Trusted(c.Args[0])), Type: c.Result}
			},
		},
	}
}

// kfunc is a question about a function of the kernel for programs; it is answered at compile time.
func kfunc(name, doc string, answer func(exists, allowed bool) bool) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "name", Kind: types.ParamAny}}, Call: true,
			ResultOf: func(args []types.Arg, env types.Env) (types.Type, error) {
				switch {
				case !isText(args[0]):
					return nil, fmt.Errorf("%s() accepts a string literal only", name)
				case env.Kfunc == nil:
					return nil, fmt.Errorf("%s() needs the machine that the script is to run on", name)
				}
				return types.Bool{}, nil
			},
			Fold: func(args []types.Arg, env types.Env) (types.Folded, bool) {
				if answer(env.Kfunc(args[0].Str)) {
					return types.Folded{Int: 1}, true
				}
				return types.Folded{}, true
			},
		},
		Lower: lowerFolded,
	}
}

// percpuOffsets is the kernel's array of where each CPU has its variables.
const percpuOffsets = "__per_cpu_offset"

func percpuType(args []types.Arg, env types.Env) (types.Type, error) {
	name := args[0].Str
	if env.Symbol == nil {
		return nil, errors.New("percpu_kaddr() needs the machine that the script is to run on")
	}
	addr, ok := env.Symbol(name)
	first, hasFirst := env.Symbol("__per_cpu_start")
	end, hasEnd := env.Symbol("__per_cpu_end")
	if !ok || hasFirst && hasEnd && (addr < first || addr >= end) {
		return nil, fmt.Errorf("the kernel has no variable %q for each CPU, or does not say where it is", name)
	}
	if _, ok := env.Symbol(percpuOffsets); !ok {
		return nil, fmt.Errorf("percpu_kaddr() needs the symbol %s of the kernel, which does not say where it is", percpuOffsets)
	}
	return types.Pointer{Elem: types.Uint64, Space: types.SpaceKernel}, nil
}

// lowerPercpu adds where the CPU has its variables to the address that the variable has among them.
func lowerPercpu(e Emitter, c Call) Value {
	b := e.Builder()
	name, _ := c.Args[0].Literal()
	result := b.NewVariable(ir.I64)
	b.Define(result, b.Const(0))
	cpu := b.Call(ir.HelperGetSmpProcessorID)
	if len(c.Args) > 1 {
		cpu = c.Args[1].Lower().V
	}
	there, done := b.NewBlock("cpu"), b.NewBlock("percpu")
	b.Branch(b.Binary(ir.OpULt, cpu, b.Const(int64(e.Target().NumCPU()))), there, done)
	b.Seal(there)
	b.SetBlock(there)
	offset := e.Temp("percpu", 8, 8)
	at := b.Binary(ir.OpAdd, e.KernelSymbol(percpuOffsets), b.Binary(ir.OpShl, cpu, b.Const(3)))
	e.Read(offset, 8, Value{V: at, Type: types.Pointer{Elem: types.Uint64, Space: types.SpaceKernel}})
	b.Define(result, b.Binary(ir.OpAdd, b.Load(offset, 0, 8, false), e.KernelSymbol(name)))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return Value{V: b.Use(result), Type: c.Result}
}

// uaddrType is a pointer to a number of the symbol's size, or of 8 bytes where there is no such number.
func uaddrType(args []types.Arg, env types.Env) (types.Type, error) {
	switch env.Provider {
	case "uprobe", "uretprobe", "usdt":
	default:
		return nil, fmt.Errorf("uaddr can not be used with \"%s\" probes", env.Provider)
	}
	if env.UserSymbol == nil {
		return nil, errors.New("uaddr() needs the machine that the script is to run on")
	}
	size, err := env.UserSymbol(args[0].Str)
	if err != nil {
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Could not resolve symbol: %s: %w", args[0].Str, err)
	}
	switch size {
	case 1, 2, 4:
		return types.Pointer{Elem: types.Int{Size: size}, Space: types.SpaceUser}, nil
	}
	return types.Pointer{Elem: types.Uint64, Space: types.SpaceUser}, nil
}

func pathType(args []types.Arg, env types.Env) (types.Type, error) {
	switch env.Provider {
	case "fentry", "fexit", "iter":
	default:
		//lint:ignore ST1005 these are bpftrace's words
		return nil, errors.New("The path function can only be used with 'fentry', 'fexit', 'iter' probes")
	}
	t := args[0].Type
	if p, ok := t.(types.Pointer); ok {
		t = p.Elem
	}
	if s, ok := t.(*types.Struct); !ok || s.Name != "path" {
		return nil, fmt.Errorf("path() only supports pointer to struct path arguments (%s provided)", args[0].Type)
	}
	size := env.MaxStrlen
	if len(args) > 1 {
		if args[1].Int < 1 {
			return nil, fmt.Errorf("path() expects a size of at least 1 (%d provided)", args[1].Int)
		}
		size = int(min(int64(size), args[1].Int))
	}
	return types.String{Size: size}, nil
}

func socketCookieType(args []types.Arg, env types.Env) (types.Type, error) {
	switch env.Provider {
	case "fentry", "fexit":
	default:
		return nil, fmt.Errorf("socket_cookie can not be used with \"%s\" probes", env.Provider)
	}
	p, _ := args[0].Type.(types.Pointer)
	if s, ok := p.Elem.(*types.Struct); !ok || s.Name != "sock" {
		return nil, fmt.Errorf("socket_cookie() only supports pointer arguments of 'struct sock *' (%s provided)", args[0].Type)
	}
	return types.Uint64, nil
}
