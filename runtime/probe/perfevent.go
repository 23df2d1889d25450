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
)

// attachPerfEvent opens a perf event and attaches a program to it: through a link where the kernel has them (5.15), else through
// the event itself. Both die with the process.
func attachPerfEvent(prog *ebpf.Program, attr *unix.PerfEventAttr, pid, cpu int) (io.Closer, error) {
	attr.Size = uint32(unsafe.Sizeof(*attr))
	fd, err := unix.PerfEventOpen(attr, pid, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open perf event: %w", err)
	}
	event := os.NewFile(uintptr(fd), "perf-event")
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: fd, Program: prog, Attach: ebpf.AttachPerfEvent})
	switch {
	case err == nil:
		return enable(closers{event, l}, fd)
	case !linksMissing(err):
		return nil, errors.Join(fmt.Errorf("attach program: %w", err), event.Close())
	}
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, prog.FD()); err != nil {
		return nil, errors.Join(fmt.Errorf("attach program: %w", err), event.Close())
	}
	return enable(closers{event}, fd)
}

// linksMissing reports whether the error of a link's creation can mean that perf events have no links here; a program that the
// event refuses is refused once more by the other way.
func linksMissing(err error) bool {
	return errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP)
}

func enable(c closers, fd int) (io.Closer, error) {
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("enable perf event: %w", err), c.Close())
	}
	return c, nil
}
