package main

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// tracee is a process that this thread traces, stopped before its program's first instruction.
type tracee struct {
	pid int
	// begin are the registers there, text the instructions that system calls are made in place of.
	begin registers
	text  []byte
	// execed, if it is set, is called when the process runs another program, of which nothing has run yet.
	execed func()
	// held is a signal that would stop the process. It gets it when it is let go.
	held syscall.Signal
}

// errEnded says that a process has ended, and was waited for.
var errEnded = errors.New("it has ended")

// syscallStop is the signal of a stop at a system call, by PTRACE_O_TRACESYSGOOD.
const syscallStop = unix.SIGTRAP | 0x80

// trace has system calls and execs told apart from signals.
func (t *tracee) trace() error {
	if err := syscall.PtraceSetOptions(t.pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACEEXEC); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return nil
}

// atBegin takes note of where the process is.
func (t *tracee) atBegin() (err error) {
	if err := t.trace(); err != nil {
		return err
	}
	if t.begin, err = readRegisters(t.pid); err != nil {
		return fmt.Errorf("read registers: %w", err)
	}
	t.text = make([]byte, len(systemCall))
	if _, err := syscall.PtracePeekText(t.pid, uintptr(t.begin.pc()), t.text); err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	return nil
}

// call makes the process make a system call, and returns what that does. The process stands behind it then, or where another program begins.
func (t *tracee) call(number int, args ...uint64) (int64, error) {
	regs, err := t.begin.calling(number, args...)
	if err != nil {
		return 0, err
	}
	if _, err := syscall.PtracePokeText(t.pid, uintptr(t.begin.pc()), systemCall); err != nil {
		return 0, fmt.Errorf("write the program: %w", err)
	}
	if err := regs.write(t.pid); err != nil {
		return 0, fmt.Errorf("write registers: %w", err)
	}
	for range 2 { // to its begin and to its end
		if err := t.toSyscall(); err != nil {
			return 0, err
		}
	}
	if regs, err = readRegisters(t.pid); err != nil {
		return 0, fmt.Errorf("read registers: %w", err)
	}
	return regs.result(), nil
}

// restore puts the process back to where it begins.
func (t *tracee) restore() error {
	if _, err := syscall.PtracePokeText(t.pid, uintptr(t.begin.pc()), t.text); err != nil {
		return fmt.Errorf("write the program: %w", err)
	}
	if err := t.begin.write(t.pid); err != nil {
		return fmt.Errorf("write registers: %w", err)
	}
	return nil
}

// toSyscall lets the process run until it begins or ends a system call. No signal has a handler in a program that has not run.
func (t *tracee) toSyscall() error {
	var sig syscall.Signal
	for {
		status, err := t.next(sig)
		switch {
		case err != nil:
			return err
		case status.StopSignal() == syscallStop:
			return nil
		case status.TrapCause() == unix.PTRACE_EVENT_EXEC:
			if t.execed != nil {
				t.execed()
			}
			sig = 0
		default:
			sig = t.hold(status.StopSignal())
		}
	}
}

// hold returns the signal for a process to get now, 0 if it is to get it later.
func (t *tracee) hold(sig syscall.Signal) syscall.Signal {
	switch sig {
	case syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
		t.held = sig
		return 0
	case syscall.SIGCONT:
		t.held = 0
		return sig
	default:
		return sig
	}
}

// next lets the process run with a signal that it got, or 0, until it stops again.
func (t *tracee) next(sig syscall.Signal) (status syscall.WaitStatus, err error) {
	if err := syscall.PtraceSyscall(t.pid, int(sig)); err != nil {
		return status, fmt.Errorf("let it run: %w", err)
	}
	return status, wait(t.pid, &status)
}

// wait waits until a process has stopped.
func wait(pid int, status *syscall.WaitStatus) error {
	for {
		_, err := syscall.Wait4(pid, status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("wait: %w", err)
		case !status.Stopped():
			return errEnded
		default:
			return nil
		}
	}
}

// release lets the process go on with a signal that it got, or 0.
func (t *tracee) release(sig syscall.Signal) error {
	if sig == 0 {
		sig = t.held
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, syscall.PTRACE_DETACH, uintptr(t.pid), 0, uintptr(sig), 0, 0)
	if errno != 0 && errno != syscall.ESRCH {
		return errno
	}
	return nil
}
