package main

import (
	"slices"
	"syscall"
)

// systemCall are the instructions of a system call, and one that ends the process should it go on behind that.
var systemCall = []byte{0x0f, 0x05, 0x0f, 0x0b}

// longMode is the code segment of programs of 64 bits, which the others can go to as well.
const longMode = 0x33

// registers are those of a stopped process.
type registers struct{ regs syscall.PtraceRegs }

func readRegisters(pid int) (registers, error) {
	var r registers
	err := syscall.PtraceGetRegs(pid, &r.regs)
	return r, err
}

func (r registers) write(pid int) error { return syscall.PtraceSetRegs(pid, &r.regs) }

func (r registers) pc() uint64 { return r.regs.Rip }

func (r registers) sp() uint64 { return r.regs.Rsp }

// result is what a system call returned that has just ended.
func (r registers) result() int64 { return int64(r.regs.Rax) }

// pointer is the size of the program's pointers.
func (r registers) pointer() int {
	if r.regs.Cs != longMode {
		return 4
	}
	return 8
}

// calling returns the registers with which systemCall makes a call, in place of the next instruction. A program of 32 bits makes it as one of 64.
func (r registers) calling(number int, args ...uint64) (registers, error) {
	args = append(slices.Clone(args), 0, 0, 0)
	r.regs.Orig_rax = ^uint64(0) // no call that the kernel would have to make again
	r.regs.Rax, r.regs.Rdi, r.regs.Rsi, r.regs.Rdx, r.regs.Cs = uint64(number), args[0], args[1], args[2], longMode
	return r, nil
}
