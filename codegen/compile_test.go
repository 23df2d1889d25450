package codegen_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// newest and oldest are the kernels that tests compile for.
var (
	newest = target.Recorded{Version: target.Version{Major: 6, Minor: 18}, CPUs: 4}
	oldest = target.Recorded{Version: target.Version{Major: 5, Minor: 10}, CPUs: 4}
)

// providers offers begin and end, tracepoints, a kprobe, a uprobe and an interval without looking at the machine.
type providers struct{}

func (providers) Names() []string {
	return []string{"begin", "fentry", "fexit", "interval", "kprobe", "rawtracepoint", "tracepoint", "uprobe"}
}

func (providers) Provider(name string) (check.Provider, bool) {
	p := provider{name: strings.ToLower(name)}
	switch p.name {
	case "begin", "end":
		p.kind, p.context = attach.KindTestRun, &attach.Context{ID: "special"}
	case "tracepoint":
		p.kind, p.context = attach.KindTracepoint, tracepointContext()
	case "rawtracepoint":
		p.kind, p.context = attach.KindRawTracepoint, &attach.Context{ID: "raw_tracepoint", Stack: true}
	case "kprobe":
		p.kind, p.context = attach.KindKprobe, kprobeContext()
	case "uprobe":
		c := kprobeContext()
		c.ID, c.UserSpace = "uprobe", true
		p.kind, p.context = attach.KindKprobe, c
	case "fentry", "fexit":
		p.kind, p.context = attach.KindTracing, &attach.Context{ID: "tracing", Stack: true, Func: "name"}
	case "interval":
		p.kind, p.context = attach.KindPerfEvent, &attach.Context{ID: "timer", Stack: true}
	default:
		return nil, false
	}
	return p, true
}

func tracepointContext() *attach.Context {
	return &attach.Context{
		ID: "tracepoint", Stack: true, PIDFilter: "body", UserSpace: true,
		Args: &types.Struct{Name: "args", Size: 56, Align: 8, Fields: []types.Field{
			{Name: "id", Type: types.Int64, Offset: 8},
			{Name: "filename", Type: types.Pointer{Elem: types.Int8, Space: types.SpaceUser}, Offset: 24},
			{Name: "name", Type: types.Array{Elem: types.Int8, Len: 16, Text: 16}, Offset: 32},
		}},
	}
}

func kprobeContext() *attach.Context {
	return &attach.Context{
		ID: "kprobe", Stack: true, PIDFilter: "body", Func: "ip", FuncOffset: 128,
		ArgN: []attach.Value{{Name: "arg0", Type: types.Uint64, Offset: 112, Size: 8}},
	}
}

type provider struct {
	name    string
	kind    attach.Kind
	context *attach.Context
}

func (p provider) Name() string { return p.name }

func (p provider) Resolve(at attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	name := strings.Join(append([]string{p.name}, at.Parts...), ":")
	probe := attach.Probe{Provider: p.name, Name: name, Kind: p.kind}
	if len(at.Parts) > 0 {
		probe.Func = at.Parts[len(at.Parts)-1]
	}
	return []attach.Match{{Probe: probe, Context: p.context}}, nil
}

// noHost is a machine of which nothing is known.
type noHost struct{}

func (noHost) TypeByName(string, string) (types.Type, error) { return nil, check.ErrNoType }
func (noHost) EnumValue(string) (int64, types.Type, bool)    { return 0, nil, false }
func (noHost) TypeNames(string) []string                     { return nil }
func (noHost) SymbolAddress(string) (addr uint64, ok bool)   { return 0, false }
func mustCheck(t testing.TB, script string) *check.Info {
	t.Helper()
	var diags diag.List
	prog := parser.Parse(diag.NewFile("stdin", script), &diags)
	info, err := check.Check(prog, check.Options{Builtins: stdlib.New(), Providers: providers{}, Host: noHost{}}, &diags)
	require.NoError(t, err)
	for _, d := range diags.All() {
		if d.Severity == diag.Error {
			require.Fail(t, d.String())
		}
	}
	return info
}

func mustCompile(t testing.TB, script string, on target.Target, opts codegen.Options) *object.Object {
	t.Helper()
	obj, err := codegen.Compile(mustCheck(t, script), on, opts)
	require.NoError(t, err, script)
	return obj
}

// instructions counts the instructions of all programs as the kernel does: loads of 64-bit constants are two.
func instructions(obj *object.Object) int {
	n := 0
	for _, p := range obj.Spec.Programs {
		for _, in := range p.Instructions {
			n += int(in.Size()) / 8
		}
	}
	return n
}
