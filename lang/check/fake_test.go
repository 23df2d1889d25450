package check_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
)

// fakeBuiltins is a catalog with one builtin of every kind of signature.
type fakeBuiltins map[string]*types.Signature

func (f fakeBuiltins) Signature(name string) (*types.Signature, bool) {
	s, ok := f[name]
	return s, ok
}

func (f fakeBuiltins) Names() []string { return sortedKeys(f) }

func value(name string, t types.Type) *types.Signature {
	return &types.Signature{Name: name, Result: t}
}

func fromEnv(name, needs string, f func(types.Env) types.Type) *types.Signature {
	return &types.Signature{Name: name, Needs: needs, ResultOf: func(_ []types.Arg, env types.Env) (types.Type, error) {
		return f(env), nil
	}}
}

func aggregate(name string, of func([]types.Arg) (types.Type, error), params ...types.Param) *types.Signature {
	return &types.Signature{
		Name: name, Params: params, Call: true, Aggregate: true,
		ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) { return of(args) },
	}
}

func action(name string, params ...types.Param) *types.Signature {
	return &types.Signature{Name: name, Params: params, Call: true, Statement: true, Result: types.Void{}}
}

func signedBy(mk func(bool) types.Type) func([]types.Arg) (types.Type, error) {
	return func(args []types.Arg) (types.Type, error) {
		t, ok := args[0].Type.(types.Int)
		return mk(ok && t.Signed), nil
	}
}

func param(name string, kind types.ParamKind) types.Param { return types.Param{Name: name, Kind: kind} }

func optional(name string, kind types.ParamKind) types.Param {
	return types.Param{Name: name, Kind: kind, Optional: true}
}

