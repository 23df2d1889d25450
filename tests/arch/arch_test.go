package arch

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Dir string
	Doc             string
	Imports         []string
	GoFiles         []string
}

func (p pkg) folder() string { return strings.TrimPrefix(p.ImportPath, module) }

// listPackages lists gtrace's packages as they are built for Linux.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles", "./...")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var list []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return list
		}
		list = append(list, p)
	}
}

func TestImports(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, path := range p.Imports {
			if fault := judge(p.folder(), path); fault != "" {
				t.Error(fault)
			}
		}
		top, _, _ := strings.Cut(p.folder(), "/")
		if _, known := allowed[p.folder()]; !known && matches(top, []string{"lang", "codegen", "stdlib", "runtime", "repl", "export"}) {
			t.Errorf("%s is not in the table of tests/arch/rules.go: say there what it may import", p.folder())
		}
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		folder, path string
		ok           bool
	}{
		{"lang/ast", module + "lang/diag", true},
		{"lang/ast", module + "lang/types", false},
		{"lang/check", module + "codegen/ir", false},
		{"lang/check", module + "stdlib", false},
		{"codegen/opt", module + "codegen/emit", false},
		{"codegen", module + "codegen/emit", true},
		{"runtime", module + "runtime/host", true},
		{"runtime/output", module + "runtime", false},
		{"runtime/output", module + "lang/ast", false},
		{"cmd/gtrace", module + "codegen/emit", true},
		{"lang/parser", "github.com/alecthomas/participle/v2", true},
		{"lang/parser", "github.com/alecthomas/participle/v2/lexer", true},
		{"lang/check", "github.com/alecthomas/participle/v2/lexer", false},
		{"codegen/emit", "github.com/cilium/ebpf/asm", true},
		{"codegen/lower", "github.com/cilium/ebpf/asm", false},
		{"codegen/object", "github.com/cilium/ebpf", true},
		{"codegen/object", "github.com/cilium/ebpf/link", false},
		{"runtime/output", "github.com/cilium/ebpf/link", false},
		{"lang/check", "github.com/cilium/ebpf", false},
		{"tests/vm/guest", "github.com/cilium/ebpf/link", true},
		{"lang/check", "os", false},
		{"lang/check", "net/http", false},
		{"stdlib", "net/netip", true},
		{"codegen", "os/exec", false},
		{"stdlib", "golang.org/x/sys/unix", false},
		{"runtime/host", "golang.org/x/sys/unix", true},
		{"runtime", "os", true},
		{"lang/diag", "fmt", true},
	}
	for _, tt := range tests {
		if got := judge(tt.folder, tt.path); (got == "") != tt.ok {
			t.Errorf("%s importing %s: got %q", tt.folder, tt.path, got)
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range listPackages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.folder())
		}
	}
}

// drawers are names under which anything would fit.
var drawers = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}

func TestNoDrawers(t *testing.T) {
	for _, p := range listPackages(t) {
		if matches(filepath.Base(p.Dir), drawers) {
			t.Errorf("%s: a package says by its name what it holds", p.folder())
		}
	}
}

const maxLines = 900

func TestFileLengths(t *testing.T) {
	eachGoFile(t, func(path string, text []byte) {
		if n := bytes.Count(text, []byte("\n")); n > maxLines && !generated(text) {
			t.Errorf("%s has %d lines, more than %d: find the second idea in it", path, n, maxLines)
		}
	})
}

func generated(text []byte) bool {
	return bytes.HasPrefix(text, []byte("// Code generated ")) || bytes.Contains(text, []byte("\n// Code generated "))
}

func TestNoInit(t *testing.T) {
	eachGoFile(t, func(path string, text []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			// Only before main starts can the main goroutine be kept on the first thread.
			if strings.HasSuffix(filepath.ToSlash(path), "cmd/gtrace/main.go") {
				continue
			}
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has a func init", path)
			}
		}
	})
}

// eachGoFile calls f for the Go files of the module, without test data.
func eachGoFile(t *testing.T, f func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "testdata" || name == ".git" || name == "vendor"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			f(path, text)
		}
		return err
	})
	require.NoError(t, err)
}

// A skip that does not go through tests/testenv is not counted, and no tier that is required fails for it.
func TestSkipsGoThroughTestenv(t *testing.T) {
	eachGoFile(t, func(path string, text []byte) {
		if strings.Contains(filepath.ToSlash(path), "tests/testenv/") || !bytes.Contains(text, []byte("\t\"testing\"\n")) {
			return
		}
		for _, call := range skips(t, path, text) {
			t.Errorf("%s: use a gate of tests/testenv, which says what is missing", call)
		}
	})
}

// skips returns where a file calls Skip, Skipf or SkipNow of anything but testenv.
func skips(t *testing.T, path string, text []byte) (found []string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !matches(f.Sel.Name, []string{"Skip", "Skipf", "SkipNow"}) {
			return true
		}
		if x, ok := f.X.(*ast.Ident); !ok || x.Name != "testenv" {
			found = append(found, files.Position(call.Pos()).String())
		}
		return true
	})
	return found
}

func TestSkipsAreFound(t *testing.T) {
	text := "package x\nfunc f() {\n\tt.Skip(1)\n\ttestenv.Skip(t)\n\tr.b.Skipf(2)\n\tSkip()\n\tt.SkipNow()\n}\n"
	require.Equal(t, []string{"x_test.go:3:2", "x_test.go:5:2", "x_test.go:7:2"}, skips(t, "x_test.go", []byte(text)))
}
