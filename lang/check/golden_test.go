package check_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file is a list of cases: a script on a line of its own, "¶" in it standing for a line end, and what the check
// says in indented lines under it. Comments begin with "# ". "params: a b" and "env: x=y" set options from there on;
// without anything behind the colon they are reset.
type golden struct {
	lines []string
	cases int
}

func (g *golden) add(line string) { g.lines = append(g.lines, line) }

// runGolden runs a golden file; show returns what is expected of a case.
func runGolden(t *testing.T, file string, show func(*check.Info, *diag.List) string) int {
	path := filepath.Join("testdata", file)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var opts []func(*check.Options)
	g := golden{}
	for _, line := range want {
		switch {
		case strings.HasPrefix(line, "  "):
		case strings.HasPrefix(line, "# ") || line == "":
			g.add(line)
		case strings.HasPrefix(line, "params:"), strings.HasPrefix(line, "env:"):
			g.add(line)
			opts = setOption(opts, line)
		default:
			g.add(line)
			g.cases++
			info, diags := run(t, strings.ReplaceAll(line, "¶", "\n"), opts...)
			for _, l := range strings.Split(strings.TrimSuffix(show(info, diags), "\n"), "\n") {
				g.add("  " + l)
			}
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(g.lines, "\n")+"\n"), 0o644))
		return g.cases
	}
	require.Equal(t, strings.Join(want, "\n"), strings.Join(g.lines, "\n"))
	return g.cases
}

func setOption(opts []func(*check.Options), line string) []func(*check.Options) {
	name, rest, _ := strings.Cut(line, ":")
	words := strings.Fields(rest)
	return append(opts, func(o *check.Options) {
		if name == "params" {
			o.Params = words
			return
		}
		o.Env = map[string]string{}
		for _, w := range words {
			k, v, _ := strings.Cut(w, "=")
			o.Env[k] = v
		}
	})
}

// said returns the diagnostics, a line each.
func said(diags *diag.List) string {
	var b strings.Builder
	for _, d := range diags.All() {
		p, end := d.Span.Pos(), 0
		if d.Span.IsValid() {
			end = d.Span.File.Pos(d.Span.End).Col
		}
		fmt.Fprintf(&b, "%d:%d-%d %s %s: %s", p.Line, p.Col, end, strings.ToLower(d.Severity.String()), d.Code, d.Message)
		if d.Hint != "" {
			fmt.Fprintf(&b, " (%s)", d.Hint)
		}
		b.WriteString("\n")
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "  %d:%d-%d %s\n", n.Span.Pos().Line, n.Span.Pos().Col, n.Span.File.Pos(n.Span.End).Col, n.Message)
		}
	}
	return b.String()
}

func TestWrong(t *testing.T) {
	n := runGolden(t, "wrong.txt", func(_ *check.Info, diags *diag.List) string {
		if !diags.HasErrors() {
			t.Error("a wrong program was accepted; see the golden file")
			return "accepted\n" + said(diags)
		}
		return said(diags)
	})
	require.GreaterOrEqual(t, n, 150)
}

func TestWarnings(t *testing.T) {
	runGolden(t, "warnings.txt", func(_ *check.Info, diags *diag.List) string {
		require.False(t, diags.HasErrors(), said(diags))
		return said(diags)
	})
}

func TestRight(t *testing.T) {
	runGolden(t, "right.txt", func(info *check.Info, diags *diag.List) string {
		if diags.HasErrors() {
			t.Error("a right program was rejected; see the golden file")
			return "rejected\n" + said(diags)
		}
		var b strings.Builder
		b.WriteString(said(diags))
		info.Dump(&b)
		return b.String()
	})
}

// scripts returns the scripts of a golden file.
func scripts(tb testing.TB, file string) []string {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(tb, err)
	var out []string
	for _, line := range strings.Split(string(data), "\n") {
		if line != "" && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "# ") {
			out = append(out, strings.ReplaceAll(line, "¶", "\n"))
		}
	}
	return out
}
