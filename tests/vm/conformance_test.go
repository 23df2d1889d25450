package vm_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

const (
	// tracedWorker is the program that the conformance table's cases trace. No other process of the guest has its name.
	tracedWorker = "w7001"
	tables       = "../peer/testdata/*.txt"
)

// addConformance puts the conformance table and what it takes into the guest.
func addConformance(t *testing.T, p *vm.Programs) {
	t.Helper()
	worker := filepath.Join(filepath.Dir(p.Guest), tracedWorker)
	build := exec.Command("go", "build", "-trimpath", "-o", worker, "../peer/work")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	msg, err := build.CombinedOutput()
	require.NoError(t, err, "build the program that the conformance table traces: %s", msg)
	p.Files["bin/"+tracedWorker] = worker
	p.Files["docs/conformance.md"] = "../../docs/conformance.md"
	files, err := filepath.Glob(tables)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		p.Files["tests/peer/testdata/"+filepath.Base(f)] = f
	}
}

// conformanceCases run the conformance table on a kernel: with GTRACE_VM_CONFORMANCE=1 all of it, else the kernel's part. The
// result of the last of them says how many of the table's cases ran, and why others did not.
func conformanceCases(t *testing.T, suite string) []vm.Case {
	t.Helper()
	table := func(name, arg string) vm.Case {
		run := "cd /tests/peer; ulimit -l unlimited; GTRACE_BINARY=/bin/gtrace GTRACE_WORKER=/bin/" + tracedWorker + " exec peer " + arg
		return vm.Case{
			Case:   wire.Case{Name: name, Run: []string{"sh", "-c", run}, Seconds: 1200},
			Stdout: vm.Match(`(.*\n)?PASS`),
			Also: func(r wire.Result) error {
				t.Log(strings.TrimSuffix(r.Stdout, "PASS\n"))
				return nil
			},
		}
	}
	if os.Getenv("GTRACE_VM_CONFORMANCE") != "1" {
		all := []string{"bullseye", "bookworm", "trixie", "sid"}
		return []vm.Case{table("conformance", fmt.Sprintf("-part=%d/%d -test.run='^TestConformance$'", max(0, slices.Index(all, suite)), len(all)))}
	}
	files, err := filepath.Glob(tables)
	require.NoError(t, err)
	var cases []vm.Case
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txt")
		cases = append(cases, table("conformance "+name, "-test.run='^TestConformance$/^"+name+"$'"))
	}
	return cases
}
