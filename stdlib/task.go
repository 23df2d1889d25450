package stdlib

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// taskBuiltins are about the relatives of the current task, the machine and the kernel.
func taskBuiltins() []*Builtin {
	return []*Builtin{
		member("ppid", "Process id of the parent of the current task, or of another.", types.Uint32, "real_parent", "tgid"),
		member("pcomm", "Name of the parent of the current task, or of another.", types.String{Size: commSize}, "real_parent", "comm"),
		member("leader_tid", "Thread id of the leader of the thread group.", types.Uint32, "group_leader", "pid"),
		member("leader_comm", "Name of the leader of the thread group.", types.String{Size: commSize}, "group_leader", "comm"),
		{
			Signature: types.Signature{Name: "username", Doc: "Name of the current task's user.", Result: types.Username{}},
			Lower:     lowHalf(ir.HelperGetCurrentUidGid),
		},
		{
			Signature: types.Signature{Name: "cgroup", Doc: "Id of the current task's cgroup in the unified hierarchy.", Result: types.Uint64},
			Lower:     helper(ir.HelperGetCurrentCgroupID),
		},
		{
			Signature: types.Signature{
				Name: "cgroupid", Doc: "Id of the cgroup at a path.", Params: []types.Param{{Name: "path", Kind: types.ParamLitString, Names: types.NamesFile}},
				ResultOf: cgroupIDType, Fold: foldCgroupID, Call: true,
			},
			Lower: lowerFolded,
		},
		{
			Signature: types.Signature{
				Name: "cgroup_path", Doc: "Path of the cgroup with an id, in the hierarchies that a filter names.",
				Params: []types.Param{{Name: "id", Kind: types.ParamInt}, {Name: "filter", Kind: types.ParamLitString, Optional: true}},
				ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
					if len(args) > 1 {
						return types.CgroupPath{Filter: args[1].Str}, nil
					}
					return types.CgroupPath{}, nil
				},
				Call: true,
			},
			Lower: func(_ Emitter, c Call) Value { return Value{V: c.Args[0].Lower().V, Type: c.Result} },
		},
		{
			Signature: types.Signature{Name: "numaid", Doc: "Number of the NUMA node that the probe fired on.", Result: types.Uint32},
			Lower:     helper(ir.HelperGetNumaNodeID),
		},
		{
			Signature: types.Signature{Name: "ncpus", Doc: "Number of CPUs.", Result: types.Uint64},
			Lower: func(e Emitter, c Call) Value {
				return Value{V: e.Builder().Const(int64(e.Target().NumCPU())), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{Name: "has_cpid", Doc: "Whether there is a command of -c.", Result: types.Bool{}},
			Lower: func(e Emitter, c Call) Value {
				b := e.Builder()
				return Value{V: b.Binary(ir.OpNe, e.ChildPID(), b.Const(0)), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "kaddr", Doc: "Address of a kernel symbol.", Params: []types.Param{{Name: "symbol", Kind: types.ParamLitString, Names: types.NamesKernelSymbol}},
				ResultOf: kaddrType, Fold: foldKaddr, Call: true,
			},
			Lower: lowerFolded,
		},
		{
			Signature: types.Signature{
				Name: "reg", Doc: "A register of the CPU at the probe.", Params: []types.Param{{Name: "name", Kind: types.ParamLitString, Words: registerNames()}},
				ResultOf: regType, Call: true,
			},
			Lower: lowerReg,
		},
		{
			Signature: types.Signature{
				Name: "usermode", Doc: "1 if the probe interrupted the process in user space, 0 in the kernel; amd64 only.",
				Result: types.Uint8, Fold: foldUsermode,
			},
			Lower: lowerUsermode,
		},
	}
}

// member is a field that is reached from a task, the current one unless another is given.
func member(name, doc string, result types.Type, path ...string) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "task", Kind: types.ParamPointer, Optional: true}}, Call: true, BareOK: true,
			ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
				if env.Kernel != nil {
					if _, err := env.Kernel("struct", "task_struct"); err == nil {
						return result, nil
					}
				}
				return nil, fmt.Errorf("%s needs the types of the kernel (BTF)", name)
			},
		},
		Lower: func(e Emitter, c Call) Value {
			var task *ir.Value
			if len(c.Args) > 0 {
				task = c.Args[0].Lower().V
			}
			return e.TaskMember(c, task, path...)
		},
	}
}

