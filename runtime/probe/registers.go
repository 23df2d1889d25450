package probe

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
)

// registers is where a kernel's pt_regs has what scripts ask for, in bytes.
type registers struct {
	// args are the integer argument registers in the order of the calling convention.
	args []int
	// result is the register of the return value, ip the program counter.
	result, ip int
	// size is the number of bytes that a program may read.
	size int
}

// registersOf returns the layout of pt_regs of an architecture (GOARCH); none for those that gtrace does not know.
func registersOf(arch string) registers {
	switch arch {
	case "amd64": // r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss
		return registers{args: []int{112, 104, 96, 88, 72, 64}, result: 80, ip: 128, size: 168}
	case "arm64": // struct user_pt_regs: x0 … x30, sp, pc, pstate
		return registers{args: []int{0, 8, 16, 24, 32, 40, 48, 56}, result: 0, ip: 256, size: 272}
	default:
		return registers{}
	}
}

// argValues returns arg0, arg1, … as loads of 64-bit registers.
func (r registers) argValues() []attach.Value {
	var out []attach.Value
	for i, off := range r.args {
		out = append(out, attach.Value{Name: fmt.Sprintf("arg%d", i), Type: types.Uint64, Offset: off, Size: 8})
	}
	return out
}

// retval returns the load of the return value.
func (r registers) retval() *attach.Value {
	return &attach.Value{Name: "retval", Type: types.Uint64, Offset: r.result, Size: 8}
}

// functionContext returns what a program sees at a function's entry or return.
func functionContext(id, arch string, ret bool) *attach.Context {
	r := registersOf(arch)
	ctx := &attach.Context{ID: id, Stack: true, Size: r.size, Func: "ip", FuncOffset: r.ip}
	if r.size == 0 {
		ctx.Func = ""
		return ctx
	}
	if ret {
		ctx.Retval = r.retval()
	} else {
		ctx.ArgN = r.argValues()
	}
	return ctx
}
