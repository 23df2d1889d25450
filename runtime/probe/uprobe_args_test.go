package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

// argsSource has functions with arguments of many kinds.
const argsSource = `#include <stdbool.h>
struct inner { int x; char name[8]; };
struct outer { int a; struct outer *next; struct inner in; unsigned low : 3, high : 5; };
enum color { RED, BLUE = 5 };
typedef unsigned int u32;
long numbers(char c, short h, u32 u, enum color e, bool b) { return c + h + u + e + b; }
long pointers(struct outer *o, const char *s, void *v) { return o->a + s[0] + (v != 0); }
long floats(float f, int n, double d, long m) { return f + n + d + m; }
long many(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return a + b + c + d + e + f + g + h + i; }
long by_value(struct inner in, int n) { return in.x + n; }
int main(void) { return 0; }
`

func mustResolveArgs(t *testing.T, s *probe.Set, path, fn string) *types.Struct {
	t.Helper()
	ms := mustResolve(t, s, check.ResolveOptions{NeedArgs: true}, "uprobe", path, fn)
	require.Len(t, ms, 1)
	require.NotNil(t, ms[0].Context.Args)
	return ms[0].Context.Args
}

func TestUprobeArgs(t *testing.T) {
	path := mustBuild(t, argsSource, "-g")
	s := mustRecord(t)
	regs := mustResolve(t, s, check.ResolveOptions{}, "uprobe", path, "numbers")[0].Context.ArgN
	require.NotEmpty(t, regs)
	args := mustResolveArgs(t, s, path, "numbers")
	want := []types.Field{
		{Name: "c", Type: types.Int8},
		{Name: "h", Type: types.Int16},
		{Name: "u", Type: types.Uint32},
		{Name: "e", Type: types.Uint32},
		{Name: "b", Type: types.Uint8},
	}
	for i := range want {
		want[i].Offset = regs[i].Offset
	}
	require.Equal(t, want, args.Fields)

	args = mustResolveArgs(t, s, path, "floats")
	require.Equal(t, []types.Field{
		{Name: "n", Type: types.Int32, Offset: regs[0].Offset}, {Name: "m", Type: types.Int64, Offset: regs[1].Offset},
	}, args.Fields, "floating point numbers are elsewhere")

	args = mustResolveArgs(t, s, path, "pointers")
	require.Len(t, args.Fields, 3)
	p := args.Fields[0].Type.(types.Pointer)
	require.Equal(t, types.SpaceUser, p.Space)
	outer := p.Elem.(*types.Struct)
	require.Equal(t, []any{"outer", 32, 8}, []any{outer.Name, outer.Size, outer.Align})
	fields := outer.Members()
	require.Equal(t, types.Pointer{Elem: outer, Space: types.SpaceUser}, fields[1].Type, "the struct is the same one")
	require.Equal(t, 16, fields[2].Offset)
	require.Equal(t, []int{0, 3, 3, 5}, []int{fields[3].BitOffset, fields[3].BitSize, fields[4].BitOffset, fields[4].BitSize})
	require.Equal(t, types.Pointer{Elem: types.Void{}, Space: types.SpaceUser}, args.Fields[2].Type)
}

func TestUprobeArgsErrors(t *testing.T) {
	path, bare := mustBuild(t, argsSource, "-g"), mustBuild(t, argsSource, "-g0")
	s := mustRecord(t)
	for _, test := range []struct{ path, fn, want string }{
		{path, "many", "'args' builtin is not supported for probes with stack-passed arguments."},
		{path, "by_value", "'args' builtin is not supported for probes with structs passed in registers."},
		{bare, "numbers", "no debuginfo found for " + bare},
	} {
		p, _ := s.Provider("uprobe")
		_, err := p.Resolve(attach.Point{Type: "uprobe", Parts: []string{test.path, test.fn}}, check.ResolveOptions{NeedArgs: true})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr)
		require.Equal(t, `Could not parse arguments of "uprobe:`+test.path+":"+test.fn+`": `+test.want, perr.Message)
	}
	ms := mustResolve(t, s, check.ResolveOptions{NeedArgs: true}, "uretprobe", path, "numbers")
	require.Nil(t, ms[0].Context.Args)
}

func TestUprobeArgsList(t *testing.T) {
	testenv.File(t, "/proc/self/maps")
	path := mustBuild(t, argsSource, "-g")
	got, err := probe.New(host.New()).List("uprobe:"+path+":*ers", probe.ListOptions{Verbose: true})
	require.NoError(t, err)
	require.Equal(t, []probe.Listed{
		{Name: "uprobe:" + path + ":numbers", Args: []string{"char c", "short int h", "u32 u", "enum color e", "_Bool b"}},
		{Name: "uprobe:" + path + ":pointers", Args: []string{"struct outer* o", "const char* s", "void* v"}},
	}, got)
}
