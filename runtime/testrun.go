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

// testRun runs a raw tracepoint program once, in the calling thread. (*ebpf.Program).Run would first load a program of its own
// to see whether the kernel can do that, which costs more than the run.
func testRun(p *ebpf.Program) error {
	var ctx [12]uint64 // as many arguments as a raw tracepoint can have, all zero
	attr := progRun{fd: uint32(p.FD()), ctxIn: uint64(uintptr(unsafe.Pointer(&ctx))), ctxSizeIn: uint32(unsafe.Sizeof(ctx))}
	_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_TEST_RUN, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	goruntime.KeepAlive(&ctx)
	goruntime.KeepAlive(p)
	if errno != 0 {
		return fmt.Errorf("run program: %w", errno)
	}
	return nil
}
