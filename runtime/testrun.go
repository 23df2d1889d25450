package runtime

import (
	"fmt"
	goruntime "runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// progRun is the head of the kernel's union bpf_attr for BPF_PROG_TEST_RUN.
type progRun struct {
	fd, retval, dataSizeIn, dataSizeOut uint32
	dataIn, dataOut                     uint64
	repeat, duration                    uint32
	ctxSizeIn, ctxSizeOut               uint32
	ctxIn, ctxOut                       uint64
	flags, cpu, batchSize, _            uint32
}

// testRun runs a raw tracepoint program once, in the calling thread, and returns what it returned. (*ebpf.Program).Run would
// first load a program of its own to see whether the kernel can do that, which costs more than the run.
func testRun(p *ebpf.Program) (uint32, error) {
	var ctx [12]uint64 // as many arguments as a raw tracepoint can have, all zero
	attr := progRun{fd: uint32(p.FD()), ctxIn: uint64(uintptr(unsafe.Pointer(&ctx))), ctxSizeIn: uint32(unsafe.Sizeof(ctx))}
	err := attr.run()
	goruntime.KeepAlive(&ctx)
	goruntime.KeepAlive(p)
	return attr.retval, err
}

// benchRun runs an XDP program n times on an empty packet. It returns the nanoseconds of one run and what the last one returned.
func benchRun(p *ebpf.Program, n uint32) (nanos, retval uint32, err error) {
	var packet [64]byte
	attr := progRun{fd: uint32(p.FD()), dataIn: uint64(uintptr(unsafe.Pointer(&packet))), dataSizeIn: uint32(len(packet)), repeat: n}
	err = attr.run()
	goruntime.KeepAlive(&packet)
	goruntime.KeepAlive(p)
	return attr.duration, attr.retval, err
}

func (r *progRun) run() error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_TEST_RUN, uintptr(unsafe.Pointer(r)), unsafe.Sizeof(*r))
		switch errno {
		case 0:
			return nil
		case unix.EINTR: // the kernel stops long runs for a signal
		default:
			return fmt.Errorf("run program: %w", errno)
		}
	}
}
