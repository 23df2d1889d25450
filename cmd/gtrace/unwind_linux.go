package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
)

// unwindPIDs are the processes whose stacks can be walked by call frame information.
func (c *compiler) unwindPIDs() []int {
	pids := c.opts.dwarfPIDs
	if pid := c.attachPID(); pid != 0 {
		pids = append([]int{pid}, pids...)
	}
	return pids
}

//lint:ignore ST1005 these are bpftrace's words
var errNoTarget = errors.New("dw_ustack requires a target process. Use -p, -c, or --dwarf-pid to specify one.")

// unwindable says what an object needs that walks stacks.
func (c *compiler) unwindable(obj *object.Object) error {
	if !obj.Unwinds() {
		return nil
	}
	if len(c.unwindPIDs()) == 0 {
		return errNoTarget
	}
	for _, pid := range c.opts.dwarfPIDs {
		if err := unix.Kill(pid, 0); errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("--dwarf-pid %d: there is no such process", pid)
		}
	}
	return nil
}

// syscallStop is the signal of a stop at a system call, by PTRACE_O_TRACESYSGOOD.
const syscallStop = unix.SIGTRAP | 0x80

// load lets the process run as long as its dynamic loader does, and calls mapped after each of the loader's system calls. It returns true
// if the process goes on or has ended, and false if it is still to be let go.
func (c *child) load() (gone bool) {
	low, high, ok := loaderOf(c.PID)
	if !ok || syscall.PtraceSetOptions(c.PID, unix.PTRACE_O_TRACESYSGOOD) != nil {
		return false
	}
	for entering := true; ; entering = !entering {
		if syscall.PtraceSyscall(c.PID, 0) != nil {
			return false
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(c.PID, &status, 0, nil); err != nil {
			return false
		}
		switch {
		case !status.Stopped():
			c.ended = true
			return true
		case status.StopSignal() != syscallStop:
			return c.release(status.StopSignal())
		}
		var regs syscall.PtraceRegs
		if syscall.PtraceGetRegs(c.PID, &regs) != nil || regs.PC() < low || regs.PC() >= high {
			return false
		}
		if !entering {
			c.mapped()
		}
	}
}

// release lets the process go on with a signal that it got.
func (c *child) release(sig syscall.Signal) bool {
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, syscall.PTRACE_DETACH, uintptr(c.PID), 0, uintptr(sig), 0, 0)
	return errno == 0
}

// atBase is AT_BASE, by which the kernel tells a process where its dynamic loader is.
const atBase = 7

// loaderOf returns the addresses at which the dynamic loader of a process is mapped. Programs that are linked statically have none.
func loaderOf(pid int) (low, high uint64, ok bool) {
	auxv, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		return 0, 0, false
	}
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.NativeEndian.Uint64(auxv) == atBase {
			low = binary.NativeEndian.Uint64(auxv[8:])
		}
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil || low == 0 {
		return 0, 0, false
	}
	file := ""
	for line := range strings.Lines(string(maps)) {
		var start, end, offset, inode uint64
		var perms, dev string
		if n, _ := fmt.Sscanf(line, "%x-%x %s %x %s %d", &start, &end, &perms, &offset, &dev, &inode); n < 6 {
			continue
		}
		id := fmt.Sprint(dev, " ", inode)
		if start == low {
			file = id
		}
		if file != "" && id == file {
			high = end
		}
	}
	return low, high, high != 0
}
