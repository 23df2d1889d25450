package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	loose = "BEGIN{printf(\"hi\"); // greet\n}"
	tight = "BEGIN\n{\n  printf(\"hi\"); // greet\n}\n"
)

func TestFormatCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gt")
	require.NoError(t, os.WriteFile(file, []byte(loose), 0o600))
	for _, c := range []struct {
		name, stdin string
		args        []string
	}{
		{"file", "", []string{"--fmt", file}},
		{"mode", "", []string{"--mode", "format", file}},
		{"program", "", []string{"--fmt", "-e", loose}},
		{"standard input", loose, []string{"--fmt", "-"}},
		{"formatted already", "", []string{"--fmt", "-e", tight}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := command(t, c.stdin, c.args...)
			require.Zero(t, code, stderr)
			require.Empty(t, stderr)
			require.Equal(t, tight, stdout)
		})
	}
}

func TestFormatReplacesTheFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "x.gt"), filepath.Join(dir, "link.gt")
	require.NoError(t, os.WriteFile(file, []byte(loose), 0o750))
	require.NoError(t, os.Symlink("x.gt", link))
	stdout, stderr, code := command(t, "", "--fmt", "-o", link, file)
	require.Zero(t, code, stderr)
	require.Empty(t, stdout)
	require.Equal(t, tight, readFile(t, file))
	st, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, st.Mode()&os.ModeSymlink, "the link is still one")
	st, err = os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), st.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing is left behind")
}

func TestFormatRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.gt")
	const broken = "BEGIN { $x = ; }\n"
	require.NoError(t, os.WriteFile(file, []byte(broken), 0o600))
	stdout, stderr, code := command(t, "", "--fmt", "-o", file, file)
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "x.gt:1:14-15: ERROR: ")
	require.Equal(t, broken, readFile(t, file), "a script with errors stays as it is")

	_, stderr, code = command(t, "", "--fmt", "-o", dir+"/none/x.gt", "-e", loose)
	require.Equal(t, 1, code)
	require.Equal(t, "ERROR: failed to write file '"+dir+"/none/x.gt': No such file or directory\n", stderr)
	_, stderr, code = command(t, "", "--mode", "xml", file)
	require.Equal(t, 1, code)
	require.Equal(t, "ERROR: --mode xml: unknown mode: use test, bench, format or codegen\n", stderr)
	_, stderr, code = command(t, "", "--fmt")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "USAGE: filename or -e 'program' required.")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
