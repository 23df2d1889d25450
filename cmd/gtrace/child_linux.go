package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"syscall"
)

// child is the process of -c. It is stopped at the end of its exec, before its first instruction, until Start.
type child struct {
	PID  int
	name string
	// Done is closed when the process has ended; Err then says how, nil for exit code 0.
	Done chan struct{}
	Err  error

	goOn chan struct{}
	// mapped, if it is set, is called whenever the process may have mapped code before its own begins.
	mapped func()
	// ended is set if it has ended before.
	ended bool
}

// startChild starts a command and holds it at its exec.
func startChild(command string) (*child, error) {
	words, err := splitWords(command)
	if err != nil {
		return nil, fmt.Errorf("-c: %w", err)
	}
	c := &child{name: words[0], Done: make(chan struct{}), goOn: make(chan struct{})}
	ready := make(chan error, 1)
	go c.follow(words, ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("-c %s: %w", words[0], err)
	}
	return c, nil
}

// follow runs on one thread, since only the thread that started a traced process may let it go.
func (c *child) follow(words []string, ready chan<- error) {
	goruntime.LockOSThread()
	defer close(c.Done)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		ready <- cause(err)
		return
	}
	c.PID = cmd.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(c.PID, &status, 0, nil); err != nil || !status.Stopped() {
		ready <- fmt.Errorf("stop at exec: %v (status %#x)", err, status)
		return
	}
	ready <- nil
	<-c.goOn
	if c.mapped != nil && c.load() {
		if !c.ended { // else it was waited for
			c.Err = cmd.Wait()
		}
		return
	}
	if err := syscall.PtraceDetach(c.PID); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.Err = fmt.Errorf("let %s go on: %w", c.name, err)
		return
	}
	c.Err = cmd.Wait()
}

// cause strips what os/exec wraps around an error that the caller names already.
func cause(err error) error {
	if e := new(exec.Error); errors.As(err, &e) {
		return e.Err
	}
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Start lets the process run.
func (c *child) Start() {
	select {
	case <-c.goOn:
	default:
		close(c.goOn)
	}
}

// StartWith is Start for who wants to know what the process has mapped before any of its code runs: the kernel has mapped the program
// and its dynamic loader, which maps the libraries. The process is held at its system calls until one comes from somewhere else.
func (c *child) StartWith(mapped func()) {
	c.mapped = mapped
	c.Start()
}

// Stop ends the process with SIGTERM if it still runs, and waits for it.
func (c *child) Stop() {
	select {
	case <-c.Done:
		return
	default:
	}
	// The signal comes before Start: a process that never ran must not run now.
	_ = syscall.Kill(c.PID, syscall.SIGTERM)
	c.Start()
	<-c.Done
}
