package matrix_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/matrix"
	"github.com/gtrace/gtrace/tests/testenv"
)

// Every form whose value has nothing to do with the probe shows the same in all probe types that fire, and every other form shows something.
func TestFired(t *testing.T) {
	testenv.Privileged(t)
	testenv.Tracefs(t)
	all, err := matrix.Read("testdata/forms.txt")
	require.NoError(t, err)
	kernel, gtrace := thisKernel(t), newGtrace(t)
	var want map[int]string
	for i, p := range matrix.Points {
		t.Run(p.Type, func(t *testing.T) {
			if !*everywhere && gtrace.lacks(t, p) {
				return
			}
			forms := slices.DeleteFunc(slices.Clone(p.For(all)), func(f matrix.Form) bool {
				return !f.CanFire() || f.Want(p.Type, kernel).Refused != ""
			})
			require.Greater(t, len(forms), 150)
			got := gtrace.fire(t, p, forms)
			if i == 0 {
				want = got
			}
			for _, f := range forms {
				text, shown := got[f.Line]
				switch {
				case !shown:
					assert.Fail(t, "not fired", "%s in %s probes", f.Text, p.Type)
				case f.Same():
					if reference, ok := want[f.Line]; ok {
						assert.Equal(t, reference, text, "%s in %s probes", f.Text, p.Type)
					}
				case strings.HasPrefix(f.Body(), "print(") && !strings.Contains(f.Text, "stack"): // a CPU may not be in the kernel
					assert.NotEmpty(t, text, "%s in %s probes", f.Text, p.Type)
				}
			}
		})
	}
}

// fire lets forms in a probe type fire, and returns what each has shown.
func (tr tracer) fire(t *testing.T, p matrix.Point, forms []matrix.Form) map[int]string {
	t.Helper()
	shot, ok := matrix.Shots[p.Type]
	require.True(t, ok, "nothing says how %s probes fire", p.Type)
	script := filepath.Join(t.TempDir(), "fired.gt")
	require.NoError(t, os.WriteFile(script, []byte(matrix.FiredScript(shot, forms, tr.replace)), 0o644))
	args := []string{"--unsafe", "--no-warnings"}
	if shot.Subject {
		args = append(args, "-c", tr.replace.Replace("SUBJECT"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tr.argv[0], append(args, script)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "%s", stderr.String())
	return matrix.Fired(stdout.String())
}
