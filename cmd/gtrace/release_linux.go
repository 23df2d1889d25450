package main

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// releaseOption, alone on the command line, makes gtrace wait for the end of its standard input and end then, which frees the descriptors
// that it was started with.
const releaseOption = "--release-events"

// manyEvents is the number of events from which freeing them takes longer than to start a process for it.
const manyEvents = 8

// release hands events that are only to be freed to a process that does nothing else, so that nobody has to wait for it. That process
// ends after this one, whose copies of the descriptors are then not the last. If it cannot be started, the events are freed here.
func release(events []*os.File) {
	if len(events) < manyEvents {
		return
	}
	var p [2]int // closed when this process ends, and not before
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return
	}
	end := os.NewFile(uintptr(p[0]), "end of gtrace")
	defer end.Close()
	cmd := exec.Command("/proc/self/exe", releaseOption)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.ExtraFiles = "/", []string{}, end, events
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		_ = unix.Close(p[1])
		return
	}
	_ = cmd.Process.Release() // it ends by itself
}

// hold is what the process does that release starts.
func hold() { _, _ = io.Copy(io.Discard, os.Stdin) }
