package stdlib

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// interventions change what the traced process or the kernel does; they need --unsafe.
func interventions() []*Builtin {
	return []*Builtin{
		signaller("signal", "Sends a signal to the current process.", ir.HelperSendSignal),
		signaller("signal_thread", "Sends a signal to the current thread.", ir.HelperSendSignalThread),
		{
			Signature: types.Signature{
				Name: "override", Doc: "Makes the function return a value at once, where the kernel allows that.",
				Params: []types.Param{{Name: "rc", Kind: types.ParamInt}}, ResultOf: overrideType,
				Call: true, Statement: true, Unsafe: true,
			},
			Lower: func(e Emitter, c Call) Value {
				rc := c.Args[0].Lower().V
				e.Builder().Call(ir.HelperOverrideReturn, e.Builder().Ctx(), rc)
				return Value{Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "write_user", Doc: "Copies memory to an address of the current process, and says whether that was possible.",
				Params: []types.Param{
					{Name: "destination", Kind: types.ParamPointer},
					{Name: "source", Kind: types.ParamAny},
					{Name: "length", Kind: types.ParamLitInt},
				},
				ResultOf: writeUserType, Call: true, Unsafe: true,
			},
			Lower: func(e Emitter, c Call) Value {
				n, _ := c.Args[2].Const()
				dst := c.Args[0].Lower().V
				src := e.Bytes(c.Args[1].Lower(), int(n))
				b := e.Builder()
				ret := b.Call(ir.HelperProbeWriteUser, dst, src, b.Const(n))
				return Value{V: b.Binary(ir.OpEq, ret, b.Const(0)), Type: c.Result}
			},
		},
	}
}

// signalNumbers are the signals by name, the same on all architectures that are supported.
var signalNumbers = []string{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1", 11: "SEGV", 12: "USR2",
	13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP", 20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG",
	24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH", 29: "IO", 30: "PWR", 31: "SYS",
}

// signalNumber returns the number of a signal by its name, with or without SIG.
func signalNumber(name string) (int64, bool) {
	name = strings.TrimPrefix(name, "SIG")
	switch name {
	case "":
		return 0, false
	case "POLL":
		name = "IO"
	case "IOT":
		name = "ABRT"
	}
	n := slices.Index(signalNumbers, name)
	return int64(n), n > 0
}

// maxSignal is the largest number of a signal.
const maxSignal = 64

// noProcess are the probe types that do not run on behalf of a process.
var noProcess = []string{"begin", "end", "self", "interval", "test", "bench"}

func signaller(name, doc string, h ir.Helper) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "signal", Kind: types.ParamAny, Words: signalNumbers[1:]}},
			ResultOf: func(args []types.Arg, env types.Env) (types.Type, error) { return signalType(name, args[0], env) },
			Call:     true, Statement: true, Unsafe: true,
		},
		Lower: func(e Emitter, c Call) Value {
			b := e.Builder()
			var n *ir.Value
			if text, ok := c.Args[0].Literal(); ok {
				number, _ := signalNumber(text)
				n = b.Const(number)
			} else {
				n = c.Args[0].Lower().V
			}
			b.Call(h, n)
			return Value{Type: c.Result}
		},
	}
}

func signalType(name string, a types.Arg, env types.Env) (types.Type, error) {
	if slices.Contains(noProcess, env.Provider) {
		return nil, fmt.Errorf("%s() can not be used for this probetype %s", name, probeType(env))
	}
	switch a.Type.(type) {
	case types.String:
		if !a.Const {
			return nil, fmt.Errorf("%s() accepts a string literal or an integer", name)
		}
		if _, ok := signalNumber(a.Str); ok {
			return types.Void{}, nil
		}
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Invalid string for signal: %s", a.Str)
	case types.Int:
		if !a.Const || a.Int >= 1 && a.Int <= maxSignal {
			return types.Void{}, nil
		}
	default: // no other type matters here
	}
	return nil, fmt.Errorf("%s() accepts a string literal or an integer between 1 and %d (inclusive)", name, maxSignal)
}

func overrideType(_ []types.Arg, env types.Env) (types.Type, error) {
	if env.Provider != "kprobe" {
		return nil, fmt.Errorf("override() can not be used with '%s' probes", env.Provider)
	}
	return types.Void{}, nil
}

// maxWriteUser is the largest number of bytes that are written.
const maxWriteUser = 1024

func writeUserType(args []types.Arg, _ types.Env) (types.Type, error) {
	if n := args[2].Int; n < 1 || n > maxWriteUser {
		return nil, fmt.Errorf("write_user() writes 1 to %d bytes (%d provided)", maxWriteUser, n)
	}
	return types.Bool{}, nil
}
