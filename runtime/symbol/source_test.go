package symbol_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/debuginfo"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/tests/testenv"
)

func TestUserSource(t *testing.T) {
	path := mustCompile(t, "-g")
	bin, err := symbol.OpenBinary(path)
	require.NoError(t, err)
	visible, ok := bin.ByName("visible")
	require.True(t, ok)
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = bufio.NewReader(out).ReadByte()
	require.NoError(t, err)
	pid := cmd.Process.Pid
	addr := loadBase(t, pid, path) + visible.Addr
	r := symbol.New(symbol.Options{Debug: &debuginfo.Cache{}})
	want := []symbol.Frame{{Func: "visible", File: path + ".c", Line: 4}}
	require.Equal(t, want, r.UserSource(pid, addr))
	require.Empty(t, r.UserSource(pid, 0x10))
	require.Empty(t, symbol.New(symbol.Options{}).UserSource(pid, addr), "without debug information")
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	require.Equal(t, want, r.UserSource(pid, addr), "gone")
}

// TestKernelSource takes a program for the kernel that begins where the kernel does.
func TestKernelSource(t *testing.T) {
	path := mustCompile(t, "-g", "-no-pie", "-Wl,--defsym=_text=visible", "-Wl,-z,norelro")
	bin, err := symbol.OpenBinary(path)
	require.NoError(t, err)
	visible, ok := bin.ByName("visible")
	require.True(t, ok)
	hidden, ok := bin.ByName("hidden")
	require.True(t, ok)
	const loaded = 0xffffffff81000000
	at := loaded + hidden.Addr - visible.Addr
	table := fmt.Sprintf("%x T _text\n%x t hidden\nffffffffc0000000 t other\t[module]\n", uint64(loaded), at)
	r := symbol.New(symbol.Options{
		Debug: &debuginfo.Cache{}, Images: []string{"/nonexistent", path},
		Kernel: func() (*symbol.KernelTable, error) { return symbol.ReadKernel(strings.NewReader(table)) },
	})
	require.Equal(t, []symbol.Frame{{Func: "hidden", File: path + ".c", Line: 3}}, r.KernelSource(at))
	require.Empty(t, r.KernelSource(0xffffffffc0000000), "a module")
	none := symbol.New(symbol.Options{
		Debug: &debuginfo.Cache{}, Images: []string{},
		Kernel: func() (*symbol.KernelTable, error) { return symbol.ReadKernel(strings.NewReader(table)) },
	})
	require.Empty(t, none.KernelSource(at))
}

func TestSymbolsInDebugFile(t *testing.T) {
	path := mustCompile(t, "-g")
	dir := filepath.Dir(path)
	for _, args := range [][]string{
		{"objcopy", "--only-keep-debug", path, path + ".debug"},
		{"strip", path},
		{"objcopy", "--add-gnu-debuglink=" + path + ".debug", path},
	} {
		cmd := exec.Command(testenv.Program(t, args[0]), args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	var bare symbol.Cache
	b, err := bare.Open(path)
	require.NoError(t, err)
	_, ok := b.ByName("hidden")
	require.False(t, ok)
	found := symbol.Cache{Debug: &debuginfo.Cache{}}
	b, err = found.Open(path)
	require.NoError(t, err)
	s, ok := b.ByName("hidden")
	require.True(t, ok)
	got, _, ok := b.Lookup(s.Addr + 1)
	require.True(t, ok)
	require.Equal(t, "hidden", got.Name)
	require.NoError(t, os.Remove(path+".debug"))
	again := symbol.Cache{Debug: &debuginfo.Cache{}}
	b, err = again.Open(path)
	require.NoError(t, err, "without the file there are fewer symbols")
	_, ok = b.ByName("hidden")
	require.False(t, ok)
}
