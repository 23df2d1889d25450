package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// step is an input of the tutorial and what it prints.
type step struct {
	input string
	want  []string
}

// tutorial reads the program and the steps of the tutorial.
func tutorial(t *testing.T) (program string, steps []step) {
	t.Helper()
	kind := ""
	for line := range strings.Lines(mustRead(t, "../../docs/tutorial.md")) {
		line = strings.TrimRight(line, "\n")
		if fence, ok := strings.CutPrefix(line, "```"); ok {
			kind = fence
			continue
		}
		switch input, isInput := strings.CutPrefix(line, "gtrace> "); {
		case kind == "sh":
			program += line + "\n"
		case kind == "gtrace" && isInput:
			steps = append(steps, step{input: input})
		case kind == "gtrace":
			last := &steps[len(steps)-1]
			last.want = append(last.want, line)
		}
	}
	return program, steps
}

var (
	numbers = regexp.MustCompile(`[0-9]+(\\\.[0-9]+)?`)
	blanks  = regexp.MustCompile(` +`)
)

// pattern matches the lines of a step: numbers may differ, and with them the blanks before them; rows of histograms are samples.
func (s step) pattern() string {
	var b strings.Builder
	b.WriteString("(?s)^")
	for i, line := range s.want {
		if i == 0 {
			line = strings.TrimSpace(line)
		}
		switch {
		case strings.TrimSpace(line) == "…":
			b.WriteString(".*")
		case strings.Contains(line, "|@"):
			b.WriteString(".*@\\|.*")
		case strings.TrimSpace(line) == "":
		default:
			line = numbers.ReplaceAllString(regexp.QuoteMeta(line), `-?[0-9]+(\.[0-9]+)?`)
			b.WriteString(blanks.ReplaceAllString(line, " +") + "\\n")
		}
	}
	return b.String() + "$"
}

// Every step of the tutorial does what it says.
func TestTutorial(t *testing.T) {
	testenv.Privileged(t)
	program, steps := tutorial(t)
	require.NotEmpty(t, program)
	require.Greater(t, len(steps), 20)
	dir := t.TempDir()
	path := filepath.Join(dir, "slowapp")
	require.NoError(t, os.WriteFile(path, []byte(program), 0o755))
	app := exec.Command(path)
	app.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, app.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-app.Process.Pid, syscall.SIGKILL)
		_ = app.Wait()
	})
	testenv.Gtrace(t) // is built from the folder of the test
	t.Chdir(dir)
	c := talkWide(t, 200, dir)
	for _, s := range steps {
		if s.input == ":quit" {
			c.keys(s.input + "\r")
			break
		}
		got := c.enter(s.input)
		if got != "" {
			got += "\n"
		}
		require.Regexp(t, s.pattern(), got, s.input)
	}
	require.Zero(t, c.leaves())
	require.Contains(t, c.display.String(), "\n@by_name[openat]: ")

	saved := mustRead(t, filepath.Join(dir, "slowapp.gt"))
	require.Contains(t, saved, "@started[pcomm, comm] = count();")
	r := start(t, filepath.Join(dir, "slowapp.gt")).interrupt()
	require.Zero(t, r.code, r.stderr)
}