func newBuiltins() fakeBuiltins {
	n := param("n", types.ParamInt)
	f := fakeBuiltins{}
	for _, s := range []*types.Signature{
		value("pid", types.Uint32), value("tid", types.Uint32), value("uid", types.Uint64), value("cpu", types.Uint64),
		value("rand", types.Uint64), value("comm", types.String{Size: 16}), value("elapsed", types.Uint64),
		{Name: "nsecs", Call: true, BareOK: true, Result: types.Uint64, Params: []types.Param{optional("clock", types.ParamName)}},
		fromEnv("curtask", "", func(env types.Env) types.Type {
			t, err := env.Kernel("struct", "task_struct")
			if err != nil {
				return types.Uint64
			}
			return types.Pointer{Elem: t, Space: types.SpaceKernel, Trusted: true}
		}),
		fromEnv("probe", "probe", func(env types.Env) types.Type { return env.Probe }),
		fromEnv("func", "func", func(env types.Env) types.Type { return env.Func }),
		fromEnv("args", "args", func(env types.Env) types.Type { return env.Args }),
		fromEnv("retval", "retval", func(env types.Env) types.Type { return env.Retval }),
		{Name: "kstack", Call: true, BareOK: true, Needs: "stack", ResultOf: stackOf(false), Params: stackParams()},
		{Name: "ustack", Call: true, BareOK: true, Needs: "stack", ResultOf: stackOf(true), Params: stackParams()},
		{
			Name: "str", Call: true, Params: []types.Param{param("ptr", types.ParamText), optional("length", types.ParamInt)},
			ResultOf: func(args []types.Arg, env types.Env) (types.Type, error) {
				return types.String{Size: env.MaxStrlen}, nil
			},
		},
		{Name: "ksym", Call: true, Params: []types.Param{param("addr", types.ParamPointer)}, Result: types.Ksym{}},
		{Name: "usym", Call: true, Params: []types.Param{param("addr", types.ParamPointer)}, Result: types.Usym{}},
		{Name: "strlen", Call: true, Params: []types.Param{param("s", types.ParamString)}, Result: types.Uint64},
		{
			Name: "printf", Call: true, Statement: true, Variadic: true, Format: 1, Result: types.Void{},
			Params: []types.Param{param("format", types.ParamLitString)},
		},
		action("print", param("value", types.ParamMapOr), optional("top", types.ParamLitInt), optional("div", types.ParamLitInt)),
		action("clear", param("map", types.ParamMap)), action("zero", param("map", types.ParamMap)),
		{
			Name: "delete", Call: true, Effect: true, Result: types.Bool{},
			Params: []types.Param{param("map", types.ParamMapElem), optional("key", types.ParamMapKey)},
		},
		{
			Name: "find", Call: true, Effect: true, Result: types.Bool{},
			Params: []types.Param{param("map", types.ParamMap), param("key", types.ParamMapKey), param("result", types.ParamVar)},
		},
		{
			Name: "container_of", Call: true,
			Params:   []types.Param{param("ptr", types.ParamPointer), param("type", types.ParamType), param("member", types.ParamMember)},
			ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) { return types.Pointer{Elem: args[1].Type}, nil },
		},
		action("exit", optional("code", types.ParamInt)), action("time", optional("format", types.ParamLitString)),
		{Name: "signal", Call: true, Unsafe: true, Result: types.Void{}, Params: []types.Param{n}},
		{Name: "buf", Call: true, Params: []types.Param{param("ptr", types.ParamPointer)}, Result: types.Buffer{Size: 64}},
		aggregate("count", func([]types.Arg) (types.Type, error) { return types.Count{}, nil }),
		aggregate("sum", signedBy(func(s bool) types.Type { return types.Sum{Signed: s} }), n),
		aggregate("min", signedBy(func(s bool) types.Type { return types.Min{Signed: s} }), n),
		aggregate("max", signedBy(func(s bool) types.Type { return types.Max{Signed: s} }), n),
		aggregate("avg", signedBy(func(s bool) types.Type { return types.Avg{Signed: s} }), n),
		aggregate("stats", signedBy(func(s bool) types.Type { return types.Stats{Signed: s} }), n),
		aggregate("hist", histOf, n, optional("bits", types.ParamLitInt)),
		aggregate("lhist", lhistOf, n, param("min", types.ParamLitInt), param("max", types.ParamLitInt), param("step", types.ParamLitInt)),
	} {
		f[s.Name] = s
	}
	for i := range 10 {
		f[fmt.Sprintf("arg%d", i)] = fromEnv(fmt.Sprintf("arg%d", i), "argn", func(env types.Env) types.Type { return env.ArgN[i] })
	}
	return f
}

func stackParams() []types.Param {
	return []types.Param{optional("mode", types.ParamNameInt), optional("depth", types.ParamLitInt)}
}

func stackOf(user bool) func([]types.Arg, types.Env) (types.Type, error) {
	return func(args []types.Arg, env types.Env) (types.Type, error) {
		s := types.Stack{User: user, Mode: env.StackMode, Depth: 127}
		for _, a := range args {
			switch {
			case a.Name == "raw" || a.Name == "perf":
				s.Mode = a.Name
			case a.Name != "":
				return nil, fmt.Errorf("Invalid stack mode: %s", a.Name)
			default:
				s.Depth = int(a.Int)
			}
		}
		return s, nil
	}
}

func histOf(args []types.Arg) (types.Type, error) {
	if len(args) == 1 {
		return types.Hist{}, nil
	}
	if args[1].Int < 0 || args[1].Int > 5 {
		return nil, fmt.Errorf("hist: bits %d must be 0..5", args[1].Int)
	}
	return types.Hist{Bits: int(args[1].Int)}, nil
}

func lhistOf(args []types.Arg) (types.Type, error) {
	if args[3].Int < 1 {
		return nil, fmt.Errorf("lhist() step must be >= 1 (%d provided)", args[3].Int)
	}
	return types.LHist{Min: args[1].Int, Max: args[2].Int, Step: args[3].Int}, nil
}

// fakeProvider is a probe type whose attach points are listed.
type fakeProvider struct {
	name    string
	matches func(p attach.Point, o check.ResolveOptions) ([]attach.Match, error)
}

