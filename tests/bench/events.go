package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// An eventProgram is a script whose programs' time in the kernel is measured, per system call.
type eventProgram struct {
	name, script string
	// programs is how many of them run for each call.
	programs int
}

var eventPrograms = []eventProgram{
	{"@ = count()", `tracepoint:raw_syscalls:sys_enter { @ = count(); }`, 1},
	{"@ = hist(args.id)", `tracepoint:raw_syscalls:sys_enter { @ = hist(args.id); }`, 1},
	{"@[pid] = count()", `tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }`, 1},
	{
		"syscall latency",
		`tracepoint:raw_syscalls:sys_enter { @s[tid] = nsecs; }
		 tracepoint:raw_syscalls:sys_exit /@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s, tid); }
		 END { clear(@s); }`, 2,
	},
}

// eventCalls is how many system calls a measure of events makes.
const eventCalls = 500_000

// getppid makes n system calls from one thread.
func getppid(n int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range n {
		_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
}

// takeEvent measures a script's programs, less what the kernel needs to run programs that do nothing.
func takeEvent(t tool, e eventProgram) (map[string]float64, error) {
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		return nil, fmt.Errorf("count the time of programs: %w", err)
	}
	defer stats.Close()
	empty, err := emptyCost()
	if err != nil {
		return nil, fmt.Errorf("measure an empty program: %w", err)
	}
	before, err := programs()
	if err != nil {
		return nil, err
	}
	p, err := start(t, e.script)
	if err != nil {
		return nil, err
	}
	if err := p.waitAttached(); err != nil {
		return nil, err
	}
	cost, err := programCost(before)
	if err != nil {
		p.kill()
		return nil, err
	}
	if _, err := p.interrupt(); err != nil {
		return nil, err
	}
	if cost.programs != e.programs {
		return nil, fmt.Errorf("want %d programs that ran, found %d", e.programs, cost.programs)
	}
	return map[string]float64{
		"per event": cost.ns - empty*float64(e.programs), "instructions, verified": float64(cost.instructions), "machine code": float64(cost.machine),
	}, nil
}

// programs returns the ids of all loaded programs.
func programs() (map[ebpf.ProgramID]bool, error) {
	ids := make(map[ebpf.ProgramID]bool)
	for id := ebpf.ProgramID(0); ; {
		next, err := ebpf.ProgramGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			return ids, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list programs: %w", err)
		}
		ids[next], id = true, next
	}
}

// A cost is what the programs of a script take together.
type cost struct {
	programs, instructions, machine int
	ns                              float64 // of one run of each
}

// programCost makes system calls and adds up the programs that ran meanwhile and are not among the known ones.
func programCost(known map[ebpf.ProgramID]bool) (cost, error) {
	ids, err := programs()
	if err != nil {
		return cost{}, err
	}
	var mine []*ebpf.Program
	defer func() {
		for _, p := range mine {
			p.Close() //nolint:errcheck // only a descriptor
		}
	}()
	for id := range ids {
		if known[id] {
			continue
		}
		prog, err := ebpf.NewProgramFromID(id)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return cost{}, err
		}
		mine = append(mine, prog)
	}
	return workAndAdd(mine)
}

func workAndAdd(progs []*ebpf.Program) (sum cost, err error) {
	begin := make([]*ebpf.ProgramStats, len(progs))
	for i, p := range progs {
		if begin[i], err = p.Stats(); err != nil {
			return sum, err
		}
	}
	getppid(eventCalls)
	for i, p := range progs {
		end, err := p.Stats()
		if err != nil {
			return sum, err
		}
		runs := end.RunCount - begin[i].RunCount
		if runs < eventCalls/2 {
			continue // a program for another event
		}
		sum.programs++
		sum.ns += float64((end.Runtime - begin[i].Runtime).Nanoseconds()) / float64(runs)
		if err := addSize(p, &sum); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func addSize(p *ebpf.Program, sum *cost) error {
	info, err := p.Info()
	if err != nil {
		return err
	}
	size, err := info.TranslatedSize()
	if err != nil {
		return err
	}
	sum.instructions += size / asm.InstructionSize
	if machine, err := info.JitedSize(); err == nil { // not known without a just-in-time compiler
		sum.machine += int(machine)
	}
	return nil
}

// emptyCost is the time of a program that does nothing: measuring and calling. It is measured once.
var emptyCost = sync.OnceValues(func() (float64, error) {
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.TracePoint, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	}})
	if err != nil {
		return 0, err
	}
	defer prog.Close()
	probe, err := link.Tracepoint("raw_syscalls", "sys_enter", prog, nil)
	if err != nil {
		return 0, err
	}
	defer probe.Close()
	sum, err := workAndAdd([]*ebpf.Program{prog})
	return sum.ns, err
})
