package probe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// together attaches to events of the kernel's clocks and counters that are to begin at the same time. To begin one event, the kernel stops
// and starts all those of its kind on the CPU, so that ten thousand take minutes one by one; a group begins as one.
type together struct {
	mu sync.Mutex
	// holders is how many have called hold and not start.
	holders int
	// leaders are the events that lead the group of each CPU that is not full, full those of the others.
	leaders map[int]*leader
	full    []*os.File
}

// leader is the first event of a group.
type leader struct {
	event   *os.File
	members int
}

// groupMembers is how many events a group has at most: the kernel looks at all of them when one joins.
const groupMembers = 256

// hold puts off the begin of events until start.
func (t *together) hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.holders++
}

// start lets the events begin that were attached to since hold.
func (t *together) start() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.holders--
	events := t.full
	for _, l := range t.leaders {
		events = append(events, l.event)
	}
	t.full, t.leaders = nil, nil
	var errs []error
	for _, e := range events {
		errs = append(errs, enable(int(e.Fd())), e.Close())
	}
	return errors.Join(errs...)
}

// attach attaches a program to an event of a CPU, for all processes.
func (t *together) attach(prog *ebpf.Program, attr unix.PerfEventAttr, cpu int) (io.Closer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.holders == 0 || attr.Type != unix.PERF_TYPE_SOFTWARE {
		return attachPerfEvent(prog, &attr, -1, cpu)
	}
	group := noGroup
	if l := t.leaders[cpu]; l != nil { // which does not run yet: nor does this one
		group = int(l.event.Fd())
		attr.Bits &^= unix.PerfBitDisabled
	}
	e, err := openPerfEvent(prog, &attr, -1, cpu, group)
	if err != nil {
		return nil, err
	}
	if err := t.join(cpu, e); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, e.settle(&attr)
}

// join makes an event the leader of the CPU's group, if there is none, and counts it.
func (t *together) join(cpu int, e *perfEvent) error {
	l := t.leaders[cpu]
	if l == nil {
		fd, err := unix.FcntlInt(e.event.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("keep perf event: %w", err)
		}
		l = &leader{event: os.NewFile(uintptr(fd), "perf-event")}
		if t.leaders == nil {
			t.leaders = map[int]*leader{}
		}
		t.leaders[cpu] = l
	}
	if l.members++; l.members == groupMembers {
		t.full = append(t.full, l.event)
		delete(t.leaders, cpu)
	}
	return nil
}

// attachOnCPUs attaches a program to an event of some CPUs, for all processes.
func (t *together) attachOnCPUs(prog *ebpf.Program, attr unix.PerfEventAttr, cpus []int) (io.Closer, error) {
	var out closers
	for _, cpu := range cpus {
		c, err := t.attach(prog, attr, cpu)
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

// Hold puts off the begin of events of clocks and counters that are attached to, until Start lets them begin together.
func (s *Set) Hold() { s.together.hold() }

// Start lets events begin that were attached to since Hold.
func (s *Set) Start() error { return s.together.start() }
