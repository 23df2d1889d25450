package vm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// hooksKernel finds the scripts that hook functions of the kernel; the others run on the host, in the peer tier.
var hooksKernel = regexp.MustCompile(`(?m)^(kprobe|kretprobe|fentry|fexit|kfunc|kretfunc):`)

// refused says which of Debian's scripts these kernels cannot run, and with what message: bpftrace 0.27 does not run them either.
var refused = map[string]string{
	"bookworm/biolatency.bt": "No matches for kprobe __blk_account_io_start.", // inlined since
	"bookworm/biosnoop.bt":   "No matches for kprobe __blk_account_io_start.",
	"bookworm/biostacks.bt":  "No matches for kprobe __blk_account_io_start.",
	"bookworm/mdflush.bt":    "No matches for kprobe md_flush_request.", // of a module that is not loaded
	"sid/mdflush.bt":         "No matches for kprobe md_flush_request.",
	"bookworm/swapin.bt":     "No matches for kprobe swap_readpage.",      // renamed since
	"bookworm/tcpconnect.bt": "Undefined or undeclared variable: $saddr",  // blocks did not have variables of their own
	"bookworm/xfsdist.bt":    "No matches for kprobe xfs_file_read_iter.", // of a module that is not loaded
}

// runs says on which kernels, by suite, one of those can be run after all.
var runs = map[string][]string{
	"bookworm/swapin.bt": {"bookworm"}, // whose swap_readpage is still called so
}

// TestDebianScripts checks, compiles, loads and attaches the scripts of Debian's bpftrace packages on kernels with kprobes.
func TestDebianScripts(t *testing.T) {
	testenv.Asked(t, testenv.VM)
	t.Parallel()
	programs := findPrograms(t)
	programs.Gtrace = testenv.Gtrace(t)
	for _, k := range findKernels(t) {
		if k.Suite == "bullseye" {
			continue // the oldest lacks what many of the scripts hook
		}
		t.Run(k.Suite, func(t *testing.T) {
			t.Parallel()
			bootAndCheck(t, k, programs, debianCases(t, k.Suite), vm.BootOptions{Timeout: 30 * time.Minute})
		})
	}
}

func debianCases(t *testing.T, suite string) []vm.Case {
	t.Helper()
	cmd := exec.Command("../../scripts/debian-scripts")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		testenv.Skip(t, testenv.VM, "scripts/debian-scripts: "+err.Error())
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*", "*.bt"))
	require.NoError(t, err)
	var cases []vm.Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if !hooksKernel.Match(text) {
			continue
		}
		name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
		at := "/tmp/" + strings.ReplaceAll(name, "/", "-")
		c := vm.Case{Case: wire.Case{Name: name, Files: map[string]string{at: string(text)}, Run: []string{"gtrace", "--dry-run", at}, Seconds: 300}}
		if piece := refused[name]; piece != "" && !slices.Contains(runs[name], suite) {
			c.Exit, c.Stderr = 1, vm.Has{piece}
		}
		cases = append(cases, c)
	}
	for name := range refused {
		require.True(t, slices.ContainsFunc(cases, func(c vm.Case) bool { return c.Name == name }), "no script %s", name)
	}
	return cases
}
