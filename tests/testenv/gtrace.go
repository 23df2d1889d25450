package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// built holds the binary that Gtrace made for this process.
var built struct {
	once sync.Once
	path string
	err  error
	// end is open as long as the process lives.
	end *os.File
}

// Gtrace returns the path of the gtrace binary: GTRACE_BINARY if that is set, else one that is built once per test process
// and removed when that ends.
func Gtrace(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("GTRACE_BINARY"); path != "" {
		return path
	}
	built.once.Do(func() { built.path, built.err = buildGtrace() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func buildGtrace() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "gtrace-test-")
	if err != nil {
		return "", err
	}
	if err := removeAtEnd(dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	path := filepath.Join(dir, "gtrace")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/gtrace")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cmd/gtrace: %w\n%s", err, out)
	}
	return path, nil
}

// removeAtEnd removes a folder when this process ends, however it does: a shell waits until nobody has the other end of its input.
func removeAtEnd(dir string) error {
	in, end, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	cmd := exec.Command("/bin/sh", "-c", `read nothing; rm -rf "$1"`, "sh", dir)
	cmd.Stdin, cmd.SysProcAttr = in, &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the shell that removes %s: %w", dir, err), end.Close())
	}
	built.end = end
	return nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
