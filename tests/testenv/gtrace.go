package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// built holds the binary that Gtrace made for this process.
var built struct {
	once sync.Once
	path string
	err  error
}

// Gtrace returns the path of the gtrace binary: GTRACE_BINARY if that is set, else one that is built once per test process
// and kept until the machine cleans its temporary files.
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
	path := filepath.Join(os.TempDir(), fmt.Sprintf("gtrace-test-%d", os.Getuid()), fmt.Sprintf("gtrace-%d", os.Getpid()))
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/gtrace")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cmd/gtrace: %w\n%s", err, out)
	}
	return path, nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
