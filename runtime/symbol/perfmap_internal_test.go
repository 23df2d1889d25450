package symbol

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestParsePerfSymbol(t *testing.T) {
	tests := []struct {
		line string
		want Symbol
	}{
		{"7f00 40 one\n", Symbol{"one", 0x7f00, 0x40}},
		{"0x7f00 0x40 LazyCompile:~two file.js:3\n", Symbol{"LazyCompile:~two file.js:3", 0x7f00, 0x40}},
		{"7f00 40 a\x1b[2Jb\tc\r\n", Symbol{"a?[2Jb?c", 0x7f00, 0x40}},
		{"7f00 40\n", Symbol{}},
		{"7f00 40 \n", Symbol{}},
		{"7g00 40 one\n", Symbol{}},
		{"-1 40 one\n", Symbol{}},
		{"\n", Symbol{}},
	}
	for _, test := range tests {
		sym, ok := parsePerfSymbol(test.line)
		require.Equal(t, test.want != Symbol{}, ok, "%q", test.line)
		if ok {
			require.Equal(t, test.want, sym)
		}
	}
}

// TestPerfMap reads the file of this process while it is written.
func TestPerfMap(t *testing.T) {
	path := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid())
	require.NoFileExists(t, path)
	f, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.Remove(path) })
	write := func(text string) {
		_, err := f.WriteString(text)
		require.NoError(t, err)
	}
	r := New(Options{})
	name := func(addr uint64) string {
		name, offset, module, ok := r.User(os.Getpid(), addr)
		if !ok {
			return ""
		}
		require.Equal(t, path, module)
		return fmt.Sprintf("%s+%d", name, offset)
	}
	write("1000 10 first\n3000 100 outer\n3010 8 inner\n20")
	require.Equal(t, "first+4", name(0x1004))
	require.Empty(t, name(0x1010))
	require.Empty(t, name(0xfff))
	require.Equal(t, "inner+7", name(0x3017))
	require.Equal(t, "outer+24", name(0x3018))
	require.Empty(t, name(0x2001), "the line is not complete")
	write("00 10 second\n")
	require.Equal(t, "second+1", name(0x2001), "of what was added")
	require.NoError(t, f.Truncate(0))
	_, err = f.Seek(0, 0)
	require.NoError(t, err)
	write("5000 1 other\n")
	require.Equal(t, "other+0", name(0x5000), "of a new file")
	require.Empty(t, name(0x1004))
}

// A process decides what is at the path, so that nothing but a file of its own is read.
func TestPerfMapThatIsNone(t *testing.T) {
	path := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid())
	t.Cleanup(func() { _ = os.Remove(path) })
	real := filepath.Join(t.TempDir(), "real")
	require.NoError(t, os.WriteFile(real, []byte("1000 10 first\n"), 0o600))
	for _, put := range []func() error{
		func() error { return os.Symlink(real, path) },
		func() error { return unix.Mkfifo(path, 0o600) },
		func() error { return os.Mkdir(path, 0o700) },
	} {
		require.NoError(t, put())
		_, _, _, ok := New(Options{}).User(os.Getpid(), 0x1004)
		require.False(t, ok)
		require.NoError(t, os.Remove(path))
	}
	require.NoError(t, os.Rename(real, path))
	_, _, _, ok := New(Options{}).User(os.Getpid(), 0x1004)
	require.True(t, ok)
}