func (f fakeProvider) Name() string { return f.name }

func (f fakeProvider) Resolve(p attach.Point, o check.ResolveOptions) ([]attach.Match, error) {
	return f.matches(p, o)
}

type fakeProviders map[string]fakeProvider

func (f fakeProviders) Provider(name string) (check.Provider, bool) {
	p, ok := f[map[string]string{"k": "kprobe", "t": "tracepoint", "i": "interval"}[name]]
	if !ok {
		p, ok = f[strings.ToLower(name)]
	}
	return p, ok
}

func (f fakeProviders) Names() []string { return sortedKeys(f) }

// newProviders knows begin, end, interval (nothing to see), kprobe f1, f2 (argN, func by ip), kretprobe (retval),
// uprobe (by name), tracepoint a:one, a:two, a:three (args; one and two alike) and broken, which fails.
func newProviders() fakeProviders {
	f := fakeProviders{}
	for _, name := range []string{"begin", "end", "interval"} {
		f[name] = provider(name, &attach.Context{ID: "none", Stack: true}, "")
	}
	regs := func(space bool, function string) *attach.Context {
		c := &attach.Context{ID: "regs", Func: function, Stack: true, UserSpace: space}
		for i := range 6 {
			c.ArgN = append(c.ArgN, attach.Value{Name: fmt.Sprintf("arg%d", i), Type: types.Uint64, Offset: 8 * i, Size: 8})
		}
		return c
	}
	f["kprobe"] = provider("kprobe", regs(false, "ip"), "f1", "f2", "f3")
	f["uprobe"] = provider("uprobe", regs(true, "name"), "g1", "g2")
	f["kretprobe"] = provider("kretprobe", &attach.Context{ID: "ret", Retval: &attach.Value{Name: "retval", Type: types.Uint64}, Func: "ip", Stack: true}, "f1")
	f["tracepoint"] = fakeProvider{"tracepoint", tracepoints}
	f["broken"] = fakeProvider{"broken", func(attach.Point, check.ResolveOptions) ([]attach.Match, error) {
		return nil, fmt.Errorf("tracefs is not there")
	}}
	return f
}

var kindOf = map[string]attach.Kind{
	"begin": attach.KindTestRun, "end": attach.KindTestRun, "interval": attach.KindPerfEvent, "tracepoint": attach.KindTracepoint,
	"kprobe": attach.KindKprobe, "kretprobe": attach.KindKprobe, "uprobe": attach.KindKprobe,
}

func provider(name string, ctx *attach.Context, functions ...string) fakeProvider {
	return fakeProvider{name, func(p attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
		var out []attach.Match
		if functions[0] == "" {
			full := strings.Join(append([]string{name}, p.Parts...), ":")
			return []attach.Match{{Probe: attach.Probe{Provider: name, Name: full, Kind: kindOf[name]}, Context: ctx}}, nil
		}
		if len(p.Parts) != 1 {
			return nil, &check.PointError{Part: -1, Code: "point-syntax", Message: name + " probe type requires 1 argument"}
		}
		for _, f := range functions {
			if prefix, star := strings.CutSuffix(p.Parts[0], "*"); f == p.Parts[0] || star && strings.HasPrefix(f, prefix) {
				out = append(out, attach.Match{Probe: attach.Probe{Provider: name, Name: name + ":" + f, Func: f, Kind: kindOf[name]}, Context: ctx})
			}
		}
		return out, nil
	}}
}

