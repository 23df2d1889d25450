package main

import "syscall"

// systemCall is the instruction of a system call, and one that ends the process should the call return.
var systemCall = []byte{0x01, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x00, 0x00}

// narrow is the bit of the processor's state that programs of 32 bits have.
const narrow = 1 << 4

func begin(pid int) (beginning, error) {
	var regs syscall.PtraceRegs
	err := syscall.PtraceGetRegs(pid, &regs)
	return beginning{pc: regs.Pc, sp: regs.Sp, foreign: regs.Pstate&narrow != 0}, err
}

// call makes the process execve(path, words, env) as it goes on.
func (at beginning) call(pid int, path, words, env uint64) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Regs[8], regs.Regs[0], regs.Regs[1], regs.Regs[2], regs.Sp = syscall.SYS_EXECVE, path, words, env, path
	return syscall.PtraceSetRegs(pid, &regs)
}
