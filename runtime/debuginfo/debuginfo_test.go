package debuginfo_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/debuginfo"
	"github.com/gtrace/gtrace/tests/testenv"
)

// source has a function of its own, and one that is compiled into two others. The comments name lines.
const source = `#include <stdlib.h>
int g; struct pair { int a; union { struct pair *next; long n; }; } pair;
__attribute__((noinline)) int leaf(int a, char *s)
{
	g += a; /* 5 */
	__asm__ volatile("nop");
	return g + s[0];
}
static inline __attribute__((always_inline)) int inner(int b)
{
	int r = leaf(b, "abc"); /* 11 */
	return r + 1;
}
static inline __attribute__((always_inline)) int outer(int c)
{
	return inner(c) * 2; /* 16 */
}
__attribute__((noinline)) int caller(int d)
{
	int r = outer(d); /* 20 */
	g += r;
	return r;
}
__attribute__((noinline)) int caller2(int d)
{
	int r = outer(d + 1); /* 26 */
	g -= r;
	return r;
}
int main(int argc, char **argv) { return caller(3) + caller2(4) == argc; }
`

// mustCompile returns the path of the program in a folder of its own, made from source.c.
func mustCompile(t *testing.T, flags ...string) string {
	t.Helper()
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "source.c"), []byte(source), 0o644))
	cmd := exec.Command(cc, append([]string{"-g", "-O1", "-o", "prog", "source.c"}, flags...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, "prog")
}

func mustRun(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(testenv.Program(t, name), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// symbols returns where the functions of a program are.
func symbols(t *testing.T, path string) map[string]elf.Symbol {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	syms, err := f.Symbols()
	require.NoError(t, err)
	out := map[string]elf.Symbol{}
	for _, s := range syms {
		out[s.Name] = s
	}
	return out
}

func mustOpen(t *testing.T, path string) *debuginfo.Info {
	t.Helper()
	info, err := new(debuginfo.Cache).Open(path)
	require.NoError(t, err)
	return info
}

// within counts the addresses that are in a function.
func within(addrs []uint64, s elf.Symbol) int {
	n := 0
	for _, a := range addrs {
		if a >= s.Value && a < s.Value+s.Size {
			n++
		}
	}
	return n
}

func TestAddresses(t *testing.T) {
	for _, flags := range [][]string{{"-gdwarf-4"}, {"-gdwarf-5"}, {"-gdwarf-3"}, {"-gz=zlib"}, {"-no-pie"}, {"-gdwarf64"}, {"-gsplit-dwarf"}} {
		t.Run(flags[0], func(t *testing.T) {
			path := mustCompile(t, flags...)
			info, syms := mustOpen(t, path), symbols(t, path)
			tests := []struct {
				file         string
				line, column uint64
				want         map[string]int
			}{
				{"source.c", 5, 0, map[string]int{"leaf": 1}},
				{"source.c", 7, 0, map[string]int{"leaf": 1}},
				{"source.c", 20, 0, map[string]int{"caller": 1}},
				{"source.c", 26, 0, map[string]int{"caller2": 1}},
				{"source.c", 11, 0, map[string]int{"caller": 1, "caller2": 1}},
				{"source.c", 16, 0, map[string]int{"caller": 1, "caller2": 1}},
				{filepath.Join(filepath.Dir(path), "source.c"), 5, 0, map[string]int{"leaf": 1}},
				{filepath.Base(filepath.Dir(path)) + "/source.c", 5, 0, map[string]int{"leaf": 1}},
				{"source.c", 5, 2, map[string]int{"leaf": 1}},
			}
			for _, test := range tests {
				if flags[0] == "-gsplit-dwarf" && test.want["caller2"]+test.want["caller"] == 2 {
					continue // what was compiled into what is said in another file
				}
				got, err := info.Addresses(test.file, test.line, test.column)
				require.NoError(t, err)
				n := 0
				for name, want := range test.want {
					require.Equal(t, want, within(got, syms[name]), "%s:%d in %s", test.file, test.line, name)
					n += want
				}
				require.Len(t, got, n)
			}
		})
	}
}

func TestAddressErrors(t *testing.T) {
	info := mustOpen(t, mustCompile(t))
	tests := []struct {
		file         string
		line, column uint64
		want         string
	}{
		{"other.c", 1, 0, "No compilation unit matches other.c"},
		{"c", 1, 0, "No compilation unit matches c"},
		{"./source.c", 5, 0, "No compilation unit matches ./source.c"},
		{"source.c", 999, 0, "Unable to map 'source.c:999' to address"},
		{"source.c", 0, 0, "Unable to map 'source.c:0' to address"},
		{"source.c", 5, 99, "Unable to map 'source.c:5:99' to address"},
	}
	for _, test := range tests {
		_, err := info.Addresses(test.file, test.line, test.column)
		require.EqualError(t, err, test.want)
	}
}

func TestAmbiguousFile(t *testing.T) {
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "int one(int a) { return a; }\n", "b": "int one(int);\nint main(int c, char **v) { return one(c); }\n"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, "s.c"), []byte(text), 0o644))
	}
	path := filepath.Join(dir, "prog")
	out, err := exec.Command(cc, "-g", "-O0", "-o", path, filepath.Join(dir, "a/s.c"), filepath.Join(dir, "b/s.c")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	info := mustOpen(t, path)
	_, err = info.Addresses("s.c", 1, 0)
	require.EqualError(t, err, "Ambiguous source path, matches multiple files: "+dir+"/a/s.c, "+dir+"/b/s.c")
	got, err := info.Addresses("a/s.c", 1, 0)
	require.NoError(t, err)
	require.Equal(t, 1, within(got, symbols(t, path)["one"]))
}

