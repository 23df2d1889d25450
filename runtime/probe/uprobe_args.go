package probe

import (
	"errors"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/debuginfo"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// addArgs gives the probes at functions what they are called with, by the debug information of the file.
func (u *uprobe) addArgs(bin *symbol.Binary, path string, ms []attach.Match) error {
	info, err := u.host.DebugInfo().Open(path)
	for i := range ms {
		p := ms[i].Probe
		sym, known := bin.ByName(p.Func)
		var args *types.Struct
		switch {
		case errors.Is(err, debuginfo.ErrNone):
			return u.noArgs(p, "no debuginfo found for "+path)
		case err != nil:
			return u.noArgs(p, err.Error())
		case !known:
			return u.noArgs(p, "no function of that name")
		default:
			params, perr := info.Params(sym.Addr)
			if perr != nil {
				return u.noArgs(p, perr.Error())
			}
			var wrong string
			if args, wrong = u.argsStruct(p.Name, params); wrong != "" {
				return u.noArgs(p, wrong)
			}
		}
		ctx := *ms[i].Context
		ctx.ID, ctx.Args = p.Name, args
		ms[i].Context = &ctx
	}
	return nil
}

func (u *uprobe) noArgs(p attach.Probe, reason string) error {
	return pointError(wholePoint, codeUnsupported, "Could not parse arguments of %q: %s", p.Name, reason)
}

// argsStruct returns the struct behind args, whose members are where the calling convention of C puts them among the registers: whole
// numbers and pointers take one each. Floating point numbers are in others, which programs cannot read.
func (u *uprobe) argsStruct(name string, params []debuginfo.Param) (args *types.Struct, wrong string) {
	regs := registersOf(u.host.Arch())
	args = &types.Struct{Name: name + "_args", Size: regs.size, Align: 8}
	next := 0
	for _, p := range params {
		t := u.types.convert(p.Type)
		switch t.(type) {
		case types.Int, types.Bool, types.Pointer:
		case *types.Struct:
			if types.Sizeof(t) <= 16 {
				return nil, "'args' builtin is not supported for probes with structs passed in registers."
			}
			continue // it is on the stack
		default: // in a register of another kind, or of a language whose arguments are elsewhere
			continue
		}
		if next >= len(regs.args) {
			return nil, "'args' builtin is not supported for probes with stack-passed arguments."
		}
		args.Fields = append(args.Fields, types.Field{Name: p.Name, Type: t, Offset: regs.args[next]})
		next++
	}
	return args, ""
}

// declarations returns what functions of a file are called with, as far as that is known.
func (u *uprobe) declarations(path string, sym symbol.Symbol) []string {
	info, err := u.host.DebugInfo().Open(path)
	if err != nil {
		return nil
	}
	params, err := info.Params(sym.Addr)
	if err != nil {
		return nil
	}
	var out []string
	for _, p := range params {
		out = append(out, p.Declaration())
	}
	return out
}
