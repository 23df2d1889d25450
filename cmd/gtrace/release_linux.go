package main

import (
	"os"
	"os/exec"
	"syscall"
)

// releaseOption, alone on the command line, makes gtrace end at once, which frees the descriptors that it was started with.
const releaseOption = "--release-events"

// manyEvents is the number of events from which freeing them takes longer than to start a process for it.
const manyEvents = 8

// release hands events that are only to be freed to a process that does nothing else, so that nobody has to wait for it. If that
// process cannot be started, they are freed here.
func release(events []*os.File) {
	if len(events) < manyEvents {
		return
	}
	cmd := exec.Command("/proc/self/exe", releaseOption)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = "/", []string{}, events
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err == nil {
		_ = cmd.Process.Release() // it ends by itself
	}
}
