package main

import (
	"slices"
	"syscall"
	"unsafe"
)

// systemCall are the instructions of a system call, and one that ends the process should it go on behind that.
var systemCall = []byte{0x0f, 0x05, 0x0f, 0x0b}

const (
	// longMode is the code segment of programs of 64 bits, which the others can go to as well.
	longMode = 0x33
	// getRegisters and setRegisters are PTRACE_GETREGSET and PTRACE_SETREGSET, generalRegisters is NT_PRSTATUS.
	getRegisters, setRegisters = 0x4204, 0x4205
	generalRegisters           = 1
)

// registers are those of a stopped process.
type registers struct{ regs syscall.PtraceRegs }

// narrowRegisters are those of one of 32 bits as the kernel has them, struct user_regs_struct of that machine.
type narrowRegisters struct {
	bx, cx, dx, si, di, bp, ax, ds, es, fs, gs, orig, ip, cs, flags, sp, ss uint32
}

// registerSet is what the kernel writes registers to, and how much of it.
type registerSet struct {
	base *registers
	size uint64
}

func (s *registerSet) transfer(request uintptr, pid int) error {
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, request, uintptr(pid), generalRegisters, uintptr(unsafe.Pointer(s)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// narrow are the registers if the kernel has them as those of 32 bits, nil otherwise.
func (s *registerSet) narrow() *narrowRegisters {
	if s.size != uint64(unsafe.Sizeof(narrowRegisters{})) {
		return nil
	}
	return (*narrowRegisters)(unsafe.Pointer(s.base))
}

func readSet(pid int) (*registerSet, error) {
	s := &registerSet{base: &registers{}, size: uint64(unsafe.Sizeof(registers{}))}
	return s, s.transfer(getRegisters, pid)
}

func readRegisters(pid int) (registers, error) {
	s, err := readSet(pid)
	if err != nil {
		return registers{}, err
	}
	if n := s.narrow(); n != nil {
		return n.widen(), nil
	}
	return *s.base, nil
}

// write sets the registers. Whether the kernel wants them as those of 32 or of 64 bits depends on the code segment that the process has yet.
func (r registers) write(pid int) error {
	s, err := readSet(pid)
	if err != nil {
		return err
	}
	if n := s.narrow(); n != nil {
		*n = r.narrow()
	} else {
		*s.base = r
	}
	return s.transfer(setRegisters, pid)
}

func (n *narrowRegisters) widen() registers {
	return registers{syscall.PtraceRegs{
		Rbx: uint64(n.bx), Rcx: uint64(n.cx), Rdx: uint64(n.dx), Rsi: uint64(n.si), Rdi: uint64(n.di), Rbp: uint64(n.bp), Rax: uint64(n.ax),
		Ds: uint64(n.ds), Es: uint64(n.es), Fs: uint64(n.fs), Gs: uint64(n.gs), Orig_rax: uint64(int64(int32(n.orig))), Rip: uint64(n.ip),
		Cs: uint64(n.cs), Eflags: uint64(n.flags), Rsp: uint64(n.sp), Ss: uint64(n.ss),
	}}
}

func (r registers) narrow() narrowRegisters {
	g := &r.regs
	return narrowRegisters{
		bx: uint32(g.Rbx), cx: uint32(g.Rcx), dx: uint32(g.Rdx), si: uint32(g.Rsi), di: uint32(g.Rdi), bp: uint32(g.Rbp), ax: uint32(g.Rax),
		ds: uint32(g.Ds), es: uint32(g.Es), fs: uint32(g.Fs), gs: uint32(g.Gs), orig: uint32(g.Orig_rax), ip: uint32(g.Rip),
		cs: uint32(g.Cs), flags: uint32(g.Eflags), sp: uint32(g.Rsp), ss: uint32(g.Ss),
	}
}

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
