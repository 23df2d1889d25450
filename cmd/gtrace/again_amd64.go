package main

import "syscall"

// systemCall is the instruction of a system call, and one that ends the process should the call return.
var systemCall = []byte{0x0f, 0x05, 0x0f, 0x0b}

// longMode is the code segment of programs for amd64.
const longMode = 0x33

func begin(pid int) (beginning, error) {
	var regs syscall.PtraceRegs
	err := syscall.PtraceGetRegs(pid, &regs)
	return beginning{pc: regs.Rip, sp: regs.Rsp, foreign: regs.Cs != longMode}, err
}

// call makes the process execve(path, words, env) as it goes on.
func (at beginning) call(pid int, path, words, env uint64) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Orig_rax = ^uint64(0) // no call that the kernel would have to restart
	regs.Rax, regs.Rdi, regs.Rsi, regs.Rdx, regs.Rsp = syscall.SYS_EXECVE, path, words, env, path
	return syscall.PtraceSetRegs(pid, &regs)
}
