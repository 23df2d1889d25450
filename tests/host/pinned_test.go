package host_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

// mountBPF returns a folder for objects of BPF.
func mountBPF(t *testing.T) string {
	t.Helper()
	testenv.Privileged(t)
	testenv.BTF(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("bpf", dir, "bpf", 0, ""))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// What a pinned iterator prints is there for whoever reads its file, each time, long after gtrace has ended.
func TestPinnedIterator(t *testing.T) {
	dir := mountBPF(t)
	pid := os.Getpid()
	for _, test := range []struct {
		name, body, want string
	}{
		{"words", `printf("%-8s|%4d|%c 100%% %s %p\n", "abc", -7, 0x41, probe, 0x1f);`, "abc     |  -7|A 100% iter:task:PATH 0x1f\n"},
		{"sizes", `printf("%d %u %hhd %hx %lx %#x\n", 0x1ffffffff, 0x1ffffffff, 0x1ff, 0x12345, 0x1ffffffff, 0xbeef);`, "-1 4294967295 -1 2345 1ffffffff 0xbeef\n"},
		{"texts", `printf("%s,%s,%6s.\n", str(ctx.task.comm, 3) == "" ? "none" : "some", "", "x");`, "some,,     x.\n"},
		{"twice", `printf("a\n"); if (ctx.task.tgid == ctx.task.pid) { printf("b\n"); }`, "a\nb\n"},
		{"in a loop", `for ($i : 0..3) { printf("%d ", $i); }`, "0 1 2 "},
		{"counts", `@++; printf("%d\n", @);`, "1\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, filepath.Base(t.Name()))
			r := run(t, "-q", "-e", `iter:task:`+path+` { if (ctx.task.pid == `+strconv.Itoa(pid)+`) { `+test.body+` } }`)
			require.Zero(t, r.code, r.stderr)
			require.Contains(t, r.stdout, "Program pinned to "+path+"\n")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(test.want, "PATH", path), string(text))
			again, err := os.ReadFile(path)
			require.NoError(t, err)
			if test.name == "counts" {
				require.Equal(t, "2\n", string(again))
			} else {
				require.Equal(t, text, again)
			}
		})
	}
}

func TestPinnedIteratorRefused(t *testing.T) {
	dir := mountBPF(t)
	taken, free := filepath.Join(dir, "taken"), filepath.Join(dir, "free")
	require.NoError(t, os.Mkdir(taken, 0o755))
	elsewhere := filepath.Join(t.TempDir(), "pin")
	for _, test := range []struct {
		name, script, want string
		code               int
	}{
		{"exists", `iter:task:` + taken + ` { printf("x"); }`, "pin at " + taken + ": the file exists", notStarted},
		{"not there", `iter:task:/nonexistent/x { printf("x"); }`, "pin at /nonexistent/x: no such file or directory", notStarted},
		{"no file system for it", `iter:task:` + elsewhere + ` { printf("x"); }`, "is not in a file system for BPF objects", notStarted},
		{"no name", `iter:task: { printf("x"); }`, "iter probe must have a file to be pinned at", 1},
		{"print", `iter:task:` + free + ` { print(1); }`, "a pinned iterator can only print with printf()", 1},
		{"exit", `iter:task:` + free + ` { exit(); }`, "a pinned iterator has no exit()", 1},
		{"stack", `iter:task:` + free + ` { printf("%s", kstack); }`, "the kernel cannot print a kstack", 1},
		{"octal", `iter:task:` + free + ` { printf("%o", 8); }`, "the kernel has no conversion %o", 1},
		{"flag", `iter:task:` + free + ` { printf("%#8x", 8); }`, "the kernel has no flag #", 1},
		{"byte", `iter:task:` + free + ` { printf("ä"); }`, "the kernel prints no byte 0xc3", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, "-e", test.script)
			require.Equal(t, test.code, r.code, r.stdout)
			require.Contains(t, r.stderr, test.want)
			require.NoFileExists(t, free)
		})
	}
}

// Objects of iterators have types that the verifier knows, so that helpers take them.
func TestIteratorPath(t *testing.T) {
	testenv.Privileged(t)
	testenv.BTF(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "open"))
	require.NoError(t, err)
	defer f.Close()
	r := run(t, "-q", "-e", `iter:task_file { if (ctx.task.tgid == `+strconv.Itoa(os.Getpid())+` && ctx.fd == `+strconv.Itoa(int(f.Fd()))+`) { @[path(ctx.file.f_path)] = 1; } }`)
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "@["+f.Name()+"]: 1\n")
}
