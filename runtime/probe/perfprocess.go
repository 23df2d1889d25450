package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/host"
)

// attachEverywhere attaches to a perf event on all CPUs, for all processes.
func attachEverywhere(h *host.Host, t *together, prog *ebpf.Program, attr unix.PerfEventAttr) (io.Closer, error) {
	cpus, err := h.OnlineCPUs()
	if err != nil {
		return nil, err
	}
	return t.attachOnCPUs(prog, attr, cpus)
}

// bitInheritThread is the attribute inherit_thread (5.13): threads that a thread starts have the event as well, processes not.
const bitInheritThread = 1 << 35

// attachTime is how long gtrace tries to attach to a process while none of its threads starts another one. A try takes some twenty
// microseconds for each thread.
const attachTime = 5 * time.Second

// attachToProcess opens a perf event for all threads of a process, those that it has and those that it will have. Before 5.13 the
// processes that it starts have it too: programs must look at the pid themselves.
func attachToProcess(prog *ebpf.Program, attr unix.PerfEventAttr, pid int) (io.Closer, error) {
	attr.Bits |= unix.PerfBitInherit | bitInheritThread
	p := process{
		threads: func() (map[int]bool, error) { return threads(pid) },
		attach:  func(tid int) (io.Closer, error) { return attachToThread(prog, &attr, tid) },
		give:    attachTime,
	}
	out, err := p.attachToAll()
	if errors.Is(err, unix.ESRCH) || errors.Is(err, errRestless) {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	return out, err
}

// errRestless is about a process that gtrace could not attach to.
var errRestless = errors.New("it starts threads all the time: none of the tries to attach to it has reached them all")

// process is what attaching to one takes: its threads, how to attach to one of them, and how long to try.
type process struct {
	threads func() (map[int]bool, error)
	attach  func(tid int) (io.Closer, error)
	give    time.Duration
}

// attachToAll attaches to the threads that there are; those that start later inherit it. Of a thread that starts meanwhile nobody knows
// whether the one that started it was attached to: it may have the event already, and a second one would count all twice. Then
// everything is undone and tried again.
func (p process) attachToAll() (io.Closer, error) {
	for start := time.Now(); ; {
		before, err := p.threads()
		if err != nil {
			return nil, err
		}
		out, err := p.attachToEach(before)
		if err != nil {
			return nil, err
		}
		now, err := p.threads()
		started := false
		for tid := range now {
			started = started || !before[tid]
		}
		switch {
		case err != nil:
		case !started && len(out) > 0:
			return out, nil
		case !started:
			return nil, unix.ESRCH
		case time.Since(start) > p.give:
			err = errRestless
		}
		if err := errors.Join(err, out.Close()); err != nil {
			return nil, err
		}
	}
}

// attachToEach attaches to threads, but for those that have ended.
func (p process) attachToEach(tids map[int]bool) (closers, error) {
	var out closers
	for tid := range tids {
		c, err := p.attach(tid)
		if errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, errors.Join(err, out.Close())
		}
		out = append(out, c)
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
func threads(pid int) (map[int]bool, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unix.ESRCH
	}
	if err != nil {
		return nil, err
	}
	out := map[int]bool{}
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			out[tid] = true
		}
	}
	return out, nil
}
