package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// command runs gtrace in this process; no case here gets as far as the kernel.
func command(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Setenv("GTRACE_COLOR", "never")
	var out, err bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &err)
	return out.String(), err.String(), code
}

func TestWrongCommandLines(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	binary, empty := write("binary", "\x7fELF\x02\x01\x01\x00\x00"), write("empty", "")
	tests := []struct {
		name string
		args []string
		want string // all of the error stream
	}{
		{"short option", []string{"-x"}, "ERROR: unknown option -x; gtrace --help lists them\n"},
		{"among short options", []string{"-qx"}, "ERROR: unknown option -x; gtrace --help lists them\n"},
		{"option of bpftrace", []string{"--emit-llvm", "x"}, "ERROR: --emit-llvm: gtrace compiles without LLVM; -d ir and -d opt print what it compiles from\n"},
		{"long option", []string{"--nope"}, "ERROR: unknown option --nope; gtrace --help lists them\n"},
		{"no value", []string{"-e"}, "ERROR: option -e needs a value; gtrace --help says which\n"},
		{"no value for a long option", []string{"--pid"}, "ERROR: option --pid needs a value; gtrace --help says which\n"},
		{"a value too many", []string{"--quiet=maybe"}, "ERROR: option --quiet cannot be \"maybe\"\n"},
		{"pid is a word", []string{"-p", "abc", "-e", "BEGIN { }"}, "ERROR: -p abc: a process id is a positive number\n"},
		{"pid 0", []string{"-p", "0", "-e", "BEGIN { }"}, "ERROR: -p 0: a process id is a positive number\n"},
		{"empty pid", []string{"-p", "", "-e", "BEGIN { }"}, "ERROR: -p : a process id is a positive number\n"},
		{"negative pid", []string{"-p", "-3", "-e", "BEGIN { }"}, "ERROR: -p -3: a process id is a positive number\n"},
		{"huge pid", []string{"-p", "99999999999", "-e", "BEGIN { }"}, "ERROR: -p 99999999999: a process id is a positive number\n"},
		{"no such process", []string{"-p", "4194303", "-e", "BEGIN { }"}, "ERROR: -p 4194303: there is no such process\n"},
		{"pid and command", []string{"-p", "1", "-c", "ls", "-e", "BEGIN { }"}, "ERROR: USAGE: Cannot use both -c and -p.\n"},
		{"empty command", []string{"-c", "", "-e", "BEGIN { }"}, "ERROR: -c: the command is empty\n"},
		{"blank command", []string{"-c", "  ", "-e", "BEGIN { }"}, "ERROR: -c: the command is empty\n"},
		{"open quote", []string{"-c", "'ls", "-e", "BEGIN { }"}, "ERROR: -c: a quote is not closed\n"},
		{"command not found", []string{"-c", "/no/such/command x", "-e", "BEGIN { }"}, "ERROR: -c /no/such/command: no such file or directory\n"},
		{"format", []string{"-f", "xml", "-e", "BEGIN { }"}, "ERROR: Invalid output format \"xml\"\n"},
		{"buffering", []string{"-B", "x", "-e", "BEGIN { }"}, "ERROR: USAGE: -B must be either 'line', 'full', or 'none'.\n"},
		{"stage", []string{"-d", "x", "-e", "BEGIN { }"}, "ERROR: -d x: unknown stage: use ast, types, ir, opt, asm, verifier or all\n"},
		{"-k and --no-warnings", []string{"-k", "--no-warnings", "-e", "BEGIN { }"}, "ERROR: USAGE: -k, --warnings conflicts with --no-warnings\n"},
		{"no such file", []string{dir + "/none"}, "ERROR: failed to open file '" + dir + "/none': No such file or directory\n"},
		{"a folder", []string{dir}, "ERROR: failed to read file '" + dir + "': Is a directory\n"},
		{"a program", []string{binary}, "ERROR: " + binary + ": not a script: byte 8 is zero, so this is no text\n"},
		{"an empty script", []string{empty}, empty + ":1:1-2: ERROR: No probes to attach\n\n~\n"},
		{"all probes missing", []string{"-e", "config = { missing_probes = ignore } tracepoint:nosuch:x { }"}, "stdin:1:1-61: ERROR: No probes to attach\n" +
			"config = { missing_probes = ignore } tracepoint:nosuch:x { }\n" + strings.Repeat("~", 60) + "\n"},
		{"probe type to list", []string{"-l", "kprob:x"}, "ERROR: unknown probe type \"kprob\"; did you mean kprobe?\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := command(t, "", test.args...)
			require.Equal(t, 1, code)
			require.Equal(t, test.want, stderr)
			require.Empty(t, stdout)
		})
	}
}

