package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"syscall"
)

// child is the process of -c. It is stopped where its program begins, before the first instruction, until Start, when it makes its exec once more.
type child struct {
	PID  int
	name string
	// Done is closed when the process has ended; Err then says how, nil for exit code 0.
	Done chan struct{}
	Err  error

	goOn chan struct{}
	// stopping is set before goOn is closed if the process is to end instead.
	stopping bool
	watcher  childWatcher
}

// childWatcher is told of the process as it goes on, while it is held. Its functions may be nil.
type childWatcher struct {
	// probed is set if there are probes that are attached to the process alone.
	probed bool
	// execed is called when the process has made its exec again: all that was known of its memory is over.
	execed func()
	// mapped is called whenever the process may have mapped code before its own begins.
	mapped func()
	// unseen is called if the process cannot make its exec again, and goes on without.
	unseen func(error)
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
	if err := wait(c.PID, &status); err != nil {
		ready <- fmt.Errorf("stop at exec: %w (status %#x)", err, status)
		return
	}
	e, unable := newExecution(c.PID, cmd.Path, words)
	if errors.Is(unable, errEnded) {
		ready <- unable
		return
	}
	ready <- nil
	<-c.goOn
	c.Err = c.proceed(e, unable)
	if !errors.Is(c.Err, errEnded) {
		c.Err = errors.Join(c.Err, cmd.Wait())
	}
}

// proceed lets the process go on; unable says that it cannot make its exec again. The error is errEnded if the process was waited for.
func (c *child) proceed(e *execution, unable error) error {
	if c.stopping {
		return e.release(0)
	}
	e.execed = c.watcher.execed
	if unable == nil {
		unable = e.again(c.watcher.probed)
	}
	if errors.Is(unable, errEnded) {
		return unable
	}
	if unable != nil && c.watcher.unseen != nil {
		c.watcher.unseen(unable)
	}
	var sig syscall.Signal
	if c.watcher.mapped != nil {
		var err error
		if sig, err = e.load(c.watcher.mapped); err != nil {
			return err
		}
	}
	if err := e.release(sig); err != nil {
		return fmt.Errorf("let %s go on: %w", c.name, err)
	}
	return nil
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

// Start lets the process run, and has w told of it before its program does.
func (c *child) Start(w childWatcher) {
	c.watcher = w
	close(c.goOn)
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
	select {
	case <-c.goOn:
	default:
		c.stopping = true
		close(c.goOn)
	}
	<-c.Done
}
