package check_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/tests/peer"
)

// probes returns the probes of every program.
func probes(info *check.Info) [][]string {
	var out [][]string
	for _, p := range info.Programs {
		var names []string
		for _, probe := range p.Probes {
			names = append(names, probe.Name)
		}
		out = append(out, names)
	}
	return out
}

func TestProgramsShareCode(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         [][]string
	}{
		{"equal contexts", "kprobe:f* { @ = count(); }", [][]string{{"kprobe:f1", "kprobe:f2", "kprobe:f3"}}},
		{"probe tells them apart", "kprobe:f* { @[probe] = count(); }", [][]string{{"kprobe:f1"}, {"kprobe:f2"}, {"kprobe:f3"}}},
		{"probe in the predicate", `kprobe:f* /probe == "x"/ { @ = count(); }`, [][]string{{"kprobe:f1"}, {"kprobe:f2"}, {"kprobe:f3"}}},
		{"func by instruction pointer", "kprobe:f* { @[func] = count(); }", [][]string{{"kprobe:f1", "kprobe:f2", "kprobe:f3"}}},
		{"func by name", "uprobe:g* { @[func] = count(); }", [][]string{{"uprobe:g1"}, {"uprobe:g2"}}},
		{"func by name, unused", "uprobe:g* { @ = count(); }", [][]string{{"uprobe:g1", "uprobe:g2"}}},
		{"points of one type", "kprobe:f1, interval:s:1, kprobe:f2 { @ = count(); }", [][]string{{"kprobe:f1", "kprobe:f2"}, {"interval:s:1"}}},
		{"a point that there is twice", "interval:s:1, interval:s:1 { @ = count(); }", [][]string{{"interval:s:1", "interval:s:1"}}},
		{
			"a place that there is twice", "tracepoint:a:one, tracepoint:a:* { @ = count(); }",
			[][]string{{"tracepoint:a:one", "tracepoint:a:two", "tracepoint:a:three"}, {"tracepoint:a:one"}},
		},
		{"points of a wildcard", "kprobe:f1, kprobe:f* { @ = count(); }", [][]string{{"kprobe:f1"}, {"kprobe:f1", "kprobe:f2", "kprobe:f3"}}},
		{"what gtrace starts", "begin, begin { @ = count(); }", [][]string{{"begin"}, {"begin"}}},
		{"points that probe tells apart", "interval:s:1, interval:s:2 { @[probe] = count(); }", [][]string{{"interval:s:1"}, {"interval:s:2"}}},
		{"other bodies", "interval:s:1 { @ = count(); } interval:s:2 { @ = count(); }", [][]string{{"interval:s:1"}, {"interval:s:2"}}},
		{"args of other layouts", "tracepoint:a:* { @ = count(); print(args.dfd); }", [][]string{{"tracepoint:a:one", "tracepoint:a:two"}, {"tracepoint:a:three"}}},
		{"args unused", "tracepoint:a:* { @ = count(); }", [][]string{{"tracepoint:a:one", "tracepoint:a:two", "tracepoint:a:three"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			info, diags := run(t, c.script)
			require.Empty(t, said(diags))
			require.Equal(t, c.want, probes(info))
		})
	}
}

func TestAttachPointsHaveProgramsOfTheirOwnWhereAsked(t *testing.T) {
	info, diags := run(t, "interval:s:1, interval:s:2, kprobe:f* { @ = count(); }", func(o *check.Options) { o.PerPoint = true })
	require.Empty(t, said(diags))
	require.Equal(t, [][]string{{"interval:s:1"}, {"interval:s:2"}, {"kprobe:f1", "kprobe:f2", "kprobe:f3"}}, probes(info))
}

func TestProgramsHaveTreesOfTheirOwn(t *testing.T) {
	info, _ := run(t, "kprobe:f* /pid/ { @[probe] = 1; }")
	require.Len(t, info.Programs, 3)
	seen := map[ast.Node]bool{}
	for _, p := range info.Programs {
		require.NotSame(t, p.Decl.Body, p.Body)
		for _, root := range []ast.Node{p.Predicate, p.Body} {
			ast.Walk(root, func(n ast.Node) bool {
				require.False(t, seen[n])
				seen[n] = true
				return true
			})
		}
	}
}

// Every expression of a program that is right has a type, and every variable and field is resolved.
func TestEverythingIsTyped(t *testing.T) {
	info, diags := run(t, `
kprobe:f* /pid > 5 && comm == "x"/ {
	let $t = (struct task_struct *)arg0;
	@x[$t->pid, str(arg1)] = hist($t->parent->prio);
	if ($t->flags & 1) { @y = -1; } else { $z = @y > 0 ? 1 : 2; @y += $z; }
	printf("%s %d\n", $t->comm, @y++);
	delete(@x, (1, "a")); delete(@x[2, "b"]); print(@x); clear(@x); print(kstack(raw, 5));
}`)
	require.Empty(t, said(diags))
	for _, p := range info.Programs {
		for _, root := range []ast.Node{p.Predicate, p.Body} {
			ast.Walk(root, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				require.Contains(t, info.Types, e, "%T at %s", e, e.Span())
				require.False(t, types.IsInvalid(info.Types[e]), "%T at %s", e, e.Span())
				switch e := e.(type) {
				case *ast.VarExpr:
					require.Contains(t, info.Vars, e)
				case *ast.FieldExpr:
					require.Contains(t, info.Fields, e)
				case *ast.CallExpr:
					require.Contains(t, info.Calls, ast.Expr(e))
				}
				return true
			})
		}
	}
}