// Each has its place, in one to three lines and perhaps a hint; nothing is printed but that.
func TestWrongScripts(t *testing.T) {
	tests := []struct{ program, want string }{
		{``, "stdin:1:1-2: ERROR: No probes to attach"},
		{`// only a comment`, "ERROR: No probes to attach"},
		{`BEGIN`, "stdin:1:6-7: ERROR: probe without an action block"},
		{`{ }`, "stdin:1:1-2: ERROR: unexpected `{`, expected a probe"},
		{`BEGIN { `, "stdin:1:7-8: ERROR: this `{` has no closing `}`"},
		{`BEGIN { } }`, "stdin:1:11-12: ERROR: unexpected `}`, expected a probe"},
		{`BEGIN { printf("x" }`, "stdin:1:20-21: ERROR: unexpected `}`, expected `,` or `)` in the call of printf"},
		{`BEGIN { printf("x); }`, "stdin:1:16-22: ERROR: unterminated string"},
		{`BEGIN { @ = 1 +; }`, "stdin:1:16-17: ERROR: unexpected `;`, expected an expression"},
		{`BEGIN { @ = 'a'; }`, "HINT: strings are written in double quotes"},
		{`BEGIN { @ = "\q"; }`, `ERROR: invalid escape character '\q'`},
		{`BEGIN /1 { }`, "stdin:1:7-8: ERROR: predicate without its closing `/`"},
		{`BEGIN < @ = 1 `, "stdin:1:7-8: ERROR: this `<` has no closing `>`"},
		{`BEGINN { }`, "HINT: did you mean begin?"},
		{`kpobe:vfs_read { }`, "HINT: did you mean kprobe?"},
		{`interval:s:0 { }`, "stdin:1:12-13: ERROR: interval frequency should be a positive integer"},
		{`interval:foo:1 { }`, "stdin:1:10-13: ERROR: foo is not an accepted unit of time"},
		{`interval:s:x { }`, "invalid integer: x"},
		{`profile:hz:-1 { }`, "stdin:1:12-14: ERROR: profile frequency should be a positive integer"},
		{`uprobe:/no/file:main { }`, "stdin:1:8-16: ERROR: uprobe target file '/no/file' does not exist or is not executable"},
		{`uprobe:/etc/passwd:main { }`, "stdin:1:8-19: ERROR: read /etc/passwd: not a program or library\n"},
		{`BEGIN { prntf("x"); }`, "HINT: did you mean printf?"},
		{`BEGIN { printf("%d\n", "a"); }`, "HINT: %s prints strings"},
		{`BEGIN { printf("%d %d\n", 1); }`, "stdin:1:9-29: ERROR: not enough arguments for format string (1 supplied, 2 expected)"},
		{`BEGIN { printf(); }`, "stdin:1:9-17: ERROR: printf() requires at least one argument (0 provided)"},
		{`BEGIN { $x = 1; $x = "a"; }`, "stdin:1:17-25: ERROR: Type mismatch for $x"},
		{`BEGIN { @x = 1; @x[1] = 2; }`, "stdin:1:17-22: ERROR: @x used as a map with an explicit key"},
		{`BEGIN { @x[1] = 1; @x["a"] = 2; }`, "stdin:1:20-27: ERROR: Argument mismatch for @x"},
		{`BEGIN { print($y); }`, "stdin:1:15-17: ERROR: Undefined or undeclared variable: $y"},
		{`BEGIN { $x = count(); }`, "HINT: @ = count(…)"},
		{`BEGIN { @x = lhist(1, 10, 0, 1); }`, "ERROR: lhist() min must be less than max"},
		{`BEGIN { @x = 99999999999999999999; }`, "ERROR: integer literal does not fit 64 bits"},
		{`BEGIN { args.x }`, "ERROR: The args builtin can only be used with"},
		{`config = { foo = 1 } BEGIN { }`, "stdin:1:12-19: ERROR: foo: not a known configuration option"},
		{`config = { max_map_keys = "x" } BEGIN { }`, "ERROR: max_map_keys: expecting a number, got x"},
	}
	for _, test := range tests {
		t.Run(test.program, func(t *testing.T) {
			stdout, stderr, code := command(t, test.program, "-")
			require.Equal(t, 1, code)
			require.Contains(t, stderr, test.want)
			require.Contains(t, stderr, "stdin:1:")
			require.LessOrEqual(t, strings.Count(stderr, "ERROR: "), 2, stderr)
			require.Empty(t, stdout)
		})
	}
}

