package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Bpftrace returns the command of a bpftrace 0.27 to compare with: BPFTRACE, or the installed one. It skips the test where there is none.
func Bpftrace(t testing.TB) []string {
	t.Helper()
	cmd := strings.Fields(os.Getenv("BPFTRACE"))
	if len(cmd) == 0 {
		cmd = []string{"bpftrace"}
	}
	out, err := exec.Command(cmd[0], append(cmd[1:len(cmd):len(cmd)], "--version")...).Output()
	if err != nil {
		Skip(t, Peer, fmt.Sprintf("needs bpftrace 0.27 (installed, or named by BPFTRACE): %v", err))
	}
	var major, minor int
	if _, err = fmt.Sscanf(string(out), "bpftrace v%d.%d", &major, &minor); err != nil {
		t.Fatalf("%s --version: %q: %v", cmd[0], out, err)
	}
	if major == 0 && minor < 27 {
		Skip(t, Peer, fmt.Sprintf("needs bpftrace 0.27; this is %s", strings.TrimSpace(string(out))))
	}
	return cmd
}