func TestSpacesOfPointers(t *testing.T) {
	find := func(script string) types.Pointer {
		info, diags := run(t, script)
		require.Empty(t, said(diags))
		for e, v := range info.Vars {
			if e.Name == "p" {
				return v.Type.(types.Pointer)
			}
		}
		t.Fatal("no $p")
		return types.Pointer{}
	}
	for _, c := range []struct {
		script  string
		space   types.Space
		trusted bool
	}{
		{"kprobe:f1 { $p = (struct task_struct *)arg0; }", types.SpaceKernel, false},
		{"uprobe:g1 { $p = (struct task_struct *)arg0; }", types.SpaceUser, false},
		{"uprobe:g1 { $t = (struct task_struct *)arg0; $p = $t->parent; }", types.SpaceUser, false},
		{"uprobe:g1 { $p = curtask; }", types.SpaceKernel, true},
		{"uprobe:g1 { $p = curtask->parent; }", types.SpaceKernel, false},
		{"uprobe:g1 { $p = curtask + 1; }", types.SpaceKernel, false},
		{"uprobe:g1 { $p = (struct task_struct *)(uint64)curtask; }", types.SpaceKernel, false},
		{"uprobe:g1 { let $p: struct task_struct * = curtask->parent; }", types.SpaceKernel, false},
		{"tracepoint:a:one { $p = args.filename; }", types.SpaceUser, false},
		{"kprobe:f1 { $p = curtask; $p = curtask->parent; }", types.SpaceKernel, false},
	} {
		p := find(c.script)
		require.Equal(t, c.space, p.Space, c.script)
		require.Equal(t, c.trusted, p.Trusted, c.script)
	}
}

func TestFieldsThroughAnonymousMembers(t *testing.T) {
	info, diags := run(t, "kprobe:f1 { $x = curtask->prio; $y = curtask->comm; }")
	require.Empty(t, said(diags))
	for e, path := range info.Fields {
		switch e.Name {
		case "prio":
			require.Len(t, path, 2)
			require.Equal(t, 36, path[0].Offset+path[1].Offset)
		case "comm":
			require.Equal(t, 16, path[0].Type.(types.Array).Text, "arrays of characters are strings")
		}
	}
}

func TestConfig(t *testing.T) {
	info, diags := run(t, `config = { max_strlen = 64; missing_probes = warn; print_maps_on_exit = 0; str_trunc_trailer = "~"; license = "GPL v2"; perf_rb_pages = 8 } BEGIN { @x = str(1); }`,
		func(o *check.Options) {
			o.Env = map[string]string{"max_strlen": "32", "cpp_demangle": "0", "unknown": "1"}
		})
	require.Empty(t, said(diags))
	want := check.DefaultConfig()
	want.MaxStrlen, want.MissingProbes, want.PrintMapsOnExit, want.StrTruncTrailer = 32, "warn", false, "~"
	want.License, want.RingBufPages, want.CppDemangle = "GPL v2", 8, false
	require.Equal(t, want, info.Config)
	require.Equal(t, types.String{Size: 32}, info.Maps[0].Value)
}

func TestExistingMaps(t *testing.T) {
	fixed := func(o *check.Options) {
		o.Maps = []*check.Map{{Name: "@x", Key: types.String{Size: 16}, Value: types.Int64, MaxEntries: 7}}
	}
	_, diags := run(t, "BEGIN { @x[comm] = 1; @y = @x; }", fixed)
	require.Contains(t, said(diags), "map-kind")
	info, diags := run(t, `BEGIN { @x["a"] = 1; @y = @x[comm]; }`, fixed)
	require.Empty(t, said(diags))
	require.Equal(t, types.Type(types.Int64), info.Maps[1].Value)
	require.Equal(t, 7, info.Maps[0].MaxEntries)
	_, diags = run(t, `BEGIN { @x[comm] = "a"; }`, fixed)
	require.Contains(t, said(diags), "type-mismatch")
	_, diags = run(t, `BEGIN { @x[5] = 1; }`, fixed)
	require.Contains(t, said(diags), "key-mismatch")
}

func TestUnsafe(t *testing.T) {
	_, diags := run(t, "BEGIN { signal(9); }", func(o *check.Options) { o.Unsafe = true })
	require.Empty(t, said(diags))
}

