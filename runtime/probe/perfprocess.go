package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/host"
)

// attachEverywhere opens a perf event on all CPUs, for all processes.
func attachEverywhere(h *host.Host, prog *ebpf.Program, attr unix.PerfEventAttr) (io.Closer, error) {
	cpus, err := h.OnlineCPUs()
	if err != nil {
		return nil, err
	}
	return attachOnCPUs(prog, attr, cpus)
}

// attachOnCPUs opens a perf event on some CPUs, for all processes.
func attachOnCPUs(prog *ebpf.Program, attr unix.PerfEventAttr, cpus []int) (io.Closer, error) {
	var out closers
	for _, cpu := range cpus {
		c, err := attachPerfEvent(prog, &attr, -1, cpu)
		if errors.Is(err, unix.ENODEV) {
			continue // switched off meanwhile
		}
		if err != nil {
			return nil, errors.Join(err, out.Close())
		}
		out = append(out, c)
	}
	return out, nil
}

// bitInheritThread is the attribute inherit_thread (5.13): threads that a thread starts have the event as well, processes not.
const bitInheritThread = 1 << 35

// attachToProcess opens a perf event for all threads of a process, those that it has and those that it will have. Before 5.13 the
// processes that it starts have it too: programs must look at the pid themselves.
func attachToProcess(prog *ebpf.Program, attr unix.PerfEventAttr, pid int) (io.Closer, error) {
	attr.Bits |= unix.PerfBitInherit | bitInheritThread
	seen := map[int]bool{}
	var out closers
	for {
		tids, err := threads(pid)
		if err != nil {
			return nil, errors.Join(err, out.Close())
		}
		found := len(seen)
		for _, tid := range tids {
			if seen[tid] {
				continue
			}
			seen[tid] = true
			c, err := attachToThread(prog, &attr, tid)
			if errors.Is(err, unix.ESRCH) {
				continue // ended meanwhile
			}
			if err != nil {
				return nil, errors.Join(err, out.Close())
			}
			out = append(out, c)
		}
		// A thread that was started meanwhile by one that had no event yet has none either.
		if len(seen) == found {
			break
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("process %d: %w", pid, unix.ESRCH)
	}
	return out, nil
}

// attachToThread leaves out inherit_thread where the kernel does not know it.
func attachToThread(prog *ebpf.Program, attr *unix.PerfEventAttr, tid int) (io.Closer, error) {
	c, err := attachPerfEvent(prog, attr, tid, -1)
	if !errors.Is(err, unix.EINVAL) || attr.Bits&bitInheritThread == 0 {
		return c, err
	}
	attr.Bits &^= bitInheritThread
	return attachPerfEvent(prog, attr, tid, -1)
}

// threads returns the threads of a process.
func threads(pid int) ([]int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("process %d: %w", pid, unix.ESRCH)
	}
	if err != nil {
		return nil, err
	}
	var out []int
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, tid)
		}
	}
	return out, nil
}
