package symbol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringPages is the size of the memory in which a CPU leaves its records: 128 KiB, enough for a hundred programs that start.
const ringPages = 32

// ring is the memory in which the kernel leaves the records of a CPU.
type ring struct {
	fd   int
	mem  []byte
	meta *unix.PerfEventMmapPage
	data []byte
}

// openRings asks every CPU for records of what processes map, run and start, which wake the reader at once if it is to be prompt, else when they
// are many. A kernel without perf events, or the lack of the capability CAP_PERFMON, is an error.
func openRings(prompt bool) ([]*ring, error) {
	last, err := lastCPU()
	if err != nil {
		return nil, err
	}
	var out []*ring
	for cpu := range last + 1 {
		r, err := openRing(cpu, prompt)
		if errors.Is(err, unix.ENODEV) {
			continue // it is offline
		}
		if err != nil {
			closeRings(out)
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// lastCPU returns the highest number of a CPU.
func lastCPU() (int, error) {
	const path = "/sys/devices/system/cpu/possible"
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	text := strings.TrimSpace(string(data))
	n, err := strconv.Atoi(text[strings.LastIndexAny(text, "-,")+1:])
	if err != nil || n < 0 || n > 1<<16 {
		return 0, fmt.Errorf("read %s: unexpected text %q", path, text)
	}
	return n, nil
}

func openRing(cpu int, prompt bool) (*ring, error) {
	page := os.Getpagesize()
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_DUMMY, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Sample_type: unix.PERF_SAMPLE_TIME, Wakeup: uint32(ringPages * page / 4),
		Bits: unix.PerfBitMmap | unix.PerfBitMmap2 | unix.PerfBitComm | unix.PerfBitCommExec | unix.PerfBitTask |
			unix.PerfBitSampleIDAll | unix.PerfBitWatermark,
	}
	if prompt {
		attr.Wakeup = 1
	}
	fd, err := unix.PerfEventOpen(&attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open perf event: %w", err)
	}
	mem, err := unix.Mmap(fd, 0, (1+ringPages)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("map perf event: %w", err)
	}
	return &ring{fd: fd, mem: mem, meta: (*unix.PerfEventMmapPage)(unsafe.Pointer(&mem[0])), data: mem[page:]}, nil
}

func (r *ring) close() {
	_ = unix.Munmap(r.mem)
	_ = unix.Close(r.fd)
}

func closeRings(rings []*ring) {
	for _, r := range rings {
		r.close()
	}
}

// recordHeader is the size of struct perf_event_header: type, flags, size.
const recordHeader = 8

// read calls f for each record up to head, which must come from r.head. The record is only valid during the call.
func (r *ring) read(head uint64, f func(record)) {
	tail := atomic.LoadUint64(&r.meta.Data_tail)
	var wrapped []byte
	for head-tail >= recordHeader {
		var b []byte
		at := tail % uint64(len(r.data))
		size := uint64(binary.NativeEndian.Uint16(r.data[at+6:])) // records begin at multiples of 8
		if size < recordHeader || size > head-tail {
			tail = head // not what the kernel writes
			break
		}
		if at+size <= uint64(len(r.data)) {
			b = r.data[at : at+size]
		} else {
			wrapped = append(append(wrapped[:0], r.data[at:]...), r.data[:at+size-uint64(len(r.data))]...)
			b = wrapped
		}
		f(record(b))
		tail += size
	}
	atomic.StoreUint64(&r.meta.Data_tail, tail)
}

// head is where the kernel will write next.
func (r *ring) head() uint64 { return atomic.LoadUint64(&r.meta.Data_head) }

// pending reports whether there are records that were not read.
func (r *ring) pending() bool { return r.head() != atomic.LoadUint64(&r.meta.Data_tail) }
