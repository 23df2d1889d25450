package testenv

import (
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed nofp/*.c
var nofp embed.FS

// NoFramePointers builds a program in C that has no frame pointers (see nofp/nofp.c), with options for the compiler, and returns its path. It
// skips the test on a machine without gcc.
func NoFramePointers(t testing.TB, options ...string) string {
	t.Helper()
	return buildC(t, "nofp", options...)
}

// NoFramePointersLibrary builds a library for it.
func NoFramePointersLibrary(t testing.TB) string {
	t.Helper()
	return buildC(t, "library", "-shared", "-fPIC")
}

// Container builds a program that works in namespaces of its own (see nofp/container.c). It has frame pointers and needs no library.
func Container(t testing.TB) string {
	t.Helper()
	return buildC(t, "container", "-fno-omit-frame-pointer", "-static")
}

func buildC(t testing.TB, name string, options ...string) string {
	t.Helper()
	cc := Program(t, "gcc")
	dir := t.TempDir()
	source, out := filepath.Join(dir, name+".c"), filepath.Join(dir, name)
	text, err := nofp.ReadFile("nofp/" + name + ".c")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(source, text, 0o600))
	args := append([]string{"-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls", "-w", "-o", out, source}, options...)
	msg, err := exec.Command(cc, args...).CombinedOutput()
	require.NoError(t, err, "build %s.c: %s", name, msg)
	return out
}