func cgroupIDType(args []types.Arg, env types.Env) (types.Type, error) {
	if env.CgroupID == nil {
		return nil, errors.New("cgroupid() needs the machine that the script is to run on")
	}
	if _, err := env.CgroupID(args[0].Str); err != nil {
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Failed to get `cgroupid` for path: %q: %w", args[0].Str, err)
	}
	return types.Uint64, nil
}

func foldCgroupID(args []types.Arg, env types.Env) (types.Folded, bool) {
	id, err := env.CgroupID(args[0].Str)
	return types.Folded{Int: int64(id)}, err == nil
}

func kaddrType(args []types.Arg, env types.Env) (types.Type, error) {
	if env.Symbol != nil {
		if _, ok := env.Symbol(args[0].Str); ok {
			return types.Int{Size: 8, Space: types.SpaceKernel}, nil
		}
	}
	//lint:ignore ST1005 these are bpftrace's words
	return nil, fmt.Errorf("Failed to resolve kernel symbol: %s", args[0].Str)
}

func foldKaddr(args []types.Arg, env types.Env) (types.Folded, bool) {
	addr, ok := env.Symbol(args[0].Str)
	return types.Folded{Int: int64(addr)}, ok
}

// The registers in the order of struct pt_regs, 8 bytes each.
var (
	registersAMD64 = []string{
		"r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs", "flags", "sp", "ss",
	}
	registersARM64 = []string{
		"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19",
		"r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "sp", "pc", "pstate",
	}
)

// registerNames returns the names of the registers of this machine.
func registerNames() []string {
	if runtime.GOARCH == "arm64" {
		return registersARM64
	}
	return registersAMD64
}

// registerOffset returns where a register is in struct pt_regs.
func registerOffset(arch, name string) (int64, bool) {
	names := registersAMD64
	switch {
	case arch == "arm64":
		names = registersARM64
	case name == "pc":
		name = "ip"
	}
	n := slices.Index(names, name)
	return int64(8 * n), n >= 0
}

func needRegisters(name string, env types.Env) error {
	if env.Registers {
		return nil
	}
	//lint:ignore ST1005 these are bpftrace's words
	return fmt.Errorf("The %s builtin can not be used with '%s' probes", name, env.Provider)
}

func regType(args []types.Arg, env types.Env) (types.Type, error) {
	name := args[0].Str
	_, amd64 := registerOffset("amd64", name)
	_, arm64 := registerOffset("arm64", name)
	if !amd64 && !arm64 {
		return nil, fmt.Errorf("'%s' is not a valid register on this architecture", name)
	}
	return types.Uint64, needRegisters("reg", env)
}

func lowerReg(e Emitter, c Call) Value {
	name, _ := c.Args[0].Literal()
	off, ok := registerOffset(e.Target().Arch(), name)
	if !ok {
		e.Refuse(fmt.Sprintf("'%s' is not a valid register on this architecture (%s)", name, e.Target().Arch()))
	}
	return Value{V: e.Builder().Load(e.Builder().Ctx(), off, 8, false), Type: c.Result}
}

// foldUsermode knows the value where all probes of a type are in user space, as gtrace's own are, or in the kernel.
func foldUsermode(_ []types.Arg, env types.Env) (types.Folded, bool) {
	switch {
	case env.Registers:
		return types.Folded{}, false
	case env.Provider == "begin" || env.Provider == "end" || env.Provider == "self":
		return types.Folded{Int: 1}, true
	default:
		return types.Folded{}, true
	}
}

// lowerUsermode looks at the privilege level in the code segment's selector: 3 is user space.
func lowerUsermode(e Emitter, c Call) Value {
	off, ok := registerOffset(e.Target().Arch(), "cs")
	if !ok {
		e.Refuse("usermode is known on amd64 only")
	}
	b := e.Builder()
	level := b.Binary(ir.OpAnd, b.Load(b.Ctx(), off, 8, false), b.Const(3))
	return Value{V: b.Binary(ir.OpEq, level, b.Const(3)), Type: c.Result}
}
