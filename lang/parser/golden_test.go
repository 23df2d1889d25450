package parser_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is a file of testdata: the script, the diagnostics as printed, and the tree.
type golden struct{ script, diag, ast string }

const (
	scriptMark = "-- script --\n"
	diagMark   = "-- diag --\n"
	astMark    = "-- ast --\n"
)

func (g golden) String() string {
	return scriptMark + g.script + diagMark + g.diag + astMark + g.ast
}

func readGolden(t testing.TB, name string) golden {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	text, ok := strings.CutPrefix(string(data), scriptMark)
	require.True(t, ok, "%s does not begin with %s", name, scriptMark)
	var g golden
	g.script, text, _ = strings.Cut(text, diagMark)
	g.diag, g.ast, _ = strings.Cut(text, astMark)
	return g
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func parse(text string) (*ast.Program, []diag.Diagnostic) {
	var diags diag.List
	prog := parser.Parse(diag.NewFile("stdin", text), &diags)
	return prog, diags.All()
}

func dump(p *ast.Program) string {
	var b strings.Builder
	ast.Print(&b, p)
	return b.String()
}

// codeText is what the golden files hold of a diagnostic: its code, and the text as the user sees it.
func codeText(list []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString("[" + string(d.Code) + "] " + d.String())
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, name := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			want := readGolden(t, name)
			prog, diags := parse(want.script)
			got := golden{want.script, codeText(diags), dump(prog)}
			if *update {
				require.NoError(t, os.WriteFile(name, []byte(got.String()), 0o644))
				return
			}
			require.Equal(t, want.diag, got.diag)
			require.Equal(t, want.ast, got.ast)
		})
	}
}

// TestEveryDiagnosticHasPlaceAndCode holds for all golden scripts.
func TestEveryDiagnosticHasPlaceAndCode(t *testing.T) {
	for _, name := range goldenFiles(t) {
		_, diags := parse(readGolden(t, name).script)
		for _, d := range diags {
			require.NotEmpty(t, d.Code, name)
			require.True(t, d.Span.IsValid(), name)
			require.LessOrEqual(t, d.Span.Start, d.Span.End, name)
		}
	}
}

// requireStable checks that the formatted text of a well-formed script has the same tree and comments, and is its own
// formatted text.
func requireStable(t *testing.T, text string) {
	t.Helper()
	prog, diags := parse(text)
	if len(diags) > 0 {
		return
	}
	formatted := ast.Format(prog)
	again, diags := parse(formatted)
	require.Empty(t, diags, "of the formatted script:\n%s", formatted)
	require.Equal(t, dump(prog), dump(again), "formatted script:\n%s", formatted)
	require.True(t, ast.Same(prog, again), "other comments in the formatted script:\n%s", formatted)
	require.Equal(t, formatted, ast.Format(again))
}
