package parser_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
)

const formattedMark = "-- formatted --\n"

// TestFormat compares with golden files: a script and how it is laid out.
func TestFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/format/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			text, want, ok := strings.Cut(strings.TrimPrefix(string(data), scriptMark), formattedMark)
			require.True(t, ok || *update)
			prog, diags := parse(text)
			require.Empty(t, diags)
			got := ast.Format(prog)
			if *update {
				require.NoError(t, os.WriteFile(name, []byte(scriptMark+text+formattedMark+got), 0o644))
				return
			}
			require.Equal(t, want, got)
			requireStable(t, text)
		})
	}
}

// TestFormatKeepsEveryScript formats every script of the repository: none may change its meaning or lose a comment.
func TestFormatKeepsEveryScript(t *testing.T) {
	scripts := everyScript(t)
	require.Greater(t, len(scripts), 400)
	parsed := 0
	for name, text := range scripts {
		if _, diags := parse(text); len(diags) == 0 {
			parsed++
		}
		t.Run(name, func(t *testing.T) { requireStable(t, text) })
	}
	require.Greater(t, parsed, len(scripts)*2/3, "scripts without a syntax error")
}

// everyScript returns the scripts of all folders by a name: files, and those in tables of cases.
func everyScript(t testing.TB) map[string]string {
	t.Helper()
	scripts := map[string]string{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".gt", ".bt", ".txt":
		default:
			return nil
		}
		data, err := fs.ReadFile(root, path)
		if err == nil {
			addScripts(scripts, path, string(data))
		}
		return err
	})
	require.NoError(t, err)
	return scripts
}

// setting is a line before the script of a case, such as "args: -f json".
var setting = regexp.MustCompile(`^[a-z]+: [^\n]*\n`)

func addScripts(scripts map[string]string, path, text string) {
	switch {
	case filepath.Ext(path) != ".txt":
		scripts[path] = text
	case strings.HasPrefix(text, scriptMark):
		text, _, _ = strings.Cut(text[len(scriptMark):], "\n-- ")
		scripts[path] = text + "\n"
	case strings.HasPrefix(path, "tests/peer/"):
		for c := range strings.SplitSeq("\n"+text, "\n=== ") {
			name, script, _ := strings.Cut(c, "\n")
			script, _, _ = strings.Cut(script, "\n---")
			for setting.MatchString(script) {
				_, script, _ = strings.Cut(script, "\n")
			}
			scripts[path+"/"+name] = script + "\n"
		}
	case strings.HasPrefix(path, "lang/check/"):
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
				scripts[path+"/"+strings.TrimSpace(line)] = line
			}
		}
	}
}