func TestFrames(t *testing.T) {
	for _, flags := range [][]string{{"-gdwarf-4"}, {"-gdwarf-5"}, {"-gz=zlib"}} {
		t.Run(flags[0], func(t *testing.T) {
			path := mustCompile(t, flags...)
			info := mustOpen(t, path)
			file := filepath.Join(filepath.Dir(path), "source.c")
			addrs, err := info.Addresses("source.c", 11, 0)
			require.NoError(t, err)
			require.Len(t, addrs, 2)
			callers := []debuginfo.Frame{{Func: "caller", File: file, Line: 20}, {Func: "caller2", File: file, Line: 26}}
			for i, addr := range addrs {
				got := info.Frames(addr + 4) // a few bytes into the call
				require.Len(t, got, 3)
				require.Equal(t, debuginfo.Frame{Func: "outer", File: file, Line: 16}, got[1])
				require.Equal(t, callers[i], got[2])
				require.Equal(t, "inner", got[0].Func)
				require.Equal(t, got, info.Frames(addr+4), "again")
			}
			leaf := symbols(t, path)["leaf"]
			require.Equal(t, []debuginfo.Frame{{Func: "leaf", File: file, Line: 5}}, info.Frames(leaf.Value))
			require.Empty(t, info.Frames(1))
		})
	}
}

func TestParams(t *testing.T) {
	path := mustCompile(t)
	info, syms := mustOpen(t, path), symbols(t, path)
	for name, want := range map[string][]string{"leaf": {"int a", "char* s"}, "caller": {"int d"}, "main": {"int argc", "char** argv"}} {
		params, err := info.Params(syms[name].Value)
		require.NoError(t, err)
		var got []string
		for _, p := range params {
			got = append(got, p.Declaration())
		}
		require.Equal(t, want, got)
	}
	_, err := info.Params(1)
	require.ErrorIs(t, err, debuginfo.ErrNoFunction)
	self, err := os.Executable()
	require.NoError(t, err)
	if info, err := new(debuginfo.Cache).Open(self); err == nil { // go test leaves it out at times
		_, err = info.Params(symbols(t, self)["main.main"].Value)
		require.ErrorIs(t, err, debuginfo.ErrGo)
	}
}