func tracepoints(p attach.Point, o check.ResolveOptions) ([]attach.Match, error) {
	if len(p.Parts) != 2 {
		return nil, &check.PointError{Part: -1, Code: "point-syntax", Message: "tracepoint probe type requires 2 arguments"}
	}
	if p.Parts[0] != "a" {
		return nil, &check.PointError{Part: 1, Code: "no-match", Message: "No matches for tracepoint " + strings.Join(p.Parts, ":") + ".", Hint: "did you mean a?"}
	}
	var out []attach.Match
	for _, name := range []string{"one", "two", "three"} {
		prefix, star := strings.CutSuffix(p.Parts[1], "*")
		if name != p.Parts[1] && !(star && strings.HasPrefix(name, prefix)) {
			continue
		}
		ctx := &attach.Context{ID: "tracepoint", Stack: true, UserSpace: true}
		if o.NeedArgs {
			ctx.Args = traceArgs(name)
			ctx.ID = fmt.Sprint(len(ctx.Args.Fields))
		}
		out = append(out, attach.Match{Probe: attach.Probe{Provider: "tracepoint", Name: "tracepoint:a:" + name, Kind: kindOf["tracepoint"]}, Context: ctx})
	}
	return out, nil
}

func traceArgs(name string) *types.Struct {
	s := &types.Struct{Name: "tracepoint:a:args", Size: 64, Align: 8, Fields: []types.Field{
		{Name: "filename", Type: types.Pointer{Elem: types.Int8, Space: types.SpaceUser}, Offset: 8},
		{Name: "dfd", Type: types.Int32, Offset: 16},
		{Name: "prev_comm", Type: types.Array{Elem: types.Int8, Len: 16, Text: 16}, Offset: 24},
		{Name: "flags", Type: types.Uint64, Offset: 40},
	}}
	if name == "three" {
		s.Fields = append(s.Fields, types.Field{Name: "extra", Type: types.Uint16, Offset: 48})
	}
	return s
}

// fakeHost knows struct task_struct and an enum.
type fakeHost struct {
	task   *types.Struct
	family *types.Enum
}

func newHost() *fakeHost {
	task := &types.Struct{Name: "task_struct", Size: 128, Align: 8}
	inner := &types.Struct{Size: 8, Align: 4, Fields: []types.Field{{Name: "prio", Type: types.Int32, Offset: 4}}}
	task.Complete = func(s *types.Struct) {
		s.Fields = []types.Field{
			{Name: "pid", Type: types.Int32, Offset: 4},
			{Name: "comm", Type: types.Array{Elem: types.Int8, Len: 16, Text: 16}, Offset: 8},
			{Name: "parent", Type: types.Pointer{Elem: task}, Offset: 24},
			{Type: inner, Offset: 32},
			{Name: "flags", Type: types.Uint32, Offset: 40},
			{Name: "cpus", Type: types.Array{Elem: types.Uint64, Len: 4}, Offset: 48},
			{Name: "inner", Type: inner, Offset: 80},
		}
	}
	return &fakeHost{task: task, family: &types.Enum{Name: "family", Size: 4, Values: []types.EnumValue{{Name: "FAMILY_INET", Value: 2}}}}
}

func (h *fakeHost) TypeByName(keyword, name string) (types.Type, error) {
	switch keyword + " " + name {
	case "struct task_struct":
		return h.task, nil
	case "enum family":
		return h.family, nil
	case " gfp_t":
		return types.Uint32, nil
	}
	return nil, check.ErrNoType
}

func (h *fakeHost) EnumValue(name string) (int64, types.Type, bool) {
	if name == "FAMILY_INET" {
		return 2, h.family, true
	}
	return 0, nil, false
}

func (h *fakeHost) TypeNames(string) []string { return []string{"family", "task_struct"} }

func (h *fakeHost) SymbolAddress(string) (uint64, bool) { return 0, false }

// run parses and checks a script.
func run(t *testing.T, script string, change ...func(*check.Options)) (*check.Info, *diag.List) {
	t.Helper()
	diags := &diag.List{}
	prog := parser.Parse(diag.NewFile("x.gt", script), diags)
	o := check.Options{Builtins: newBuiltins(), Providers: newProviders(), Host: newHost(), Externals: externals{}}
	for _, f := range change {
		f(&o)
	}
	info, err := check.Check(prog, o, diags)
	if err != nil {
		t.Fatal(err)
	}
	return info, diags
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
