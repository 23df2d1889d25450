// Command work does a known number of things, so that a tracer has something to count: "work NAME N" calls NAME N times.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread()
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "work:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want NAME N, have %q", args)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("read N: %w", err)
	}
	for i := range n {
		if err := step(args[0], i); err != nil {
			return err
		}
	}
	return nil
}

// step makes one call, whose arguments follow from its number.
func step(name string, i int) error {
	switch name {
	case "exit":
		os.Exit(i)
	case "getppid":
		unix.Getppid()
	case "close": // fails, and shows its argument
		_ = unix.Close(1000 + i)
	case "open":
		_, _ = unix.Open("/nonexistent/"+strconv.Itoa(i), unix.O_RDONLY, 0)
	case "call":
		_ = Called(i, 10*i)
	default:
		return fmt.Errorf("unknown work %q", name)
	}
	return nil
}

// Called is there to be traced; its arguments are in registers as Go passes them.
//
//go:noinline
func Called(a, b int) int { return a + b }
