package ast_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

// everyNode holds every kind of node that a well-formed script can have.
func everyNode(t testing.TB) *ast.Program {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "every.gt"))
	require.NoError(t, err)
	var diags diag.List
	prog := parser.Parse(diag.NewFile("every.gt", string(text)), &diags)
	require.Empty(t, diags.All())
	return prog
}

var nodeType = reflect.TypeFor[ast.Node]()

// reachable collects the nodes under a value by reflection, to compare with what Walk visits.
func reachable(v reflect.Value, found map[ast.Node]bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			reachable(v.Elem(), found)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Type() == reflect.TypeFor[*diag.File]() {
			return
		}
		if v.Type().Implements(nodeType) {
			found[v.Interface().(ast.Node)] = true
		}
		reachable(v.Elem(), found)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Comments" && v.Type().Field(i).Name != "Place" {
				reachable(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			e := v.Index(i)
			if e.Kind() == reflect.Struct {
				e = e.Addr()
			}
			reachable(e, found)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			reachable(it.Value(), found)
		}
	}
}

func TestWalkVisitsEveryNodeOnce(t *testing.T) {
	prog := everyNode(t)
	want := map[ast.Node]bool{}
	reachable(reflect.ValueOf(prog), want)
	seen := map[ast.Node]int{}
	ast.Walk(prog, func(n ast.Node) bool {
		require.False(t, reflect.ValueOf(n).IsNil(), "%T", n)
		seen[n]++
		if c, ok := n.(*ast.CallExpr); ok { // what stands for a type argument is not visited
			for i, typ := range c.TypeArgs {
				delete(want, c.Args[i])
				want[typ] = true
			}
		}
		return true
	})
	for n := range want {
		require.Equal(t, 1, seen[n], "%T at %s", n, n.Span())
	}
	require.Len(t, seen, len(want))
}

func TestWalkStopsWhereToldTo(t *testing.T) {
	var kinds []string
	prog := everyNode(t)
	ast.Walk(prog, func(n ast.Node) bool {
		kinds = append(kinds, reflect.TypeOf(n).Elem().Name())
		return len(kinds) == 1
	})
	require.Len(t, kinds, 1+len(prog.Decls))
	require.NotContains(t, kinds, "Block")
}

// TestEveryKindIsCovered fails when a node is added to the package and not to the script of these tests.
func TestEveryKindIsCovered(t *testing.T) {
	seen := map[string]bool{}
	ast.Walk(everyNode(t), func(n ast.Node) bool {
		seen[reflect.TypeOf(n).Elem().Name()] = true
		return true
	})
	for _, kind := range declaredNodes(t) {
		if kind != "BadExpr" && kind != "BadStmt" && kind != "Comment" {
			require.True(t, seen[kind], "testdata/every.gt has no %s", kind)
		}
	}
}

// declaredNodes reads the names of all types that embed Place out of the package's own source.
func declaredNodes(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range []string{"expr.go", "stmt.go", "program.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		last := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "type ")
			if name, _, ok := strings.Cut(line, " struct"); ok && !strings.HasPrefix(line, "//") {
				last = name
			}
			if line == "Place" || strings.HasSuffix(line, "struct{ Place }") {
				names = append(names, last)
			}
		}
	}
	require.Greater(t, len(names), 50)
	return names
}

// TestSpansNest checks that a node lies within its parent, but for the parts an else branch shares with its if.
func TestSpansNest(t *testing.T) {
	prog := everyNode(t)
	ast.Walk(prog, func(n ast.Node) bool {
		at := n.Span()
		require.True(t, at.IsValid(), "%T", n)
		require.LessOrEqual(t, at.Start, at.End)
		ast.Walk(n, func(c ast.Node) bool {
			if c == n {
				return true
			}
			in := c.Span()
			require.LessOrEqual(t, at.Start, in.Start, "%T %q in %T %q", c, in.Text(), n, at.Text())
			require.GreaterOrEqual(t, at.End, in.End, "%T %q in %T %q", c, in.Text(), n, at.Text())
			return false
		})
		return true
	})
}
