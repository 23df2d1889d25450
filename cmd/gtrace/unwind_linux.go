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

// load lets the process run as long as its dynamic loader does, and calls mapped after each of the loader's system calls. It returns a signal that
// the process is to get as it is let go, or 0.
func (t *tracee) load(mapped func()) (syscall.Signal, error) {
	low, high, ok := loaderOf(t.pid)
	if !ok || t.trace() != nil {
		return 0, nil
	}
	for entering := true; ; entering = !entering {
		status, err := t.next(0)
		switch {
		case errors.Is(err, errEnded):
			return 0, err
		case err != nil:
			return 0, nil // it is let go, or is gone
		case status.StopSignal() != syscallStop:
			return status.StopSignal(), nil
		}
		if regs, err := readRegisters(t.pid); err != nil || regs.pc() < low || regs.pc() >= high {
			return 0, nil
		}
		if !entering {
			mapped()
		}
	}
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
