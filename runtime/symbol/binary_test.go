package symbol_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/tests/testenv"
)

const source = `
#include <unistd.h>
static __attribute__((noinline)) int hidden(int a) { __asm__ volatile(""); return a + 1; }
__attribute__((noinline)) int visible(int a) { __asm__ volatile(""); return hidden(a) + 1; }
int main(int argc, char **argv) {
	int n = visible(argc);
	write(1, "\n", 1);
	char c;
	if (read(0, &c, 1) < 0) return 2;
	return n < 0;
}
`

// mustCompile returns the path of a program, or skips the test.
func mustCompile(t *testing.T, flags ...string) string {
	t.Helper()
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	in, path := filepath.Join(dir, "a.c"), filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(in, []byte(source), 0o644))
	out, err := exec.Command(cc, append([]string{"-O1", "-o", path, in}, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestBinary(t *testing.T) {
	for _, flags := range [][]string{{"-pie"}, {"-no-pie"}, {"-s", "-rdynamic"}} {
		t.Run(flags[0], func(t *testing.T) {
			b, err := symbol.OpenBinary(mustCompile(t, flags...))
			require.NoError(t, err)
			s, ok := b.ByName("visible")
			require.True(t, ok)
			_, ok = b.ByName("hidden")
			require.Equal(t, flags[0] != "-s", ok)
			_, ok = b.ByName("read")
			require.False(t, ok, "an import is no function of the program")

			got, offset, ok := b.Lookup(s.Addr + 1)
			require.True(t, ok)
			require.Equal(t, "visible", got.Name)
			require.EqualValues(t, 1, offset)
			_, _, ok = b.Lookup(1)
			require.False(t, ok)

			off, ok := b.FileOffset(s.Addr)
			require.True(t, ok)
			addr, ok := b.Addr(off)
			require.True(t, ok)
			require.Equal(t, s.Addr, addr)
			_, ok = b.FileOffset(1 << 60)
			require.False(t, ok)
		})
	}
}

func TestOpenBinaryRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	_, err := symbol.OpenBinary(path)
	require.ErrorIs(t, err, symbol.ErrNotELF)
	_, err = symbol.OpenBinary(path + "-missing")
	require.ErrorIs(t, err, os.ErrNotExist)
	var c symbol.Cache
	_, err = c.Open(filepath.Dir(path))
	require.ErrorIs(t, err, symbol.ErrNotELF)
}

func TestCacheKnowsFilesByIdentity(t *testing.T) {
	var c symbol.Cache
	path := mustCompile(t)
	first, err := c.Open(path)
	require.NoError(t, err)
	link := path + "-link"
	require.NoError(t, os.Link(path, link))
	second, err := c.Open(link)
	require.NoError(t, err)
	require.Same(t, first, second)
	other, err := c.Open(mustCompile(t))
	require.NoError(t, err)
	require.NotSame(t, first, other)
}
