package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// systemCall are the instructions of a system call, and one that ends the process should it go on behind that.
var systemCall = []byte{0x01, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x00, 0x00}

const (
	// narrow is the bit of the processor's state that programs of 32 bits have.
	narrow = 1 << 4
	// generalRegisters is NT_PRSTATUS.
	generalRegisters = 1
)

var errNarrow = errors.New("it is a program of 32 bits")

// registers are those of a stopped process.
type registers struct{ regs unix.PtraceRegsArm64 }

func readRegisters(pid int) (registers, error) {
	var r registers
	err := unix.PtraceGetRegSetArm64(pid, generalRegisters, &r.regs)
	return r, err
}

func (r registers) write(pid int) error {
	return unix.PtraceSetRegSetArm64(pid, generalRegisters, &r.regs)
}

func (r registers) pc() uint64 { return r.regs.Pc }

func (r registers) sp() uint64 { return r.regs.Sp }

// result is what a system call returned that has just ended.
func (r registers) result() int64 { return int64(r.regs.Regs[0]) }

// pointer is the size of the program's pointers.
func (r registers) pointer() int { return 8 }

// calling returns the registers with which systemCall makes a call, in place of the next instruction.
func (r registers) calling(number int, args ...uint64) (registers, error) {
	if r.regs.Pstate&narrow != 0 {
		return r, errNarrow
	}
	copy(r.regs.Regs[:], args)
	r.regs.Regs[8] = uint64(number)
	return r, nil
}
