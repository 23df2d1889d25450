package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// TestBadInputIsBounded gives the binary scripts that are wrong in a large way. Each has to end with a message, having taken
// no more time and memory than a large script may.
func TestBadInputIsBounded(t *testing.T) {
	const n = 100_000
	rep := strings.Repeat
	for _, c := range []struct{ name, script, want string }{
		{"open parentheses", "BEGIN { $x = " + rep("(", n), "ERROR: "},
		{"open blocks", "BEGIN " + rep("{", n), "ERROR: "},
		{"casts", "BEGIN { $x = " + rep("(uint8)", n) + "1; }", "nested too deeply"},
		{"else ifs", "BEGIN { if (1) { }" + rep(" else if (1) { }", n) + " }", "more than 5000 branches in one chain of ifs"},
		{"a sum", "BEGIN { $x = 1" + rep(" + 1", n) + "; }", "more than 5000 operators in a row"},
		{"a huge number", "BEGIN { $x = " + rep("9", 1<<20) + "; }", "does not fit 64 bits"},
		{"a huge text", `BEGIN { print("` + rep("a", 5<<20) + `"); }`, "String is too long"},
		{"a huge name", "BEGIN { " + rep("a", 10<<20) + "(); }", "Unknown function"},
		{"a line of 10 MB", "BEGIN { print(1); " + rep(" ", 10<<20) + " nope; }", "Unknown identifier: 'nope'"},
		{"nothing but mistakes", "BEGIN { " + rep("nope(); ", n) + "}", "more are not shown"},
		{"nothing but syntax errors", "BEGIN { " + rep("$x = ; ", n) + "}", "more are not shown"},
		{"no text", "BEGIN { \x00 }", "not a script: byte 9 is zero"},
		{"other encoding", "BEGIN { \xff\xfe }", `unexpected character "\xff`},
		{"probes in one list", rep("interval:s:1,", n) + "interval:s:1 { }", "current limit of 1024 probes"},
		{"unknown probes in one list", rep("kprob:f,", n) + "interval:s:1 { }", "did you mean kprobe?"},
		{"blocks", rep("BEGIN { } ", n), "current limit of 1024 probes"},
		{"a wildcard of stars", "tracepoint:" + rep("*", n) + ":x { }", "ERROR: "},
		{"unterminated text", `BEGIN { print("abc`, "unterminated string"},
		{"unterminated comment", "BEGIN { /* ", "comment without an end"},
		{"unterminated predicate", "kprobe:f /pid", "ERROR: "},
		{"unterminated C", "struct a { int x;", "this C definition has no end"},
		{"a struct of itself", "struct a { struct a x; }; BEGIN { print(sizeof(struct a)); }", "incomplete type"},
		{"C nonsense", "struct a { " + rep("int ; ", n) + " x x }; BEGIN { print(sizeof(struct a)); }", "ERROR: "},
		{"macros that double", "#define A0 1 1\n" + doubling(60) + "struct a { int x[A60]; }; BEGIN { print(sizeof(struct a)); }", "grow to more than"},
		{"expressions that double", "#define A0 1\n" + doublingSums(60) + "BEGIN { print(A60); print(A60); }", "macros of the C part expand to more than"},
		{"a macro bomb", bomb(60) + "macro m0() { 1 } BEGIN { print(m60()); }", "expand to more than"},
		{"macros of each other", "macro a() { b() } macro b() { a() } BEGIN { print(a()); }", "Recursive macro call detected"},
		{"structs that double", doublingStructs(40) + "BEGIN { print(sizeof(struct s40)); }", "type is too large"},
		{"an array of arrays", "struct a { int x" + rep("[2]", 60) + "; }; BEGIN { print(sizeof(struct a)); }", "array is too large"},
		{"a text of 1 MB in UTF-8", `BEGIN { print("` + rep("é", 1<<19) + `"); }`, "String is too long"},
		{"a comment of 1 MB", "/* " + rep("a * / ", 1<<18) + "*/ BEGIN { nope }", "Unknown identifier: 'nope'"},
		{"arguments", `BEGIN { printf("` + rep("%d ", n) + `"` + rep(", 1", n) + "); }", "takes at most 128 values"},
		{"a tuple", "BEGIN { print((" + rep("1, ", n) + "1)); }", "would take more than"},
		{"fields", "BEGIN { $x = curtask" + rep("->parent", n) + "; }", "nested too deeply"},
		{"unrolled unrolls", "BEGIN { unroll(100) { unroll(100) { unroll(100) { @x = 1; } } } }", "unroll makes more than"},
		{"maps", "BEGIN { " + manyMaps(1000) + "}", "the action of begin uses 1000 maps and the kernel lets one use 64"},
		{"loops", "BEGIN { " + rep("for ($kv : @x) { @x[1] = 2; } ", 256) + "}", "has 257, and the kernel lets one have 256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gt")
			require.NoError(t, os.WriteFile(file, []byte(c.script), 0o600))
			limited(t, nil, c.want, file)
			if len(c.script) > 1<<16 {
				return // no other than the same from elsewhere
			}
			limited(t, []byte(c.script), c.want, "-")
			if !strings.Contains(c.script, "\x00") { // which no argument can hold
				limited(t, nil, c.want, "-e", c.script)
			}
		})
	}
}

// limited runs the binary, which has to fail with a message, within limits. The time is the processor's, lest a busy machine
// looks like a slow program.
func limited(t *testing.T, stdin []byte, want string, args ...string) {
	t.Helper()
	const maxTime, maxMemory, maxOutput = 2 * time.Second, 250 << 20, 1 << 20
	cmd := exec.CommandContext(t.Context(), testenv.Gtrace(t), append([]string{"--dry-run"}, args...)...)
	cmd.Env = append(os.Environ(), "GTRACE_COLOR=never")
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, []int{1, exitSurroundings}, cmd.ProcessState.ExitCode(), "%.1000s", out)
	require.Contains(t, string(out), want)
	require.Less(t, len(out), maxOutput)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.Less(t, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), maxTime)
	require.Less(t, usage.Maxrss<<10, int64(maxMemory))
}

// doublingSums returns C macros each of which is the sum of two of the one before.
func doublingSums(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "#define A%d (A%d + A%d)\n", i+1, i, i)
	}
	return b.String()
}

// doubling returns macros each of which stands for twice the one before.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "#define A%d A%d A%d\n", i+1, i, i)
	}
	return b.String()
}

// bomb returns macros of the language each of which calls the one before twice.
func bomb(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "macro m%d() { m%d() + m%d() } ", i+1, i, i)
	}
	return b.String()
}

// doublingStructs returns structs each of which holds the one before twice.
func doublingStructs(n int) string {
	b := "struct s0 { int a; };\n"
	for i := range n {
		b += fmt.Sprintf("struct s%d { struct s%d a, b; };\n", i+1, i)
	}
	return b
}

func manyMaps(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "@m%d = 1; ", i)
	}
	return b.String()
}
