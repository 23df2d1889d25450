package symbol_test

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/tests/testenv"
)

func TestResolverKernel(t *testing.T) {
	r := symbol.New(symbol.Options{Kernel: func() (*symbol.KernelTable, error) { return mustReadKernel(t, kallsyms), nil }})
	name, offset, module, ok := r.Kernel(0xffffffffc0000004)
	require.True(t, ok)
	require.Equal(t, []any{"ext_fn", uint64(4), "ext"}, []any{name, offset, module})
	_, _, _, ok = r.Kernel(1)
	require.False(t, ok)
}

// loadBase returns where a program is loaded in a process.
func loadBase(t *testing.T, pid int, path string) uint64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		if strings.HasSuffix(strings.TrimSpace(line), path) {
			var base uint64
			_, err := fmt.Sscanf(line, "%x-", &base)
			require.NoError(t, err)
			return base
		}
	}
	require.Fail(t, "not mapped", path)
	return 0
}

func TestResolverUser(t *testing.T) {
	path := mustCompile(t, "-pie")
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	syms, err := f.Symbols()
	require.NoError(t, err)
	var hidden uint64
	for _, s := range syms {
		if s.Name == "hidden" {
			hidden = s.Value
		}
	}

	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = bufio.NewReader(out).ReadByte()
	require.NoError(t, err)
	pid := cmd.Process.Pid
	addr := loadBase(t, pid, path) + hidden + 2

	r := symbol.New(symbol.Options{})
	check := func(when string) {
		name, offset, module, ok := r.User(pid, addr)
		require.True(t, ok, when)
		require.Equal(t, []any{"hidden", uint64(2), path}, []any{name, offset, module}, when)
		_, _, _, ok = r.User(pid, 0x10)
		require.False(t, ok, when)
	}
	check("alive")
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	check("just gone")
	time.Sleep(1100 * time.Millisecond) // the mappings are read again
	check("long gone")
	_, _, _, ok := symbol.New(symbol.Options{}).User(pid, addr)
	require.False(t, ok, "a process that nobody looked at")
	afresh := symbol.New(symbol.Options{Afresh: true})
	_, _, _, ok = afresh.User(os.Getpid(), addr)
	require.False(t, ok)
	_, _, _, ok = afresh.User(pid, addr)
	require.False(t, ok)
}

// whereSource says where its function is, and runs another program if it is told to.
const whereSource = `
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) int NAME(int a) { __asm__ volatile(""); return a + 1; }
int main(int argc, char **argv) {
	printf("%d %lx\n", getpid(), (unsigned long)&NAME);
	fflush(stdout);
	if (argc > 1) execv(argv[1], argv + 1);
	return NAME(argc) == 99;
}
`

// mustBuildWhere compiles a program whose function has a name.
func mustBuildWhere(t *testing.T, name string) string {
	t.Helper()
	cc := testenv.Program(t, "gcc")
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command(cc, "-O1", "-xc", "-o", path, "-DNAME="+name, "-")
	cmd.Stdin = strings.NewReader(whereSource)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestWatchNamesWhatIsGone(t *testing.T) {
	testenv.Privileged(t)
	first, second := mustBuildWhere(t, "first_program"), mustBuildWhere(t, "second_program")
	r := symbol.New(symbol.Options{})
	require.NoError(t, r.Watch())
	require.NoError(t, r.Watch(), "again")
	defer func() { require.NoError(t, r.Close()) }()
	for range 20 {
		out, err := exec.Command(first, second).Output()
		require.NoError(t, err)
		var pid, pid2 int
		var addr, addr2 uint64
		_, err = fmt.Sscanf(string(out), "%d %x\n%d %x", &pid, &addr, &pid2, &addr2)
		require.NoError(t, err, "%s", out)
		require.Equal(t, pid, pid2)
		for name, addr := range map[string]uint64{"first_program": addr, "second_program": addr2} {
			got, offset, module, ok := r.User(pid, addr)
			require.True(t, ok, "%s of %d at %x", name, pid, addr)
			require.Equal(t, name, got)
			require.Zero(t, offset)
			require.Equal(t, name, filepath.Base(module))
		}
	}
	require.Zero(t, r.Lost())
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "again")
}

func TestEagerReadsFilesThatAreRemoved(t *testing.T) {
	testenv.File(t, "/proc/self/maps")
	path := mustCompile(t)
	bin, err := symbol.OpenBinary(path)
	require.NoError(t, err)
	main, ok := bin.ByName("visible")
	require.True(t, ok)
	for _, eager := range []bool{true, false} {
		run := path + fmt.Sprint(eager)
		require.NoError(t, os.Link(path, run))
		cmd := exec.Command(run)
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadByte()
		require.NoError(t, err)
		addr := loadBase(t, cmd.Process.Pid, run) + main.Addr
		r := symbol.New(symbol.Options{Eager: eager})
		r.User(cmd.Process.Pid, 0)
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
		require.NoError(t, os.Remove(run))
		_, _, _, ok := r.User(cmd.Process.Pid, addr)
		require.Equal(t, eager, ok)
	}
}

func TestDemangle(t *testing.T) {
	tests := []struct{ name, want string }{
		{"main", "main"},
		{"_start", "_start"},
		{"_ZN2ns1A4doitIlEEiT_RKSt6vectorIiSaIiEE", "int ns::A::doit<long>(long, std::vector<int, std::allocator<int> > const&)"},
		{"_ZL7stat_fni", "stat_fn(int)"},
		{"_RNvC6_123foo3bar", "123foo::bar"},
		// The older form of Rust's names: what was escaped is put right, and the hash is left out.
		{"_ZN4core3fmt9Formatter9write_str17h5a3c1f0e9b2d4768E", "core::fmt::Formatter::write_str"},
		{"_ZN4core3fmt9Formatter9write_str17h5a3c1f0e9b2d4768E.llvm.1234567", "core::fmt::Formatter::write_str"},
		{
			"_ZN50_$LT$T$u20$as$u20$core..convert..Into$LT$U$GT$$GT$4into17h5a3c1f0e9b2d4768E",
			"<T as core::convert::Into<U>>::into",
		},
		{"_ZN3foo17habcdefghijklmnopE", "foo::habcdefghijklmnop"}, // C++: not a hash
	}
	for _, test := range tests {
		require.Equal(t, test.want, symbol.Demangle(test.name))
	}
}

func TestUsername(t *testing.T) {
	testenv.File(t, "/etc/passwd")
	name, ok := symbol.New(symbol.Options{}).Username(0)
	require.True(t, ok)
	require.Equal(t, "root", name)
	_, ok = symbol.New(symbol.Options{}).Username(4_000_000_000)
	require.False(t, ok)
}
