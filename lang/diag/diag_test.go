package diag_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/diag"
)

func at(f *diag.File, text string) diag.Span {
	i := strings.Index(f.Text, text)
	return diag.Span{File: f, Start: i, End: i + len(text)}
}

func TestRender(t *testing.T) {
	f := diag.NewFile("reads.gt", "BEGIN {\n\t@reads[pid] = count(pid);\r\n\tbell(\"\a\");\n}\n")
	for _, c := range []struct {
		name string
		d    diag.Diagnostic
		want string
	}{
		{
			"error with hint",
			diag.Diagnostic{Span: at(f, "(pid)"), Severity: diag.Error, Message: "no arguments", Hint: "sum(pid) adds up"},
			"reads.gt:2:21-26: ERROR: no arguments\n    @reads[pid] = count(pid);\n                       ~~~~~\nHINT: sum(pid) adds up\n",
		},
		{
			"warning over lines",
			diag.Diagnostic{Span: at(f, "{\n\t@reads"), Severity: diag.Warning, Message: "long"},
			"reads.gt:1-2: WARNING: long\nBEGIN {\n    @reads[pid] = count(pid);\n",
		},
		{
			"control characters",
			diag.Diagnostic{Span: at(f, "\a"), Severity: diag.Error, Message: "bell"},
			"reads.gt:3:8-9: ERROR: bell\n    bell(\"?\");\n          ~\n",
		},
		{
			"characters of several bytes",
			diag.Diagnostic{Span: at(diag.NewFile("f", `"déjà" vué`), "vué"), Severity: diag.Error, Message: "m"},
			"f:1:10-14: ERROR: m\n\"déjà\" vué\n       ~~~\n",
		},
		{
			"no place",
			diag.Diagnostic{Severity: diag.Error, Message: "lost"},
			"ERROR: lost\n",
		},
		{
			"end of file",
			diag.Diagnostic{Span: diag.Span{File: f, Start: len(f.Text), End: len(f.Text)}, Severity: diag.Error, Message: "end"},
			"reads.gt:5:1-2: ERROR: end\n\n~\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.d.String()) })
	}
}

func TestRenderCutsLongLines(t *testing.T) {
	f := diag.NewFile("stdin", strings.Repeat("x", 1000)+"HERE"+strings.Repeat("y", 1000))
	lines := strings.Split(diag.Diagnostic{Span: at(f, "HERE"), Severity: diag.Error, Message: "m"}.String(), "\n")
	require.Len(t, lines[1], 160)
	require.Equal(t, strings.Index(lines[1], "HERE"), strings.Index(lines[2], "~~~~"))
}

func TestListOrderAndDuplicates(t *testing.T) {
	f := diag.NewFile("f", "a b c")
	var l diag.List
	require.False(t, l.HasErrors())
	l.Warnf(at(f, "a"), "w", "warn")
	require.False(t, l.HasErrors())
	l.Errorf(at(f, "c"), "e", "third")
	l.Errorf(at(f, "b"), "e", "second").Hintf("try %d", 1)
	l.Errorf(at(f, "b"), "e", "second")
	require.True(t, l.HasErrors())
	var got []string
	for _, d := range l.All() {
		got = append(got, d.Message)
	}
	require.Equal(t, []string{"second", "third", "warn"}, got)
	require.Equal(t, "try 1", l.All()[0].Hint)
}

func TestPrintOptions(t *testing.T) {
	f := diag.NewFile("f", "a b")
	var l diag.List
	l.Warnf(at(f, "a"), "w", "warn")
	l.Errorf(at(f, "b"), "e", "bad")
	var plain, quiet, colored strings.Builder
	l.Print(&plain, diag.PrintOptions{})
	l.Print(&quiet, diag.PrintOptions{NoWarnings: true})
	l.Print(&colored, diag.PrintOptions{Color: true})
	require.Equal(t, "f:1:3-4: ERROR: bad\na b\n  ~\nf:1:1-2: WARNING: warn\na b\n~\n", plain.String())
	require.Equal(t, "f:1:3-4: ERROR: bad\na b\n  ~\n", quiet.String())
	require.Contains(t, colored.String(), "\x1b[31mf:1:3-4: ERROR: bad\x1b[0m\n")
	require.Contains(t, colored.String(), "\x1b[33mf:1:1-2: WARNING: warn\x1b[0m\n")
}

func TestPositions(t *testing.T) {
	f := diag.NewFile("f", "ab\n\ncd")
	require.Equal(t, diag.Pos{Line: 1, Col: 1}, f.Pos(0))
	require.Equal(t, diag.Pos{Line: 1, Col: 3}, f.Pos(2))
	require.Equal(t, diag.Pos{Line: 2, Col: 1}, f.Pos(3))
	require.Equal(t, diag.Pos{Line: 3, Col: 3}, f.Pos(99))
	require.Equal(t, "", f.Line(2))
	require.Equal(t, "cd", f.Line(3))
	require.Equal(t, "", f.Line(4))
	require.Equal(t, diag.Pos{}, diag.Span{}.Pos())
}

func TestJoin(t *testing.T) {
	f, g := diag.NewFile("f", "abc"), diag.NewFile("g", "")
	a, c := at(f, "a"), at(f, "c")
	require.Equal(t, "abc", c.Join(a).Text())
	require.Equal(t, a, a.Join(diag.Span{}))
	require.Equal(t, a, diag.Span{}.Join(a))
	require.Equal(t, a, a.Join(diag.Span{File: g}))
	require.Equal(t, "", diag.Span{}.Text())
}

func TestNearest(t *testing.T) {
	names := []string{"count", "sum", "printf", "kstack", "ustack", "s"}
	for _, c := range []struct{ in, want string }{
		{"cuont", "count"},
		{"coun", "count"},
		{"print", "printf"},
		{"kstakc", "kstack"},
		{"sum", ""},
		{"zzzzzz", ""},
		{"", ""},
		{"a", ""}, // nothing of it is in "s"
	} {
		require.Equal(t, c.want, diag.Nearest(c.in, names), c.in)
	}
}

// A script that is nothing but mistakes costs neither memory nor a screen that never ends.
func TestManyDiagnostics(t *testing.T) {
	f := diag.NewFile("x.gt", strings.Repeat("a", 10000))
	var l diag.List
	for i := range 10000 {
		l.Warnf(diag.Span{File: f, Start: i, End: i + 1}, "w", "warning").Hintf("hint")
		l.Errorf(diag.Span{File: f, Start: i, End: i + 1}, "e", "error %s", strings.Repeat("é", 5000)).Hintf("hint")
	}
	require.True(t, l.HasErrors())
	require.Len(t, l.All(), 400)
	require.Less(t, len(l.All()[0].Message), 1100)
	require.True(t, utf8.ValidString(l.All()[0].Message))
	var b strings.Builder
	l.Print(&b, diag.PrintOptions{})
	require.True(t, strings.HasSuffix(b.String(), "ERROR: 9800 more are not shown\nWARNING: 9800 more are not shown\n"))
	b.Reset()
	l.Print(&b, diag.PrintOptions{NoWarnings: true})
	require.NotContains(t, b.String(), "WARNING")
}
