package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/repl"
)

// imported is a session that has imported a file and defined a macro.
type imported struct {
	repl.Live
	path string
}

func (i imported) Definitions() []repl.Definition {
	return []repl.Definition{
		{Text: `import "` + i.path + `";`, Names: []string{"import " + i.path}},
		{Text: `import "nosuch.bt";`, Names: []string{"import nosuch.bt"}},
		{Text: "macro here() { 1 }", Names: []string{"macro here"}},
	}
}

// What a session has imported is known to completion, each file once, probes left out.
func TestPreludeOfImports(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.bt": "import \"b.bt\"; import \"types.h\";\nmacro first($x) { $x }\nbegin { @ = 1; }\n",
		"b.bt": "import \"a.bt\";\nfn second($n: int64): int64 { return $n; }\nstruct third { int n; };\n", "types.h": "struct fourth { int n; };\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	talk := talking{imported{path: filepath.Join(dir, "a.bt")}, &sessionCompiler{compiler: &compiler{opts: &options{}}}}
	require.Equal(t, "fn second($n: int64): int64 { return $n; }\nstruct third { int n; };\nstruct fourth { int n; };\n\nmacro first($x) { $x }\nmacro here() { 1 }\n", talk.Prelude())
}
