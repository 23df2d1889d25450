package emit_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// section is a part of a golden file: its name and its text.
type section struct{ name, text string }

func readSections(t *testing.T, path string) []section {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []section
	for _, line := range strings.SplitAfter(string(data), "\n") {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			out = append(out, section{name: strings.TrimSuffix(name, " --")})
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].text += line
		}
	}
	return out
}

func parseTarget(t *testing.T, text string) target.Recorded {
	t.Helper()
	major, minor, _ := strings.Cut(strings.TrimSpace(text), ".")
	x, err := strconv.Atoi(major)
	require.NoError(t, err)
	y, err := strconv.Atoi(minor)
	require.NoError(t, err)
	return target.Recorded{Version: target.Version{Major: x, Minor: y}}
}

// TestGolden compares the instructions for IR texts, and their number with what clang needs for the same program in C.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { runGolden(t, path) })
	}
}

func runGolden(t *testing.T, path string) {
	sections := readSections(t, path)
	on := target.Recorded{Version: target.Version{Major: 6, Minor: 12}}
	clang := 0
	var text, want string
	for _, s := range sections {
		switch s.name {
		case "ir":
			text = s.text
		case "target":
			on = parseTarget(t, s.text)
		case "clang":
			n, err := strconv.Atoi(strings.TrimSpace(s.text))
			require.NoError(t, err)
			clang = n
		case "asm":
			want = s.text
		default:
			t.Fatalf("unknown section %q", s.name)
		}
	}
	m, err := ir.Parse(text)
	require.NoError(t, err)
	require.NoError(t, ir.Validate(m))
	results, err := emit.Module(m, emit.Options{Target: on, ScratchMap: "gt_scratch_"})
	require.NoError(t, err)
	var got strings.Builder
	size := uint64(0)
	for _, r := range results {
		require.NoError(t, emit.Dump(&got, r.Insns))
		require.Contains(t, got.String(), " "+strconv.Itoa(r.StackSize)+" bytes of stack")
		size += r.Insns.Size() / 8
	}
	if testenv.Update() {
		writeGolden(t, path, sections, got.String())
		return
	}
	require.Equal(t, want, got.String())
	if clang > 0 {
		require.LessOrEqual(t, 2*size, 3*uint64(clang), "more than 1.5 times clang's instructions")
	}
}

func writeGolden(t *testing.T, path string, sections []section, asm string) {
	t.Helper()
	var out strings.Builder
	for _, s := range sections {
		if s.name == "asm" {
			s.text = asm
		}
		out.WriteString("-- " + s.name + " --\n" + s.text)
	}
	require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o644))
}
