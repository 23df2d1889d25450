package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	args := os.Args[1:]
	wait := len(args) > 0 && args[0] == "-wait"
	if wait {
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1))
		args = args[1:]
	}
	if err := work(args); err != nil {
		fmt.Fprintln(os.Stderr, "target:", err)
		os.Exit(1)
	}
	if wait {
		fmt.Println("done")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

func work(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "getppid":
		return getppid(args[1])
	case len(args) == 3 && args[0] == "call":
		return call(args[1], args[2])
	case len(args) == 2 && args[0] == "text":
		text := append([]byte(args[1]), 0)
		callText(&text[0])
		return nil
	case len(args) == 1 && args[0] == "sleep":
		time.Sleep(time.Minute)
		return nil
	}
	return fmt.Errorf("unknown work %q", args)
}

func getppid(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	for range n {
		_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
	return nil
}

func call(count, second string) error {
	n, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return err
	}
	b, err := strconv.ParseUint(second, 10, 64)
	if err != nil {
		return err
	}
	for i := range n {
		if sum := callTarget(i, b); sum != i+b {
			return fmt.Errorf("gtrace_target(%d, %d) returned %d", i, b, sum)
		}
	}
	return nil
}
