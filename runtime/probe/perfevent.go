package probe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/runtime/host"
)

// attachPerfEvent opens a perf event and attaches a program to it: through a link where the kernel has them (5.15), else through
// the event itself. Both die with the process.
func attachPerfEvent(prog *ebpf.Program, attr *unix.PerfEventAttr, pid, cpu int) (io.Closer, error) {
	e, err := openPerfEvent(prog, attr, pid, cpu, noGroup)
	if err != nil {
		return nil, err
	}
	if err := enable(int(e.event.Fd())); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, e.settle(attr)
}

// noGroup stands for the leader of an event that is not in a group.
const noGroup = -1

// openPerfEvent opens a perf event in the group of a leader, and attaches a program to it.
func openPerfEvent(prog *ebpf.Program, attr *unix.PerfEventAttr, pid, cpu, leader int) (*perfEvent, error) {
	attr.Size = uint32(unsafe.Sizeof(*attr))
	fd, err := unix.PerfEventOpen(attr, pid, cpu, leader, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open perf event: %w", err)
	}
	event := os.NewFile(uintptr(fd), "perf-event")
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: fd, Program: prog, Attach: ebpf.AttachPerfEvent})
	switch {
	case err == nil:
		return &perfEvent{event: event, link: l}, nil
	case !linksMissing(err):
		return nil, errors.Join(fmt.Errorf("attach program: %w", err), event.Close())
	}
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, prog.FD()); err != nil {
		return nil, errors.Join(fmt.Errorf("attach program: %w", err), event.Close())
	}
	return &perfEvent{event: event}, nil
}

// settle closes the descriptor of an event that its link keeps and that is freed in no time, so that a probe takes one descriptor. Those of
// tracepoints and functions are kept, to be freed apart from the program.
func (p *perfEvent) settle(attr *unix.PerfEventAttr) error {
	if p.link == nil || attr.Type == unix.PERF_TYPE_TRACEPOINT || attr.Type > unix.PERF_TYPE_BREAKPOINT {
		return nil
	}
	event := p.event
	p.event = nil
	if err := event.Close(); err != nil {
		return errors.Join(fmt.Errorf("close perf event: %w", err), p.Close())
	}
	return nil
}

// perfEvent is an event and the link of the program to it, nil where the event itself holds the program.
type perfEvent struct {
	event *os.File
	link  io.Closer
}

// freedLate lets a link's event be freed apart from the program, as that of a tracepoint: events of probes, too, are freed one by one,
// and the kernel waits for each.
func freedLate(h *host.Host, l link.Link) (io.Closer, error) {
	pe, ok := l.(link.PerfEvent)
	if !ok || !h.Has(target.PerfLink) { // the program goes with the event
		return l, nil
	}
	event, err := pe.PerfEvent()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("event of the probe: %w", err), l.Close())
	}
	return &perfEvent{event: event, link: l}, nil
}

// Disarm takes the program off the event, so that it runs no more. It is quick, while closing the event of a tracepoint waits for a
// grace period of the kernel, one event after the other.
func (p *perfEvent) Disarm() error {
	if p.link == nil {
		return p.Close()
	}
	l := p.link
	p.link = nil
	return l.Close()
}

// Files returns the event, if it is not freed.
func (p *perfEvent) Files() []*os.File {
	if p.event == nil {
		return nil
	}
	return []*os.File{p.event}
}

// Close detaches the program, unless that is done, and frees the event.
func (p *perfEvent) Close() error {
	var errs []error
	if p.link != nil {
		errs = append(errs, p.Disarm())
	}
	if p.event != nil {
		errs = append(errs, p.event.Close())
		p.event = nil
	}
	return errors.Join(errs...)
}

// linksMissing reports whether the error of a link's creation can mean that perf events have no links here; a program that the
// event refuses is refused once more by the other way.
func linksMissing(err error) bool {
	return errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP)
}

func enable(fd int) error {
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
		return fmt.Errorf("enable perf event: %w", err)
	}
	return nil
}
