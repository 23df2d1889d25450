package testenv

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Worker runs work on one thread of its own, so that a probe that looks at the thread sees it and nothing else.
type Worker struct {
	t    testing.TB
	tid  int
	jobs chan func()
}

// NewWorker starts a thread for work. It ends with the test.
func NewWorker(t testing.TB) *Worker {
	t.Helper()
	w := &Worker{t: t, jobs: make(chan func())}
	ready := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ready <- unix.Gettid()
		for job := range w.jobs {
			job()
		}
	}()
	w.tid = <-ready
	t.Cleanup(func() { close(w.jobs) })
	return w
}

// TID returns the thread's number, which is what `tid` says in a script.
func (w *Worker) TID() int { return w.tid }

// Do runs a function on the thread and waits for it.
func (w *Worker) Do(f func()) {
	done := make(chan struct{})
	w.jobs <- func() {
		defer close(done)
		f()
	}
	<-done
}

// Getppid makes n calls of getppid.
func (w *Worker) Getppid(n int) {
	w.Do(func() {
		for range n {
			_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
		}
	})
}

// Open makes n calls of openat with a path, and closes what they open. It returns the error of the last one.
func (w *Worker) Open(path string, n int) (err error) {
	w.Do(func() {
		for range n {
			var fd int
			if fd, err = unix.Openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
				err = unix.Close(fd)
			}
		}
	})
	return err
}

// Nanosleep makes n calls of nanosleep, of d each. A call that a signal cuts short is not made again.
func (w *Worker) Nanosleep(n int, d time.Duration) {
	w.Do(func() {
		for range n {
			ts := unix.NsecToTimespec(d.Nanoseconds())
			_ = unix.Nanosleep(&ts, nil)
		}
	})
}

// Write makes one write of each size to a pipe, and reads it back.
func (w *Worker) Write(sizes ...int) {
	w.t.Helper()
	var err error
	w.Do(func() { err = writeThroughPipe(sizes) })
	if err != nil {
		w.t.Fatalf("write through a pipe: %v", err)
	}
}

func writeThroughPipe(sizes []int) error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	buf := make([]byte, 65536) // what a pipe holds
	for _, size := range sizes {
		if _, err := unix.Write(p[1], buf[:size]); err != nil {
			return err
		}
		if _, err := unix.Read(p[0], buf); err != nil {
			return err
		}
	}
	return nil
}
