package examples_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/stdlib"
	"github.com/gtrace/gtrace/tests/testenv"
)

// needs says what a script wants of the machine that testdata/machine cannot give.
var needs = map[string]string{
	"readline.gt": "/bin/bash",
}

func scripts(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.gt")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

// machine returns a recorded machine with a kernel of a release.
func machine(t *testing.T, release string) *host.Host {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/machine")))
	version := filepath.Join(root, "proc/sys/kernel/osrelease")
	require.NoError(t, os.MkdirAll(filepath.Dir(version), 0o755))
	require.NoError(t, os.WriteFile(version, []byte(release+"\n"), 0o644))
	return host.NewAt(root)
}

// compile compiles a script as cmd/gtrace does. Errors are not accepted; warnings are, where bpftrace gives them too.
func compile(t *testing.T, name string, h *host.Host) *object.Object {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	diags := &diag.List{}
	tree := parser.Parse(diag.NewFile(name, string(text)), diags)
	require.False(t, diags.HasErrors(), printed(diags))
	info, err := check.Check(tree, check.Options{Builtins: stdlib.New(), Providers: probe.New(h), Host: h}, diags)
	require.NoError(t, err)
	require.False(t, diags.HasErrors(), printed(diags))
	obj, err := codegen.Compile(info, h, codegen.Options{})
	require.NoError(t, err)
	return obj
}

// listing returns the instructions and the manifest of an object.
func listing(t *testing.T, obj *object.Object) string {
	t.Helper()
	manifest, err := json.MarshalIndent(obj.Manifest, "", "\t")
	require.NoError(t, err)
	out := string(manifest)
	for _, name := range slices.Sorted(maps.Keys(obj.Spec.Programs)) {
		out += fmt.Sprintf("\n%s:\n%v", name, obj.Spec.Programs[name].Instructions)
	}
	return out
}

func printed(diags *diag.List) string {
	var out strings.Builder
	diags.Print(&out, diag.PrintOptions{})
	return out.String()
}

func TestExamplesCompileForRecordedKernels(t *testing.T) {
	for _, release := range []string{"5.10.0", "6.18.0"} {
		for _, name := range scripts(t) {
			if needs[name] != "" {
				continue // it runs on the machine itself
			}
			t.Run(release+"/"+name, func(t *testing.T) {
				obj := compile(t, name, machine(t, release))
				require.NotEmpty(t, obj.Spec.Programs)
				require.Equal(t, listing(t, obj), listing(t, compile(t, name, machine(t, release))), "the same script gives the same object")
			})
		}
	}
}

// Every script begins with how to run it and what it is for.
func TestExamplesSayWhatTheyAre(t *testing.T) {
	for _, name := range scripts(t) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		lines := strings.Split(string(text), "\n")
		require.Equal(t, "#!/usr/bin/env gtrace", lines[0], name)
		require.True(t, strings.HasPrefix(lines[1], "// "), name)
	}
}

func TestExamplesRun(t *testing.T) {
	testenv.Privileged(t)
	testenv.Tracefs(t)
	for _, name := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			if strings.Contains(string(text), "\nkprobe:") && !testenv.HasKprobes() {
				out, err := exec.Command(testenv.Gtrace(t), name).CombinedOutput()
				require.Error(t, err)
				require.Contains(t, string(out), noKprobes)
				return
			}
			if file := needs[name]; file != "" {
				testenv.File(t, file)
			}
			stdout, stderr := moment(t, name)
			require.NotContains(t, stderr, "ERROR")
			if name == "opens.gt" {
				require.Regexp(t, fmt.Sprintf(`(?m)^%d +\S.* +\d+ /proc/self/status$`, os.Getpid()), stdout)
			}
		})
	}
}

// noKprobes is what gtrace says on a kernel without kprobes.
const noKprobes = "needs a kernel with kprobes (CONFIG_KPROBE_EVENTS), which this one does not have"

// moment runs a script for a moment, in which files are opened, and interrupts it.
func moment(t *testing.T, name string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(testenv.Gtrace(t), name)
	cmd.Env = append(os.Environ(), "GTRACE_COLOR=never")
	cmd.Stdout = &out
	pipe, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	attached := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 4096)
		for {
			n, err := pipe.Read(buf)
			had := strings.Contains(errs.String(), "Attached")
			errs.Write(buf[:n])
			if !had && strings.Contains(errs.String(), "Attached") {
				close(attached)
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case <-attached:
		_, _ = os.ReadFile("/proc/self/status")
		time.Sleep(50 * time.Millisecond)
	case <-ended:
	case <-time.After(time.Minute):
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	<-ended
	require.NoError(t, cmd.Wait(), errs.String())
	return out.String(), errs.String()
}