func TestWorldFails(t *testing.T) {
	diags := &diag.List{}
	prog := parser.Parse(diag.NewFile("x", "broken:x { }"), diags)
	_, err := check.Check(prog, check.Options{Builtins: newBuiltins(), Providers: newProviders()}, diags)
	require.ErrorContains(t, err, "tracefs is not there")
	var point *check.PointError
	require.False(t, errors.As(err, &point))
}

func TestWithoutHost(t *testing.T) {
	_, diags := run(t, "BEGIN { $x = curtask; $y = FAMILY_INET; $z = (struct foo *)1; }", func(o *check.Options) { o.Host = nil })
	require.Contains(t, said(diags), "Unknown identifier: 'FAMILY_INET'")
	require.Contains(t, said(diags), `Cannot resolve unknown type "struct foo"`)
}

func TestNothingToAttach(t *testing.T) {
	_, diags := run(t, "config = { max_strlen = 5 }")
	require.True(t, diags.HasErrors())
}

// Long chains of assignments settle, in any order, and quickly.
func TestChainsSettle(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN { ")
	for c := 'a'; c < 'z'; c++ {
		b.WriteString("@" + string(c) + " = @" + string(c+1) + "; ")
	}
	b.WriteString("@z = nsecs; }")
	info, diags := run(t, b.String())
	require.Empty(t, said(diags))
	for _, m := range info.Maps {
		require.Equal(t, types.Type(types.Uint64), m.Value, m.Name)
	}
}

// A chain as long as a large script settles in a few rounds, where it is written in the order that types travel in.
func TestLongChainsSettle(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN { $v0 = 1; $w0 = (uint8)1; ")
	for i := range 2000 {
		fmt.Fprintf(&b, "$v%d = $v%d + 1; $w%d = $w%d; ", i+1, i, i+1, i)
	}
	b.WriteString("print($v2000); $w0 = (uint16)1; print($w2000); }")
	_, diags := run(t, b.String())
	require.Empty(t, said(diags))
}

func TestDumpIsStable(t *testing.T) {
	script := "kprobe:f* { @a[comm] = count(); @b[pid, probe] = hist(arg0); @c = @d; @d = 5; }"
	dump := func() string {
		info, _ := run(t, script)
		var b strings.Builder
		info.Dump(&b)
		return b.String()
	}
	first := dump()
	for range 10 {
		require.Equal(t, first, dump())
	}
}

// Wrong trees of any kind must not make the check panic.
func FuzzCheck(f *testing.F) {
	for _, file := range []string{"wrong.txt", "right.txt", "warnings.txt"} {
		for _, script := range scripts(f, file) {
			f.Add(script)
		}
	}
	cases, err := peer.ReadAll("../../tests/peer/testdata")
	require.NoError(f, err)
	for _, c := range cases {
		f.Add(c.Script)
	}
	f.Fuzz(func(t *testing.T, script string) {
		diags := &diag.List{}
		prog := parser.Parse(diag.NewFile("fuzz", script), diags)
		info, err := check.Check(prog, check.Options{
			Builtins: newBuiltins(), Providers: newProviders(), Host: newHost(), Params: []string{"1", "a"},
		}, diags)
		if err == nil {
			info.Dump(&strings.Builder{})
		}
	})
}

func TestRoomyMaps(t *testing.T) {
	wide := func(o *check.Options) { o.WideMaps, o.MapStrings = true, 64 }
	info, diags := run(t, `BEGIN { @a = 1; @b = (uint32)1; @c[1, (uint8)2, "x"] = -1; @d = (a=1, b="y"); @e = count(); $v = 1; @f[tid] = comm; @g += 5; @h = sum(1); }`, wide)
	require.Empty(t, said(diags))
	var got []string
	for _, m := range info.Maps {
		key := ""
		if m.Key != nil {
			key = fmt.Sprintf("[%s]", m.Key)
		}
		got = append(got, fmt.Sprintf("%s%s %s", m.Name, key, m.Value))
	}
	require.Equal(t, []string{
		"@a int64", "@b uint64", "@c[(int64,uint64,string[64])] int64", "@d record { .a = int64, .b = string[64] }", "@e count_t", "@f[uint64] string[64]",
		"@g int64", "@h sum_t",
	}, got)
	for v, at := range info.Vars {
		require.Equal(t, "v", v.Name)
		require.Equal(t, "int8", at.Type.String(), "variables are as ever")
	}
}

func TestExistingMapsThatAreNotMentioned(t *testing.T) {
	fixed := func(o *check.Options) {
		o.Maps = []*check.Map{
			{Name: "@x", Key: types.String{Size: 16}, Value: types.Int64, MaxEntries: 7, Kind: "lruhash"},
			{Name: "@y", Value: types.Int64, MaxEntries: 1},
		}
	}
	info, diags := run(t, `BEGIN { print(@x); }`, fixed)
	require.Empty(t, said(diags))
	require.Len(t, info.Maps, 1)
	require.Equal(t, "@x", info.Maps[0].Name)
	require.Equal(t, "lruhash", info.Maps[0].Kind)
	info, _ = run(t, `BEGIN { print(1); }`, fixed)
	require.Empty(t, info.Maps)
}
