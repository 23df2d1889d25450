package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
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
	holdTypes(t)
	return cmd
}

// holdTypes keeps types in the kernel while a test runs: bpftrace 0.27 finds raw tracepoints only where the kernel has types of some
// module or program, besides its own.
func holdTypes(t testing.TB) {
	t.Helper()
	b, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "held", Size: 4}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := btf.NewHandle(b)
	if err != nil {
		t.Fatalf("hold types in the kernel: %v", err)
	}
	t.Cleanup(func() { h.Close() })
}
