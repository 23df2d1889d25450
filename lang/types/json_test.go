package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
)

// allTypes has at least one type of every kind.
func allTypes() []types.Type {
	enum := &types.Enum{Name: "e", Size: 4, Signed: true, Values: []types.EnumValue{{Name: "A", Value: -1}}}
	inner := &types.Struct{Union: true, Size: 8, Align: 8, Fields: []types.Field{{Name: "u", Type: types.Uint64}}}
	outer := &types.Struct{Name: "s", Size: 24, Align: 8, Fields: []types.Field{
		{Name: "a", Type: types.Int32, Offset: 4},
		{Type: inner, Offset: 8},
		{Name: "b", Type: types.Uint8, Offset: 16, BitOffset: 3, BitSize: 2},
		{Name: "d", Type: types.Array{Elem: types.Int8, Len: 4, Text: 4}, Offset: 20, DataLoc: true},
	}}
	return []types.Type{
		types.Invalid{},
		types.Void{},
		types.Bool{},
		types.Int8, types.Int16, types.Int32, types.Int64, types.Uint8, types.Uint16, types.Uint32, types.Uint64,
		types.String{Size: 16},
		types.Buffer{Size: 64},
		types.Pointer{Elem: types.Void{}},
		types.Pointer{Elem: types.Int8, Space: types.SpaceUser, Trusted: true},
		types.Array{Elem: types.Array{Elem: types.Int32, Len: 2}, Len: 3},
		types.Tuple{Elems: []types.Type{types.Int8, types.String{Size: 4}}},
		types.Record{Fields: []types.RecordField{{Name: "a", Type: types.Int8}, {Name: "b", Type: types.Bool{}}}},
		enum, inner, outer,
		types.Stack{User: true, Mode: "perf", Depth: 3},
		types.Ksym{},
		types.Usym{},
		types.Username{},
		types.Inet{},
		types.MacAddr{},
		types.CgroupPath{},
		types.Timestamp{Format: "%H"},
		types.CgroupPath{Filter: "unified"},
		types.Count{},
		types.Sum{Signed: true},
		types.Min{},
		types.Max{Signed: true},
		types.Avg{},
		types.Stats{Signed: true},
		types.Hist{Bits: 3},
		types.Hist{Bits: 5, Quantiles: "min,50,99.9"},
		types.Hist{Bits: 5, Fit: true},
		types.Hist{Bits: 5, Fit: true, Signed: true},
		types.LHist{Min: 1, Max: 10, Step: 2},
		types.TSeries{Interval: 5, Num: 3, Agg: "max", Signed: true},
	}
}

func TestJSONRoundTrip(t *testing.T) {
	for _, want := range append(allTypes(), nil) {
		data, err := types.Marshal(want)
		require.NoError(t, err)
		got, err := types.Unmarshal(data)
		require.NoError(t, err, string(data))
		require.Equal(t, want, got, string(data))
	}
}

func TestJSONOfRecursiveStruct(t *testing.T) {
	list := &types.Struct{Name: "list", Size: 16, Align: 8}
	list.Complete = func(s *types.Struct) {
		s.Fields = []types.Field{{Name: "next", Type: types.Pointer{Elem: types.Array{Elem: types.Pointer{Elem: s}, Len: 2}}}}
	}
	data, err := types.Marshal(list)
	require.NoError(t, err)
	got, err := types.Unmarshal(data)
	require.NoError(t, err)
	next := got.(*types.Struct).Fields[0].Type
	require.Equal(t, "struct list *[2] *", next.String())
}

func TestJSONErrors(t *testing.T) {
	for _, text := range []string{
		`{`, `{"kind":"nope"}`, `{"kind":"lhist"}`, `{"kind":"tuple","elems":[{"kind":"x"}]}`,
		`{"kind":"record","elems":[{"kind":"bool"}]}`, `{"kind":"struct","fields":[{"type":{"kind":"x"}}]}`,
		`{"kind":"record","elems":[{"kind":"x"}],"names":["a"]}`,
	} {
		_, err := types.Unmarshal([]byte(text))
		require.Error(t, err, text)
	}
}
