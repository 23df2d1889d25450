package host_test

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// mustRecordTypes returns a machine whose kernel has the types.
func mustRecordTypes(t *testing.T, ts ...btf.Type) *host.Host {
	t.Helper()
	b, err := btf.NewBuilder(ts, nil)
	require.NoError(t, err)
	raw, err := b.Marshal(nil, btf.KernelMarshalOptions())
	require.NoError(t, err)
	return mustRecord(t, map[string]string{"sys/kernel/btf/vmlinux": string(bytes.Clone(raw))})
}

var (
	cInt  = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	cU32  = &btf.Int{Name: "unsigned int", Size: 4}
	cChar = &btf.Int{Name: "char", Size: 1}
	cBool = &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}
)

func TestTypeByName(t *testing.T) {
	node := &btf.Struct{Name: "node", Size: 32}
	state := &btf.Enum{Name: "state", Size: 4, Values: []btf.EnumValue{{Name: "IDLE", Value: 0}, {Name: "BUSY", Value: 7}}}
	node.Members = []btf.Member{
		{Name: "next", Type: &btf.Pointer{Target: node}},
		{Name: "low", Type: cU32, Offset: 64, BitfieldSize: 3},
		{Name: "high", Type: cU32, Offset: 67, BitfieldSize: 29},
		{Name: "", Type: &btf.Union{Size: 4, Members: []btf.Member{{Name: "a", Type: cInt}}}, Offset: 96},
		{Name: "comm", Type: &btf.Array{Type: cChar, Index: cInt, Nelems: 8}, Offset: 128},
		{Name: "on", Type: &btf.Typedef{Name: "bool", Type: cBool}, Offset: 192},
		{Name: "state", Type: &btf.Const{Type: state}, Offset: 224},
	}
	h := mustRecordTypes(t, node, &btf.Typedef{Name: "node_t", Type: node})

	got, err := h.TypeByName("struct", "node")
	require.NoError(t, err)
	s, ok := got.(*types.Struct)
	require.True(t, ok)
	require.Equal(t, 32, s.Size)
	require.Equal(t, 8, s.Align)
	require.Empty(t, s.Fields, "fields are resolved on demand")
	s.Complete(s)
	require.Len(t, s.Fields, 7)
	require.Same(t, s, s.Fields[0].Type.(types.Pointer).Elem, "one Struct for each C type")
	low, high := s.Fields[1], s.Fields[2]
	require.Equal(t, []int{8, 0, 3}, []int{low.Offset, low.BitOffset, low.BitSize})
	require.Equal(t, []int{8, 3, 29}, []int{high.Offset, high.BitOffset, high.BitSize})
	inner := s.Fields[3].Type.(*types.Struct)
	require.True(t, inner.Union)
	inner.Complete(inner)
	require.Equal(t, []types.Field{{Name: "a", Type: types.Int32}}, inner.Fields)
	require.Equal(t, types.Array{Elem: types.Int8, Len: 8, Text: 8}, s.Fields[4].Type)
	require.Equal(t, types.Bool{}, s.Fields[5].Type)
	require.Equal(t, "enum state", s.Fields[6].Type.String())

	def, err := h.TypeByName("", "node_t")
	require.NoError(t, err)
	require.Same(t, s, def)
	require.Same(t, s, h.StructByName("struct", "node"))
	_, err = h.TypeByName("union", "node")
	require.ErrorIs(t, err, check.ErrNoType)
	require.Equal(t, []string{"node"}, h.TypeNames("struct"))

	n, enum, ok := h.EnumValue("BUSY")
	require.True(t, ok)
	require.EqualValues(t, 7, n)
	require.Same(t, s.Fields[6].Type, enum)
	_, _, ok = h.EnumValue("ASLEEP")
	require.False(t, ok)
}

func TestStructByNameIsCompletedLater(t *testing.T) {
	h := mustRecordTypes(t, &btf.Struct{Name: "pair", Size: 8, Members: []btf.Member{{Name: "a", Type: cInt}, {Name: "b", Type: cU32, Offset: 32}}})
	s := h.StructByName("struct", "pair")
	require.Zero(t, s.Size)
	s.Complete(s)
	require.Equal(t, 8, s.Size)
	require.Equal(t, []types.Field{{Name: "a", Type: types.Int32}, {Name: "b", Type: types.Uint32, Offset: 4}}, s.Fields)
	s.Complete(s)
	require.Len(t, s.Fields, 2)
}

// The names of the raw tracepoints of modules are read without their types.
func TestModuleRawTracepoints(t *testing.T) {
	describe := func(name string) string {
		b, err := btf.NewBuilder([]btf.Type{&btf.Typedef{Name: "btf_trace_" + name, Type: cInt}}, nil)
		require.NoError(t, err)
		raw, err := b.Marshal(nil, btf.KernelMarshalOptions())
		require.NoError(t, err)
		return string(bytes.Clone(raw))
	}
	h := mustRecord(t, map[string]string{
		"sys/kernel/btf/vmlinux": describe("switch"), "sys/kernel/btf/ext": describe("tick"), "sys/kernel/btf/bad": "no types",
	})
	names, err := h.RawTracepoints()
	require.NoError(t, err)
	require.Equal(t, []host.RawTracepoint{{Name: "switch"}, {Module: "ext", Name: "tick"}}, names)
}

func TestRawTracepointArgs(t *testing.T) {
	task := &btf.Struct{Name: "task", Size: 4, Members: []btf.Member{{Name: "pid", Type: cInt}}}
	data := btf.FuncParam{Name: "__data", Type: &btf.Pointer{Target: (*btf.Void)(nil)}}
	params := func(names ...string) []btf.FuncParam {
		return []btf.FuncParam{data, {Name: names[0], Type: cBool}, {Name: names[1], Type: &btf.Pointer{Target: task}}}
	}
	unnamed := &btf.FuncProto{Return: (*btf.Void)(nil), Params: params("", "")}
	unnamed.Params[0].Name = ""
	h := mustRecordTypes(t,
		&btf.Typedef{Name: "btf_trace_switch", Type: &btf.Pointer{Target: unnamed}},
		&btf.Func{Name: "__traceiter_switch", Type: &btf.FuncProto{Return: cInt, Params: params("preempt", "prev")}},
		&btf.Typedef{Name: "btf_trace_bare", Type: &btf.Pointer{Target: unnamed}},
	)
	names, err := h.RawTracepoints()
	require.NoError(t, err)
	require.Equal(t, []host.RawTracepoint{{Name: "bare"}, {Name: "switch"}}, names)

	fields, err := h.RawTracepointArgs("", "switch")
	require.NoError(t, err)
	pointer := types.Pointer{Elem: h.StructByName("struct", "task"), Space: types.SpaceKernel, Trusted: true}
	require.Equal(t, []types.Field{
		{Name: "preempt", Type: types.Bool{}},
		{Name: "prev", Type: pointer, Offset: 8},
	}, fields)
	decls, err := h.RawTracepointDecls("", "switch")
	require.NoError(t, err)
	require.Equal(t, []string{"_Bool preempt", "struct task * prev"}, decls)

	fields, err = h.RawTracepointArgs("", "bare")
	require.NoError(t, err)
	require.Len(t, fields, 2)
	require.Empty(t, fields[0].Name)
	require.True(t, h.NamedInBTF("__traceiter_switch"))
	require.False(t, h.NamedInBTF("traceiter_switch"))
}
