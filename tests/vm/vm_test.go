package vm_test

import (
	"io/fs"
	"maps"
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
)

// TestVM boots every kernel of the matrix once and runs all cases in it. GTRACE_VM names a suite to boot only that one,
// GTRACE_VM_CASES is a regular expression for the names of the cases to run, GTRACE_VM_KEEP a folder in which each guest's console and
// results are written as they come, and stay. With GTRACE_VM_CONFORMANCE=1 the whole conformance table is run, not each kernel's part
// of it. With GTRACE_VM_PEER, a Debian root folder with bpftrace, the cases are run with that, to see whether they expect the right thing.
func TestVM(t *testing.T) {
	testenv.Asked(t, testenv.VM)
	t.Parallel()
	programs := findPrograms(t)
	kernels := findKernels(t)
	opts := vm.BootOptions{Memory: "1G", Timeout: time.Hour} // three minutes on an idle machine, ten more with the whole conformance table
	cases := slices.Concat(selftestCases(), gtraceCases())
	byKernel := conformanceCases
	if peer := os.Getenv("GTRACE_VM_PEER"); peer != "" {
		byKernel = func(*testing.T, string) []vm.Case { return nil }
		require.NoError(t, programs.UsePeer(peer))
		opts = vm.BootOptions{Memory: vm.PeerMemory, Timeout: 30 * time.Minute}
	} else {
		programs.Gtrace = testenv.Gtrace(t)
		addTests(t, &programs)
		cases = slices.Concat(cases, programCases())
		if haveGCC() {
			cases = slices.Concat(cases, unwindCases())
		}
	}
	for _, k := range kernels {
		t.Run(k.Suite, func(t *testing.T) {
			t.Parallel() // a guest keeps about one CPU busy, and go test runs as many tests at once as there are CPUs
			bootAndCheck(t, k, programs, asked(t, slices.Concat(cases, byKernel(t, k.Suite))), opts)
		})
	}
}

// asked returns the cases that GTRACE_VM_CASES names, or all.
func asked(t *testing.T, cases []vm.Case) []vm.Case {
	only := os.Getenv("GTRACE_VM_CASES")
	if only == "" {
		return cases
	}
	names := regexp.MustCompile(only)
	cases = slices.DeleteFunc(cases, func(c vm.Case) bool { return !names.MatchString(c.Name) })
	require.NotEmpty(t, cases, "no case has a name that matches %s", only)
	return cases
}

func bootAndCheck(t *testing.T, k vm.Kernel, programs vm.Programs, cases []vm.Case, opts vm.BootOptions) {
	run, older := vm.For(k, cases)
	t.Logf("kernel %s: %d cases; not for a kernel this old: %q", k.Release, len(run), older)
	opts.Dir = t.TempDir()
	if dir := os.Getenv("GTRACE_VM_KEEP"); dir != "" {
		opts.Dir = filepath.Join(dir, k.Suite)
		require.NoError(t, os.MkdirAll(opts.Dir, 0o755))
	}
	root := filepath.Join(opts.Dir, "root.cpio")
	programs.Files = withModules(t, programs.Files, k)
	require.NoError(t, vm.WriteRoot(root, programs, vm.Wire(run)))
	report, err := vm.Boot(t.Context(), k, root, opts)
	if err != nil {
		t.Error(err)
	} else {
		require.Equal(t, k.Release, report.Release, "the kernel that was asked for")
	}
	for _, c := range run {
		t.Run(c.Name, func(t *testing.T) {
			result, ok := report.Results[c.Name]
			require.True(t, ok, "no result: the guest did not get that far")
			t.Logf("attached after %d ms, over after %d ms", result.AttachMillis, result.TotalMillis)
			require.NoError(t, c.Check(result))
		})
	}
}

// withModules adds modules to the files of a guest that need no others: sunrpc has tracepoints that are easy to reach, msr a function
// of a name that the kernel has, too.
func withModules(t *testing.T, files map[string]string, k vm.Kernel) map[string]string {
	out := maps.Clone(files)
	if out == nil {
		out = map[string]string{}
	}
	require.NoError(t, filepath.WalkDir(k.Modules, func(path string, d fs.DirEntry, err error) error {
		name, _, _ := strings.Cut(filepath.Base(path), ".xz")
		if err == nil && !d.IsDir() && (name == "sunrpc.ko" || name == "msr.ko") {
			out[filepath.Base(path)] = path
		}
		return err
	}))
	return out
}

func findKernels(t *testing.T) []vm.Kernel {
	cmd := exec.Command("../../scripts/kernels", suites()...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		testenv.Skip(t, testenv.VM, "scripts/kernels: "+err.Error())
	}
	kernels, err := vm.ParseKernels(string(out))
	require.NoError(t, err)
	require.NotEmpty(t, kernels)
	return kernels
}

func suites() []string {
	if one := os.Getenv("GTRACE_VM"); one != "" {
		return []string{one}
	}
	return nil
}

func findPrograms(t *testing.T) vm.Programs {
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		testenv.Skip(t, testenv.VM, err.Error()+" (package qemu-system-x86)")
	}
	busybox, err := vm.FindBusybox()
	if err != nil {
		testenv.Skip(t, testenv.VM, err.Error()+" (package busybox-static)")
	}
	p := vm.Programs{Busybox: busybox, Guest: filepath.Join(t.TempDir(), "guest")}
	build := exec.Command("go", "build", "-trimpath", "-o", p.Guest, "./guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "build guest: %s", out)
	return p
}
