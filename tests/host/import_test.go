package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// beside puts a script into a folder of its own, beside the C source and object file of codegen/link, and returns its path.
func beside(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"calls.bpf.c", "calls.bpf.o", "twin.bpf.o", "larger.bpf.o"} {
		data, err := os.ReadFile("../../codegen/link/testdata/" + name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	path := filepath.Join(dir, "script.gt")
	require.NoError(t, os.WriteFile(path, []byte(script), 0o644))
	return path
}

const callsAll = `
macro sum_of(a, b) { add((int32)a, (int32)b) }
fn doubled($n: int64): int64 { return six_times((int32)$n) / 3; }
begin {
	print((sum_of(3, -4), next(255), negative(), even(4), color_of(1), started(), pick(2), first("abc"), triple(4), six_times(4), doubled(21)));
	ignore(3); print(count_up(4)); $s = "xyz"; print(first($s)); @c = comm; print(first(@c));
	print((tally(7, 5), tally(7, 6), my_tgid() == pid, task_tgid(curtask) == pid, much_stack(3), sizeof(struct point)));
	$p = (struct point *)0; if ($p) { print(sum_point($p)); } clear(@c);
}
end { print((count_up(0), tally(7, 0))); }`

// callsPrinted is what callsAll prints: variables and maps are the same for all programs.
const callsPrinted = "(-1, 0, -5, true, 1, 42, 30, 97, 12, 24, 42)\n7\n120\n103\n(5, 11, true, true, 3, 8)\n(7, 11)"

func TestImportObject(t *testing.T) {
	testenv.BTF(t) // for the kernel's type that the object has a part of
	r := run(t, beside(t, `import "calls.bpf.o";`+callsAll))
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, callsPrinted, strings.TrimSpace(r.stdout))
}

// Maps of one name are one map, as where objects are linked; variables that are static are not.
func TestImportObjectsWithOneMap(t *testing.T) {
	r := run(t, beside(t, `import "calls.bpf.o"; import "twin.bpf.o";
		begin { print((tally(7, 5), seen_of(7), tally(7, 6), seen_of(8), asked(), started())); }
		interval:ms:1 { print((seen_of(7), asked())); exit(); }`))
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "(5, 5, 11, 0, 2, 42)\n(11, 3)", strings.TrimSpace(r.stdout))
}

// standIn is a compiler that has one answer: it wants to be called as clang is, and gives the object file beside the source.
const standIn = `#!/bin/sh
case "$*" in "-O2 -g -target bpf -I "*" -c "*"/calls.bpf.c -o "*) ;; *) echo "x.c:1:1: error: called with $*"; exit 1 ;; esac
while [ "$1" != -c ]; do shift; done
exec /bin/cp "${2%.c}.o" "$4"
`

// withClang makes a program named clang the only one that is found; empty for none.
func withClang(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "clang"), []byte(text), 0o755))
	}
	t.Setenv("PATH", dir)
}

func TestImportSource(t *testing.T) {
	testenv.BTF(t)
	check := func(t *testing.T) {
		t.Helper()
		r := run(t, beside(t, `import "calls.bpf.c";`+callsAll))
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, callsPrinted, strings.TrimSpace(r.stdout))
	}
	if _, err := exec.LookPath("clang"); err == nil { // which CI need not have
		t.Run("by clang", check)
	}
	t.Run("by a stand-in", func(t *testing.T) {
		withClang(t, standIn)
		check(t)
	})
	t.Run("with an error", func(t *testing.T) {
		withClang(t, "#!/bin/sh\necho 'wrong.bpf.c:1:7: error: expected something' >&2\nexit 1\n")
		r := run(t, beside(t, `import "calls.bpf.c"; begin { print(1); }`))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, `import of "calls.bpf.c": clang: wrong.bpf.c:1:7: error: expected something`)
	})
	t.Run("without clang", func(t *testing.T) {
		withClang(t, "")
		r := run(t, beside(t, `import "calls.bpf.c"; begin { print(1); }`))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, `import of "calls.bpf.c": C source needs clang, which is not installed here`)
		require.Contains(t, r.stderr, "HINT: where it is: clang -O2 -g -target bpf -c calls.bpf.c -o calls.bpf.o; then import \"calls.bpf.o\"")
	})
}

// TestImportInProbes calls imported functions in programs that run at the same time.
func TestImportInProbes(t *testing.T) {
	got := whileTarget(t, `import "`+filepath.Join(filepath.Dir(beside(t, "")), "calls.bpf.o")+`";
		uprobe:TARGET:gtrace_target /even((int32)arg0)/ { @even = count(); ignore(1); }
		uretprobe:TARGET:gtrace_target { @all[tally(1, 1) > 0] = count(); }
		tracepoint:syscalls:sys_enter_execve { ignore(0); }
		end { print((count_up(0), tally(1, 0))); }`, "call", "10", "1")
	require.Equal(t, "(5, 10)\n\n\n@all[true]: 10\n@even: 5", got)
}

func TestImportRefused(t *testing.T) {
	tests := []struct{ name, action, want string }{
		{"too few arguments", `print(add(1));`, "Function `add` requires 2 arguments, got only 1"},
		{"too many", `print(add(1, 2, 3));`, "Function `add` requires 2 arguments, got only 3"},
		{"a string for a number", `print(add("a", 1));`, "Expected int32 for argument `a` got string[2]"},
		{"what it takes", `print(add("a", 1));`, "Function `add` requires arguments (int32, int32)"},
		{"a number beyond its type", `print(next(256));`, "Expected uint8 for argument `c` got int16"},
		{"a number for a pointer", `print(sum_point(0));`, "Expected struct point * for argument `p` got int8"},
		{"a pointer to something else", `print(sum_point(curtask));`, "Expected struct point * for argument `p` got struct task_struct *"},
		{"a value of nothing", `$x = ignore(1);`, "Value 'void' cannot be assigned to a scratch variable."},
		{"a struct by value", `print(of_wide(1));`, "of_wide() cannot be called from a script: it takes a struct wide by value, which no register holds"},
		{"a static function", `print(thrice(1));`, "Unknown function: 'thrice'"},
		{"a name that is nearly one", `print(tripel(1));`, "HINT: did you mean triple?"},
		{
			"memory that the kernel knows nothing of", `$p = (struct point *)8; print(sum_point($p));`,
			"the kernel rejected the imported function sum_point() at ",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, beside(t, `import "calls.bpf.o"; begin { `+test.action+` }`))
			if strings.HasPrefix(test.want, "the kernel rejected") {
				require.Equal(t, notStarted, r.code, "as of bpftrace, whose program the verifier refuses")
			} else {
				require.Equal(t, 1, r.code)
			}
			require.Contains(t, r.stderr, test.want)
		})
	}
	t.Run("a map that is another one", func(t *testing.T) {
		r := run(t, beside(t, `import "twin.bpf.o"; import "larger.bpf.o"; begin { print(1); }`))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, `import of "larger.bpf.o": it defines the map seen in another way than "twin.bpf.o" does`)
	})
	t.Run("twice the same functions", func(t *testing.T) {
		script := beside(t, `import "calls.bpf.o"; import "copy.o"; begin { print(1); }`)
		data, err := os.ReadFile(filepath.Join(filepath.Dir(script), "calls.bpf.o"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(script), "copy.o"), data, 0o644))
		r := run(t, script)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, `import of "copy.o": it defines add(), as "calls.bpf.o" does`)
	})
}
