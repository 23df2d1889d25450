package parser_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

func TestParseStatements(t *testing.T) {
	tests := []struct {
		text  string
		stmts int
		err   string
	}{
		{text: "1 + 2", stmts: 1},
		{text: "@x = 1; @y = 2", stmts: 2},
		{text: "if (@x) { print(@x) } else { clear(@x) } $y = 1;", stmts: 2},
		{text: "$x = 1;\n$y = $x +\n 2", stmts: 2},
		{text: "", stmts: 0},
		{text: "@x = 1; // one", stmts: 1},
		{text: "@x = }", stmts: 1, err: "in:1:6-7: ERROR: unexpected `}`"},
		{text: "1 2", stmts: 1, err: "in:1:3-4: ERROR: unexpected number 2, expected `;`"},
		{text: "@x = 1; } @y = 2", stmts: 2, err: "in:1:9-10: ERROR: unexpected `}`, expected a statement"},
		{text: "config = { a = 1 }", stmts: 0, err: "in:1:1-7: ERROR"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			var diags diag.List
			prog := parser.ParseStatements(diag.NewFile("in", test.text), &diags)
			require.Len(t, prog.Decls, 1)
			d := prog.Decls[0].(*ast.ProbeDecl)
			require.Equal(t, "begin", d.Points[0].Parts[0].Text)
			if test.err == "" {
				require.Empty(t, diags.All())
				require.Len(t, d.Body.Stmts, test.stmts)
				return
			}
			require.NotEmpty(t, diags.All())
			require.Contains(t, diags.All()[0].String(), test.err)
		})
	}
}

func TestIsScript(t *testing.T) {
	for _, text := range []string{
		"kprobe:vfs_read { }", "k*:vfs_read { }", "BEGIN { }", "begin", "END < >", "tracepoint:a:b,", "struct x { int a; };", "#define A 1",
		"config = { a = 1 }", "import \"x\";", "macro f() { 1 }", "fn f() { }", "let @x = hash(1);", "// c\nkprobe:x", "n=kprobe:f { }",
		"interval:s:1", "BEGIN, END { }",
	} {
		require.True(t, parser.IsScript(text), text)
	}
	for _, text := range []string{
		"", "1 + 2", "nsecs", "@x = 1", "let $x = 1; print($x)", "config", "begin_x", "(struct x *)0", "a ? b : c", "if (1) { }", "/* x */ print(1)",
		"$x == 1", "sizeof(struct x)", "import_x", "fn", "f(a)",
	} {
		require.False(t, parser.IsScript(text), text)
	}
}

func TestIsIncomplete(t *testing.T) {
	for _, text := range []string{
		"kprobe:vfs_read", "kprobe:vfs_read {", "kprobe:f { if (1) { }", "kprobe:f < @ = count();", "kprobe:f /pid == 1/", "kprobe:f /pid == 1", "BEGIN",
		"tracepoint:a:b,", "@x = ", "1 +", "print(1", "@x[1,", "if (1) {", "/* comment", "struct x {\n int a;", "struct x", "macro f($x)", "kprobe:f { @[", "fn f(",
		"config = {", "for ($i : 0..10) {", "kprobe:f {\n  printf(\"}\");",
	} {
		require.True(t, parser.IsIncomplete(text), text)
	}
	for _, text := range []string{
		"", "1", "kprobe:f { }", "kprobe:f < @ = count(); >", "kprobe:f { foo bar }", "@x = 1", "@x = 1;", "1 )", "}", "\"abc", "print(\"abc)", "foo bar", "// x",
		"struct x { int a; };", "#define A 1", "BEGIN { } END { }", "kprobe:f { } }", "$", "if (1) { 2 }",
	} {
		require.False(t, parser.IsIncomplete(text), text)
	}
}
