package main

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// A command is held at the end of its exec, where its program and its libraries' places are known, and the probes are attached then. They are to
// see it begin all the same (sched_process_exec, sys_exit_execve), as they do in bpftrace, which holds it before. So, instead of its first instruction,
// it makes the same system call once more.

// beginning is where a process stands that has not run yet.
type beginning struct {
	pc, sp uint64
	// foreign is set for a program of another architecture, with other system calls.
	foreign bool
}

// roomBelow is what the kernel has surely mapped below the stack of a new program.
const roomBelow = 64 << 10

// execAgain lets a process that stands at its first instruction run the program path with the words args, and its own environment, as soon as it
// goes on. It returns an error, and has changed nothing, where that cannot be.
func execAgain(pid int, path string, args []string) error {
	at, err := begin(pid)
	if err != nil {
		return err
	}
	if at.foreign {
		return fmt.Errorf("%s is a program of another architecture", path)
	}
	var argc [8]byte
	if _, err := syscall.PtracePeekData(pid, uintptr(at.sp), argc[:]); err != nil {
		return fmt.Errorf("read the stack: %w", err)
	}
	env := at.sp + 8*(binary.NativeEndian.Uint64(argc[:])+2)
	block, words := execWords(at.sp, path, args)
	if len(block) > roomBelow {
		return fmt.Errorf("%d bytes of words are too many", len(block))
	}
	base := at.sp - uint64(len(block))
	if _, err := syscall.PtracePokeData(pid, uintptr(base), block); err != nil {
		return fmt.Errorf("write the stack: %w", err)
	}
	if _, err := syscall.PtracePokeText(pid, uintptr(at.pc), systemCall); err != nil {
		return fmt.Errorf("write the program: %w", err)
	}
	return at.call(pid, base, words, env)
}

// execWords returns memory that ends at the address end and begins with path; the words are an array at the returned address.
func execWords(end uint64, path string, args []string) (block []byte, words uint64) {
	text := append([]byte(path), 0)
	offsets := make([]int, len(args))
	for i, a := range args {
		offsets[i] = len(text)
		text = append(append(text, a...), 0)
	}
	array := (len(text) + 7) &^ 7
	size := (array + 8*(len(args)+1) + 15) &^ 15
	base := end - uint64(size)
	block = make([]byte, size)
	copy(block, text)
	for i, off := range offsets {
		binary.NativeEndian.PutUint64(block[array+8*i:], base+uint64(off))
	}
	return block, base + uint64(array)
}
