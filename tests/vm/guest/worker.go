package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// jobs are what a worker can do. Each does exactly what its numbers say, on one thread, so that a probe's count can be
// compared with them.
var jobs = map[string]func(n []int) error{
	"getpgid":    getpgid,
	"open":       open,
	"write":      write,
	"call":       call,
	"compete":    compete,
	"sleep":      sleep,
	"retransmit": retransmit,
	"spin":       spin,
	"udp":        udp,
}

func work(args []string) error {
	if len(args) == 0 || jobs[args[0]] == nil {
		return fmt.Errorf("unknown job %q", args)
	}
	var numbers []int
	for _, a := range args[1:] {
		n, err := strconv.Atoi(a)
		if err != nil {
			return err
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return fmt.Errorf("%s: wants a number", args[0])
	}
	runtime.LockOSThread()
	return jobs[args[0]](numbers)
}

// getpgid calls getpgid as often as the first number says, on as many threads at once as the second one says, if any.
func getpgid(n []int) error {
	threads := 1
	if len(n) > 1 {
		threads = n[1]
	}
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			runtime.LockOSThread()
			for range n[0] {
				_, _, _ = unix.RawSyscall(unix.SYS_GETPGID, 0, 0, 0)
			}
		})
	}
	wg.Wait()
	return nil
}

// noSuchFile cannot be opened, and nobody else gets this error at start.
const noSuchFile = "/etc/passwd/gtrace"

// open tries as often to open noSuchFile.
func open(n []int) error {
	for range n[0] {
		if _, err := unix.Open(noSuchFile, unix.O_RDONLY, 0); !errors.Is(err, unix.ENOTDIR) {
			return fmt.Errorf("open: want ENOTDIR, got %w", err)
		}
	}
	return nil
}

// write makes one write to a pipe for each number, as long as it says.
func write(n []int) error {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return err
	}
	buf := make([]byte, 65536)
	for _, size := range n {
		if _, err := unix.Write(p[1], buf[:size]); err != nil {
			return err
		}
		if _, err := unix.Read(p[0], buf); err != nil {
			return err
		}
	}
	return nil
}

// call calls the traced function as often as the first number says, with 0, 1, 2… and the second number.
func call(n []int) error {
	second := 0
	if len(n) > 1 {
		second = n[1]
	}
	for i := range n[0] {
		if got := callTarget(uint64(i), uint64(second)); got != uint64(i+second) {
			return fmt.Errorf("target(%d, %d): got %d", i, second, got)
		}
	}
	return nil
}

// compete calls the traced function from four threads of different priorities, as often from each as the first number says. Each
// gives the address of a long text of its own letter, and its number. The two that the scheduler prefers wait a little before each
// call, so that they take the CPU from the others wherever these are.
func compete(n []int) error {
	const threads = 4
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2 * threads)) // a thread that is kept from running keeps no other from it
	errs := make([]error, threads)
	var wg sync.WaitGroup
	for i := range threads {
		text := append(bytes.Repeat([]byte{byte('a' + i)}, 1000), 0)
		wg.Go(func() {
			runtime.LockOSThread()
			errs[i] = competitor(n[0], text, i)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// competitor is one of the threads; those with a priority above 0 are preferred.
func competitor(calls int, text []byte, priority int) error {
	priority = max(0, priority-1)
	if priority > 0 {
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: uint32(priority)}
		if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
			return fmt.Errorf("sched_setattr: %w", err)
		}
	}
	address := uint64(uintptr(unsafe.Pointer(&text[0])))
	for range calls {
		if priority > 0 {
			wait := unix.Timespec{Nsec: int64(priority) * 130_000}
			_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&wait)), 0, 0)
		}
		callTarget(address, uint64(priority))
	}
	runtime.KeepAlive(text)
	return nil
}

// sleep sleeps as many milliseconds.
func sleep(n []int) error {
	time.Sleep(time.Duration(n[0]) * time.Millisecond)
	return nil
}

// spin keeps a CPU busy for as many milliseconds.
func spin(n []int) error {
	for end := time.Now().Add(time.Duration(n[0]) * time.Millisecond); time.Now().Before(end); {
		callTarget(1, 2)
	}
	return nil
}

// retransmit opens connections to a server whose queue is full, as many as the number says: it drops what asks to connect,
// so the kernel asks once more a second later. That is a real retransmission and needs no device that loses packets.
func retransmit(n []int) error {
	server, addr, err := fullServer()
	if err != nil {
		return err
	}
	defer unix.Close(server)
	for range n[0] {
		fd, err := connect(addr)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	time.Sleep(1500 * time.Millisecond) // the first retransmission comes after 1 s, the second after 3 s
	return nil
}

// udp sends as many datagrams of four bytes, "gtr0" and so on, to a port of this machine where nobody listens.
func udp(n []int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for i := range n[0] {
		if err := unix.Sendto(fd, fmt.Appendf(nil, "gtr%d", i%10), 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}

// fullServer listens with a queue of one connection, and fills it.
func fullServer() (int, *unix.SockaddrInet4, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, nil, err
	}
	if err := unix.Listen(fd, 0); err != nil {
		return 0, nil, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, nil, err
	}
	addr, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return 0, nil, fmt.Errorf("unexpected address %T", name)
	}
	if _, err := connect(addr); err != nil {
		return 0, nil, err
	}
	time.Sleep(50 * time.Millisecond)
	return fd, addr, nil
}

func connect(addr *unix.SockaddrInet4) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, addr); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return 0, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}
