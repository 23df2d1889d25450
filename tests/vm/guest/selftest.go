package main

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

const selftestCalls = 1000

// selftest counts its own system calls with a kprobe and prints the count and the kernel.
func selftest() error {
	counter, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("make map: %w", err)
	}
	defer counter.Close()
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.Kprobe, License: "GPL", Instructions: countCode(counter.FD())})
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	defer prog.Close()
	probe, err := link.Kprobe("__x64_sys_getpgid", prog, nil)
	if err != nil {
		return fmt.Errorf("attach kprobe: %w", err)
	}
	defer probe.Close()
	if err := work([]string{"getpgid", fmt.Sprint(selftestCalls)}); err != nil {
		return err
	}
	var n uint64
	if err := counter.Lookup(uint32(0), &n); err != nil {
		return fmt.Errorf("read map: %w", err)
	}
	release, err := release()
	fmt.Printf("kernel %s: %d of %d calls counted\n", release, n, selftestCalls)
	return err
}

// countCode adds 1 to the value of an array map.
func countCode(fd int) asm.Instructions {
	return asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.LoadMapPtr(asm.R1, fd),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1),
		asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}
}
