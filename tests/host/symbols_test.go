package host_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// shortSource is a program that calls a function, works as long as it is told, and then runs another program if it is told one.
const shortSource = `
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) long FUNC(long n) { long s = 0; for (long i = 0; i < n; i++) { s += i; __asm__ volatile(""); } return s; }
int main(int argc, char **argv) {
	long s = FUNC(atol(argv[1]));
	if (argc > 2) execv(argv[2], argv + 2);
	return s == 3;
}
`

// mustBuild compiles a program of C, from the file source.c in a folder of its own.
func mustBuild(t *testing.T, name, source string, flags ...string) string {
	t.Helper()
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "source.c"), []byte(source), 0o644))
	cmd := exec.Command(cc, append([]string{"-O1", "-fno-omit-frame-pointer", "-o", name, "source.c"}, flags...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, name)
}

// TestSymbolsOfProcessesThatEnded runs programs that are gone long before their addresses are printed.
func TestSymbolsOfProcessesThatEnded(t *testing.T) {
	first := mustBuild(t, "gt_first", shortSource, "-DFUNC=first_function")
	second := mustBuild(t, "gt_second", shortSource, "-DFUNC=second_function")
	many := strings.Repeat(first+" 10\n", 50)
	const long = "300000000"
	tests := []struct {
		name, program, work string
		want                map[string]int // the keys of @, without blanks, and in how many entries they are; 0 for any number
	}{
		{
			"stacks of short ones", `uprobe:FIRST:first_function { @[ustack(1), pid] = count(); }`, many,
			map[string]int{"first_function+0": 50},
		},
		{"func", `uprobe:FIRST:first_function { @[func, pid] = count(); }`, many, map[string]int{"first_function": 50}},
		{"usym", `uprobe:FIRST:first_function { @[1, (usym(reg("ip")), pid)] = count(); }`, many, map[string]int{"first_function": 50}},
		{"value", `uprobe:FIRST:first_function { @[pid] = ustack(1); }`, many, map[string]int{"first_function+0": 50}},
		{"perf", `uprobe:FIRST:first_function { @[ustack(perf, 1), pid] = count(); }`, many, map[string]int{"first_function+0 (FIRST)": 50}},
		{
			"samples", `profile:hz:199 /comm == "gt_first"/ { @[ustack(1)] = count(); }`, first + " " + long,
			map[string]int{"first_function+": 0},
		},
		{
			"one program after the other", `profile:hz:199 /comm == "gt_first" || comm == "gt_second"/ { @[ustack(1)] = count(); }`,
			first + " " + long + " " + second + " " + long,
			map[string]int{"first_function+": 0, "second_function+": 0},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, "-e", strings.ReplaceAll(test.program, "FIRST", first))
			require.NoError(t, exec.Command("sh", "-c", test.work+"\ntrue").Run())
			r := s.interrupt()
			require.Zero(t, r.code, r.stderr)
			got := strings.ReplaceAll(r.stdout, first, "FIRST")
			for text, n := range test.want {
				if n == 0 {
					require.Contains(t, got, text)
					continue
				}
				lost := 0 // two stacks can want the same place in the kernel's map, which says so
				_, _ = fmt.Sscanf(r.stderr[max(0, strings.Index(r.stderr, "Lost ")):], "Lost %d stacks", &lost)
				require.Equal(t, n, strings.Count(got, text)+lost, got+r.stderr)
				require.NotContains(t, got, "0x")
			}
		})
	}
}

// TestSymbolsAreForgotten has a script that does not want anything remembered.
func TestSymbolsAreForgotten(t *testing.T) {
	path := mustBuild(t, "gt_first", shortSource, "-DFUNC=first_function")
	s := start(t, "-e", `config = { cache_user_symbols = NONE } uprobe:`+path+`:first_function { @[ustack(1)] = count(); }`)
	require.NoError(t, exec.Command(path, "1").Run())
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.Regexp(t, `(?s)@\[\n +0x[0-9a-f]+\n\]: 1`, r.stdout)
}

// sourceOfStacks has a function that is compiled into another one; the numbers are those of lines.
const sourceOfStacks = `#include <stdlib.h>
__attribute__((noinline)) long leaf(long n) { __asm__ volatile("nop"); return n + 1; }
static inline __attribute__((always_inline)) long middle(long n) {
	return leaf(n) * 2; /* 4 */
}
__attribute__((noinline)) long outer(long n) {
	long s = middle(n); /* 7 */
	__asm__ volatile("nop");
	return s + 1;
}
int main(int argc, char **argv) {
	long s = outer(argc); /* 12 */
	return s == 3;
}
`

// TestSourceOfStacks shows lines and inlined functions of a program that is gone.
func TestSourceOfStacks(t *testing.T) {
	path := mustBuild(t, "gt_lines", sourceOfStacks, "-g", "-fno-optimize-sibling-calls")
	file := filepath.Join(filepath.Dir(path), "source.c")
	const script = `uprobe:PATH@source.c:8 { printf("%s%s|%s", ustack(2), ustack(perf, 1), func); exit(); }`
	for show, want := range map[string]string{
		"1": `^\n +outer\+\d+@FILE:8\n +main\+\d+@FILE:12\n\n\t[0-9a-f]+ outer\+\d+ \(PATH\)\n\|outer$`,
		"0": `^\n +outer\+\d+\n +main\+\d+\n\n\t[0-9a-f]+ outer\+\d+ \(PATH\)\n\|outer$`,
	} {
		r := run(t, "-c", path, "-e", `config = { show_debug_info = `+show+` } `+strings.ReplaceAll(script, "PATH", path))
		require.Zero(t, r.code, r.stderr)
		got := strings.NewReplacer(file, "FILE", path, "PATH").Replace(r.stdout)
		require.Regexp(t, want, strings.TrimRight(got, "\n"))
	}
	r := run(t, "-c", path, "-e", `config = { show_debug_info = 1 } uprobe:`+path+`@source.c:4 { printf("%s", ustack(1)); exit(); }`)
	require.Zero(t, r.code, r.stderr)
	got := strings.ReplaceAll(r.stdout, file, "FILE")
	require.Regexp(t, `^\n +\[inlined\] middle@FILE:4\n +outer\+\d+@FILE:7\n`, got)
}