func TestSeparateFiles(t *testing.T) {
	path := mustCompile(t)
	dir := filepath.Dir(path)
	debug := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.MkdirAll(filepath.Join(debug, dir), 0o755))
	mustRun(t, dir, "objcopy", "--only-keep-debug", "prog", "prog.debug")
	mustRun(t, dir, "strip", "-g", "-o", "bare", "prog")
	mustRun(t, dir, "objcopy", "--add-gnu-debuglink=prog.debug", "bare")
	bare := filepath.Join(dir, "bare")
	open := func(dirs ...string) error {
		var c debuginfo.Cache
		for _, d := range dirs {
			c.Search(d)
		}
		info, err := c.Open(bare)
		if err == nil {
			_, err = info.Addresses("source.c", 5, 0)
		}
		return err
	}
	require.NoError(t, open(), "beside the program")
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".debug"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(dir, "prog.debug"), filepath.Join(dir, ".debug", "prog.debug")))
	require.NoError(t, open(), "in a folder there")
	kept := filepath.Join(debug, dir, "prog.debug")
	require.NoError(t, os.Rename(filepath.Join(dir, ".debug", "prog.debug"), kept))
	require.ErrorIs(t, open(), debuginfo.ErrNone)
	require.NoError(t, open("/nowhere:"+debug), "in a folder that is given")
	require.NoError(t, open("+"+debug))
	f, err := os.OpenFile(kept, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.Write([]byte{1})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.ErrorIs(t, open(debug), debuginfo.ErrNone, "of another checksum")
	require.NoError(t, open("-"+debug), "whatever its checksum")
}

func TestBuildID(t *testing.T) {
	path := mustCompile(t, "-Wl,--build-id=0xabcdef0123456789")
	dir, debug := filepath.Dir(path), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(debug, ".build-id", "ab"), 0o755))
	stored := filepath.Join(debug, ".build-id", "ab", "cdef0123456789.debug")
	mustRun(t, dir, "objcopy", "--only-keep-debug", "prog", stored)
	mustRun(t, dir, "strip", "-g", "-o", "bare", "prog")
	var c debuginfo.Cache
	c.Search(debug)
	_, err := c.Open(filepath.Join(dir, "bare"))
	require.NoError(t, err)
	other := mustCompile(t, "-Wl,--build-id=0xabcdef012345678a")
	mustRun(t, dir, "objcopy", "--only-keep-debug", other, stored)
	c = debuginfo.Cache{}
	c.Search(debug)
	_, err = c.Open(filepath.Join(dir, "bare"))
	require.ErrorIs(t, err, debuginfo.ErrNone, "of another build")
}

func TestOpenErrors(t *testing.T) {
	var c debuginfo.Cache
	_, err := c.Open("/nonexistent")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = c.Open(mustCompile(t, "-g0"))
	require.ErrorIs(t, err, debuginfo.ErrNone)
}

// FuzzInfo damages the debug information of a program.
func FuzzInfo(f *testing.F) {
	if _, err := exec.LookPath("gcc"); err != nil {
		testenv.Skip(f, testenv.Host, "needs the program gcc")
	}
	dir := f.TempDir()
	path := filepath.Join(dir, "prog")
	require.NoError(f, os.WriteFile(path+".c", []byte(source), 0o644))
	require.NoError(f, exec.Command("gcc", "-g", "-O1", "-o", path, path+".c").Run())
	data, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(len(data)/2, byte(1))
	f.Fuzz(func(t *testing.T, at int, b byte) {
		damaged := append([]byte(nil), data...)
		damaged[uint(at)%uint(len(damaged))] ^= b
		bad := filepath.Join(t.TempDir(), "bad")
		require.NoError(t, os.WriteFile(bad, damaged, 0o644))
		info, err := new(debuginfo.Cache).Open(bad)
		if err != nil {
			return
		}
		_, _ = info.Addresses("prog.c", 11, 0)
		info.Frames(0x1150)
	})
}
