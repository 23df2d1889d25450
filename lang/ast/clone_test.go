package ast_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
)

func TestCloneIsDeepAndEqual(t *testing.T) {
	for _, d := range everyNode(t).Decls {
		p, ok := d.(*ast.ProbeDecl)
		if !ok {
			continue
		}
		clone := ast.CloneBlock(p.Body)
		require.Equal(t, p.Body, clone)
		requireDisjoint(t, p.Body, clone)
		pred := ast.CloneExpr(p.Predicate)
		require.Equal(t, p.Predicate, pred)
	}
}

func requireDisjoint(t *testing.T, a, b ast.Node) {
	t.Helper()
	mine, theirs := map[ast.Node]bool{}, map[ast.Node]bool{}
	reachable(reflect.ValueOf(a), mine)
	reachable(reflect.ValueOf(b), theirs)
	require.Len(t, theirs, len(mine))
	for n := range theirs {
		require.False(t, mine[n], "%T is shared", n)
	}
}

func TestCloneOfNothing(t *testing.T) {
	require.Nil(t, ast.CloneExpr(nil))
	require.Nil(t, ast.CloneBlock(nil))
	require.Nil(t, ast.CloneStmt(nil))
	require.Nil(t, ast.CloneType(nil))
}

func TestOperators(t *testing.T) {
	for op := ast.LogOr; op <= ast.Mod; op++ {
		got, ok := ast.LookupBinaryOp(op.String())
		require.True(t, ok)
		require.Equal(t, op, got)
		require.Positive(t, op.Precedence(), op.String())
	}
	_, ok := ast.LookupBinaryOp("=")
	require.False(t, ok)
	for op := ast.Not; op <= ast.AddrOf; op++ {
		require.NotEmpty(t, op.String())
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "abc", `"abc"`},
		{"escapes", "a\"\\\n\t\r", `"a\"\\\n\t\r"`},
		{"control and bad bytes", "\x00\x7f\xff1", `"\x00\x7f\xff1"`},
		{"text", "déjà\ufffd", "\"déjà\ufffd\""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, ast.Quote(c.in)) })
	}
}

func TestPrintIndents(t *testing.T) {
	var b strings.Builder
	ast.Print(&b, everyNode(t))
	require.Contains(t, b.String(), "\n  ProbeDecl named\n    AttachPoint\n      AttachPart \"kprobe\"\n")
	require.NotContains(t, b.String(), "0x", "no addresses")
}