func TestNoScriptShowsUsage(t *testing.T) {
	_, stderr, code := command(t, "")
	require.Equal(t, 1, code)
	require.True(t, strings.HasPrefix(stderr, "ERROR: USAGE: filename or -e 'program' required.\n\nUsage:\n"), stderr)
}

func TestCommandWithoutScript(t *testing.T) {
	stdout, stderr, code := command(t, "", "-c", "touch "+filepath.Join(t.TempDir(), "x"))
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.True(t, strings.HasPrefix(stderr, "ERROR: USAGE: filename or -e 'program' required.\nHINT: -c runs a command while a script traces it"), stderr)
	require.Equal(t, 2, strings.Count(stderr, "\n"), stderr)
}

func TestHelpNamesEveryOption(t *testing.T) {
	stdout, stderr, code := command(t, "", "--help")
	require.Zero(t, code)
	require.Empty(t, stderr)
	for _, option := range []string{
		"-e, --execute", "-l, --list", "-v, --verbose", "-c, --cmd", "-p, --pid", "-o, --output", "-f, --format", "-B, --buffer", "-q, --quiet",
		"-k, --warnings", "--no-warnings", "--unsafe", "--dry-run", "-d, --debug", "--info", "-V, --version", "-h, --help",
	} {
		require.Contains(t, stdout, option)
	}
	require.NotContains(t, stdout, "[flags]")
}

func TestVersion(t *testing.T) {
	stdout, stderr, code := command(t, "", "-V")
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.Equal(t, "gtrace "+version+"\n", stdout)
}

func TestListOfAScript(t *testing.T) {
	stdout, stderr, code := command(t, "", "-l", "-e", "BEGIN { } interval:s:1, profile:hz:99 { } END { }")
	require.Zero(t, code, stderr)
	require.Equal(t, "begin\ninterval:s:1\nprofile:hz:99\nend\n", stdout)
}

func TestNothingMatches(t *testing.T) {
	stdout, stderr, code := command(t, "", "-l", "interval:nothing")
	require.Zero(t, code)
	require.Empty(t, stdout)
	require.Equal(t, "No probes match interval:nothing\n", stderr)
}

func TestStagesOfACompilation(t *testing.T) {
	for _, stage := range []string{"ast", "types"} {
		stdout, _, code := command(t, "", "-d", stage, "-e", "BEGIN { nosuch(); }")
		require.Equal(t, 1, code)
		require.Equal(t, stage == "ast", strings.HasPrefix(stdout, "\nast\nProgram\n"), stdout)
	}
}

func TestExitCodesOfWrongScripts(t *testing.T) {
	for _, c := range []struct {
		name, script, env string
		want              int
	}{
		{name: "the script", script: "BEGIN { nosuch(); }", want: 1},
		{name: "its probes", script: "nosuch:a { }", want: 1},
		{name: "its syntax", script: "BEGIN {", want: 1},
		{name: "its config", script: "config = { max_strlen = 0 } BEGIN { }", want: 1},
		{name: "its C part", script: "struct a { nothing_t x; }; BEGIN { }", want: exitSurroundings},
		{name: "a header", script: "#include \"nosuch.h\"\nBEGIN { }", want: exitSurroundings},
		{name: "the environment", script: "BEGIN { }", env: "abc", want: exitSurroundings},
		{name: "the script and its C part", script: "struct a { nothing_t x; }; BEGIN { nosuch(); }", want: exitSurroundings},
		{name: "a warning about C and the script", script: "#warning look\nBEGIN { nosuch(); }", want: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("GTRACE_MAX_STRLEN", c.env)
			}
			_, stderr, code := command(t, "", "-e", c.script)
			require.Equal(t, c.want, code, stderr)
			require.NotEmpty(t, stderr)
		})
	}
}

func TestStagesOfBpftrace(t *testing.T) {
	for theirs, ours := range stagesOfBpftrace {
		require.Contains(t, dumpStages, ours)
		o := options{format: "text", stages: []string{theirs}}
		require.NoError(t, o.check())
		require.Equal(t, []string{ours}, o.stages)
	}
}
