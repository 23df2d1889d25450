package expand_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/tests/peer"
)

// files is an Importer of files in memory, which imports each once.
type files map[string]string

func (f files) Import(path string, _ *diag.File) ([]*diag.File, error) {
	text, ok := f[path]
	switch {
	case !ok:
		return nil, &expand.ImportError{Message: "no " + path, Hint: "try another"}
	case text == "":
		return nil, nil
	}
	f[path] = ""
	return []*diag.File{diag.NewFile(path, text)}, nil
}

func run(t testing.TB, text string, importer expand.Importer) (*ast.Program, *diag.List) {
	t.Helper()
	diags := &diag.List{}
	prog := parser.Parse(diag.NewFile("s", text), diags)
	expand.Program(prog, expand.Options{
		Builtin:  func(name string) bool { return name == "print" || name == "strlen" },
		Importer: importer,
	}, diags)
	return prog, diags
}

// body returns what is left of the probe of a script.
func body(prog *ast.Program) string {
	for _, d := range prog.Decls {
		if p, ok := d.(*ast.ProbeDecl); ok {
			none := diag.NewFile("s", "")
			ast.Relocate(p, func(diag.Span) diag.Span { return diag.Span{File: none} }) // lest it looks for comments
			text := ast.Format(&ast.Program{File: none, Decls: []ast.Decl{p}})
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

func TestMacros(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"value", `macro m(x) { x + 1 } begin { print(m(2)); }`, `begin { print(2 + 1); }`},
		{"bare name", `macro m() { 7 } begin { print(m); }`, `begin { print(7); }`},
		{"reserved name", `macro pid() { 7 } begin { print(pid, pid()); }`, `begin { print(pid, 7); }`},
		{"each use anew", `macro m(x) { x + x } begin { print(m($a++)); }`, `begin { print($a++ + $a++); }`},
		{"nested", `macro a(x) { x * 2 } macro b(x) { a(x + 1) } begin { print(b(3)); }`, `begin { print((3 + 1) * 2); }`},
		{"variable", `macro m($x) { $x += 1; } begin { $a = 1; m($a); }`, `begin { $a = 1; { $a += 1; } }`},
		{"map", `macro m(@x, k) { @x[k] = 1; } begin { m(@a, 2); }`, `begin { { @a[2] = 1; } }`},
		{"overloads", `macro m($x) { 1 } macro m(x) { 2 } begin { print(m($a), m(5)); }`, `begin { print(1, 2); }`},
		{"builtin behind the macro", `macro strlen(x, y) { 3 } begin { print(strlen("a"), strlen(1, 2)); }`, `begin { print(strlen("a"), 3); }`},
		{"type", `macro m(t, v) { (t)v } begin { print(m(uint64, 5)); }`, `begin { print((uint64)5); }`},
		{"type of a value", `macro m(t, v) { (typeof(t))v } begin { print(m(uint64, 5), m(pid, 6)); }`, `begin { print((typeof(uint64))5, (typeof(pid))6); }`},
		{"aggregate", `macro m() { $x = 1; count() } begin { @a = m(); }`, `begin { { $x = 1; @a = count(); } }`},
		{"defined later", `begin { print(m(1)); } macro m(x) { x }`, `begin { print(1); }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			prog, diags := run(t, c.script, nil)
			require.Empty(t, diags.All())
			require.Equal(t, c.want, body(prog))
		})
	}
}

// TestHygiene looks at the marks that tell a macro's variables from the script's.
func TestHygiene(t *testing.T) {
	prog, diags := run(t, `macro m(x) { $y; $y = x; for $i : 0..2 { $i; } $y } begin { $y = 3; print(m($y)); print(m($y)); }`, nil)
	require.Empty(t, diags.All())
	var marks []int
	ast.Walk(prog, func(n ast.Node) bool {
		if v, ok := n.(*ast.VarExpr); ok {
			marks = append(marks, v.Mark)
		}
		return true
	})
	require.Equal(t, []int{0, 0, 1, 0, 1, 1, 1, 0, 2, 0, 2, 2, 2}, marks)
}

func TestWrong(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"recursion", `macro a() { b() } macro b() { a() } begin { a() }`, "1:31-34 Recursive macro call detected. Call chain: a > b > a"},
		{"no variable", `macro m($x) { $x } begin { m(5) }`, "1:28-32 Call to m() has arguments that do not match any definition."},
		{"too many", `macro m(x) { x } begin { m(5, 6) }`, "1:26-33 Call to m() has arguments that do not match any definition."},
		{"twice", `macro m(x) { x } macro m($x) { 1 } begin { 1 }`, "1:18-25 Redefinition of macro: m"},
		{"same parameter", `macro m(x, x) { x } begin { 1 }`, "1:12-13 Ident for macro argument has already been used: x"},
		{"reserved parameter", `macro m(pid) { 1 } begin { 1 }`, "1:9-12 builtin 'pid' can't be used as a macro argument"},
		{"typed", `macro m(x: uint64) { 1 } begin { 1 }`, "1:12-18 the parameters of a macro have no types: x: uint64"},
		{"return", `macro m() { return; } begin { 1 }`, "1:13-20 'return' statement is not allowed in a macro"},
		{"break", `macro m() { while (1) { break; } break; } begin { 1 }`, "1:34-40 'break' statement is not allowed in a macro"},
		{"map of the script", `macro m() { @z = 1; } begin { m() }`, "1:13-15 Unhygienic access to map: @z. Maps must be passed into the macro as arguments."},
		{"shadowed", `macro m($x) { let $x = 1; } begin { $a = 1; m($a); }`, "1:15-21 Variable declaration shadows macro arg $x"},
		{"late import", `begin { 1 } import "a.bt";`, "1:13-26 root imports must appear before probes and functions"},
		{"no file", `import "no.bt"; begin { 1 }`, "1:1-15 no no.bt"},
		{"no config", `import "c.bt"; begin { 1 }`, "1:1-20 invalid `config` within import"},
		{"C", `import "f.bpf.c"; begin { 1 }`, `1:1-17 unknown import type: "f.bpf.c"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := run(t, c.script, files{"c.bt": "config = { x = 1; }", "f.bpf.c": "int f;"})
			require.NotEmpty(t, diags.All())
			d := diags.All()[0]
			_, place, _ := strings.Cut(d.Span.String(), ":")
			require.Equal(t, c.want, place+" "+d.Message)
		})
	}
}

