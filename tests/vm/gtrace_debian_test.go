package vm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// debianCases are the scripts of Debian's bpftrace packages: each is checked, compiled, loaded and attached, and what it cannot do on a
// kernel it says.
func debianCases(t *testing.T) []vm.Case {
	t.Helper()
	cmd := exec.Command("../../scripts/debian-scripts")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		testenv.Skip(t, testenv.VM, "scripts/debian-scripts: "+err.Error())
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*", "*.bt"))
	require.NoError(t, err)
	require.Greater(t, len(files), 70)
	var cases []vm.Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
		at := "/tmp/" + strings.ReplaceAll(name, "/", "-")
		cases = append(cases, vm.Case{
			Case: wire.Case{Name: "debian " + name, Files: map[string]string{at: string(text)}, Run: []string{"gtrace", "--dry-run", at}},
		})
	}
	return cases
}
