package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// Program returns the path of a program that the test runs, such as gcc, and skips the test where it is not installed.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(t, Host, "needs the program "+name)
	}
	return path
}

// File skips the test on a machine that has no file of a name.
func File(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Skip(t, Host, "needs the file "+path)
	}
}

// CPUs skips the test on a machine with fewer CPUs than n, and returns how many there are.
func CPUs(t testing.TB, n int) int {
	t.Helper()
	have := runtime.NumCPU()
	if have < n {
		Skip(t, Host, fmt.Sprintf("needs %d CPUs, here is %d", n, have))
	}
	return have
}
