package vm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/matrix"
	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// randomPrograms is the number of random programs that every kernel runs: emulated, ten take about a second. GTRACE_VM_PROGRAMS
// is another number.
func randomPrograms() string {
	if n := os.Getenv("GTRACE_VM_PROGRAMS"); n != "" {
		return n
	}
	return "40"
}

// addTests puts other packages' tests that load programs into the guest, with the scripts of codegen/testdata and examples, and object
// files to import.
func addTests(t *testing.T, p *vm.Programs) {
	p.Files = map[string]string{}
	for name, pkg := range map[string]string{"property": "./tests/property", "codegen": "./codegen", "matrix": "./tests/matrix", "peer": "./tests/peer"} {
		out := filepath.Join(filepath.Dir(p.Guest), name)
		build := exec.Command("go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
		build.Dir = "../.."
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		msg, err := build.CombinedOutput()
		require.NoError(t, err, "build the tests of %s: %s", pkg, msg)
		p.Files["bin/"+name] = out
	}
	if t.Run("gcc", func(t *testing.T) { testenv.Program(t, "gcc") }); haveGCC() {
		p.Files["bin/nofp"] = testenv.NoFramePointers(t, "-static")
	}
	addConformance(t, p)
	subject := filepath.Join(filepath.Dir(p.Guest), "subject")
	require.NoError(t, matrix.BuildSubject(testenv.Program(t, "gcc"), "../matrix/testdata/subject.c", subject))
	p.Files["bin/subject"] = subject
	for pattern, dir := range map[string]string{
		"../../codegen/testdata/*.gt": "testdata", "../matrix/testdata/*.txt": "testdata", "../../examples/*.gt": "examples",
		"../../codegen/link/testdata/*.o": "objects",
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			p.Files[dir+"/"+filepath.Base(f)] = f
		}
	}
}

// haveGCC reports whether there is a compiler for the guest's programs in C.
func haveGCC() bool {
	_, err := exec.LookPath("gcc")
	return err == nil
}

// programCases give the verifier all that compiles: random programs, which must also compute what they should, the golden scripts
// and the examples.
func programCases() []vm.Case {
	const passed = `(.*\n)?PASS`
	tests := func(name string, argv ...string) vm.Case {
		return vm.Case{Case: wire.Case{Name: name, Run: argv, Seconds: 1200}, Stdout: vm.Match(passed)}
	}
	random := []string{"property", "-test.run=TestPrograms", "-programs=" + randomPrograms()}
	if n := os.Getenv("GTRACE_SEED"); n != "" {
		random = append(random, "-seed="+n)
	}
	cases := []vm.Case{
		tests("random programs", random...),
		tests("golden scripts", "sh", "-c", "ulimit -l unlimited; exec codegen -test.run=TestVerifierAccepts/.*_5.10"),
		{
			Case: wire.Case{Name: "examples", Seconds: 300, Run: []string{"sh", "-c", strings.TrimSpace(`
				rm /examples/readline.gt # wants a bash
				for f in /examples/*.gt; do gtrace --dry-run $f >/tmp/out 2>&1 || { echo $f; cat /tmp/out; }; done; echo over`)}},
			Stdout: vm.Exact("over"),
		},
	}
	const forms = "ulimit -l unlimited; GOGC=400 GTRACE_BINARY=/bin/gtrace GTRACE_SUBJECT=/bin/subject exec matrix "
	cases = append(cases, tests("every builtin", "sh", "-c", forms+"-everywhere -test.run='^TestTogether$'"))
	if os.Getenv("GTRACE_VM_FORMS") == "1" { // minutes of a CPU for each kernel
		cases = append(cases, tests("values of every builtin", "sh", "-c", forms+"-everywhere -test.run='^TestFired$'"))
		for _, p := range matrix.Points {
			cases = append(cases, tests("every builtin in "+p.Type+" probes", "sh", "-c", forms+"-briefly -everywhere -test.run='^TestForms$/^"+p.Type+"$'"))
		}
	}
	return cases
}