func TestExpandedFrom(t *testing.T) {
	_, diags := run(t, "macro n() { @z = 1; }\nmacro m() {\n n();\n}\nbegin { m(); }", nil)
	require.Equal(t, "s:1:13-15: ERROR: Unhygienic access to map: @z. Maps must be passed into the macro as arguments.\n"+
		"macro n() { @z = 1; }\n            ~~\n"+
		"s:3:2-5: ERROR: expanded from\n n();\n ~~~\n"+
		"s:5:9-12: ERROR: expanded from\nbegin { m(); }\n        ~~~\n", diags.All()[0].String())
}

// TestBomb holds a script of few lines that would become gigabytes to a line.
func TestBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("macro m0(x) { x + x } ")
	for i := 1; i < 25; i++ {
		b.WriteString("macro m" + string(rune('A'+i)) + "(x) { " + before(i) + "(" + before(i) + "(x)) } ")
	}
	b.WriteString("begin { print(mY(1)); }")
	_, diags := run(t, b.String(), nil)
	require.Len(t, diags.All(), 1)
	require.Contains(t, diags.All()[0].Message, "expand to more than")
}

func before(i int) string {
	if i == 1 {
		return "m0"
	}
	return "m" + string(rune('A'+i-1))
}

func TestImports(t *testing.T) {
	prog, diags := run(t, `import "a.bt"; import "b.bt"; begin { print(a(1), b(2)); }`, files{
		"a.bt": `import "b.bt"; macro a(x) { b(x) + 1 }`, "b.bt": `import "a.bt"; macro b(x) { x * 2 }`,
	})
	require.Empty(t, diags.All())
	require.Equal(t, `begin { print(1 * 2 + 1, 2 * 2); }`, body(prog))
}

func FuzzProgram(f *testing.F) {
	for _, s := range []string{
		`macro m() { m() } begin { m() }`, `macro a(x) { b(x) } macro b(x) { a(x) } begin { a(1) }`, `import "a.bt"; begin { a(1) }`,
		`macro m(t, v) { if comptime (is_str(v)) { (t)v } } begin { $x = m(uint8, { 1 }); m(int8, 3) }`,
		`macro m($x, @y) { for $i : 0..2 { @y[$i] = $x; } } begin { m($a, @b); m(@b, $a); m(1) }`,
	} {
		f.Add(s)
	}
	cases, err := peer.ReadAll("../../tests/peer/testdata")
	require.NoError(f, err)
	for _, c := range cases {
		if strings.Contains(c.Script, "macro") {
			f.Add(c.Script)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		prog, _ := run(t, text, files{"a.bt": `import "a.bt"; macro a(x) { x }`})
		ast.Walk(prog, func(n ast.Node) bool {
			_, isMacro := n.(*ast.MacroDecl)
			require.False(t, isMacro)
			return true
		})
	})
}
