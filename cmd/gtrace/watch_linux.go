package main

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"
)

// watchProcess returns a channel that is closed when a process has ended. It fails if there is no such process.
func watchProcess(ctx context.Context, pid int) (<-chan struct{}, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		if err == unix.ESRCH {
			return nil, fmt.Errorf("-p %d: there is no such process", pid)
		}
		return nil, fmt.Errorf("-p %d: %w", pid, err)
	}
	done := make(chan struct{})
	go func() {
		defer unix.Close(fd)
		for ctx.Err() == nil {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 500)
			if n > 0 || err != nil && err != unix.EINTR {
				close(done)
				return
			}
		}
	}()
	return done, nil
}
