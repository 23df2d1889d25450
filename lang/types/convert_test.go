package types_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
)

func TestLiteralInt(t *testing.T) {
	for _, c := range []struct {
		v    uint64
		want types.Int
	}{
		{0, types.Int8},
		{127, types.Int8},
		{128, types.Int16},
		{255, types.Int16},
		{32767, types.Int16},
		{32768, types.Int32},
		{math.MaxInt32, types.Int32},
		{math.MaxInt32 + 1, types.Int64},
		{math.MaxInt64, types.Int64},
		{math.MaxInt64 + 1, types.Uint64},
		{math.MaxUint64, types.Uint64},
	} {
		require.Equal(t, c.want, types.LiteralInt(c.v), "%d", c.v)
	}
}

func TestSmallestInt(t *testing.T) {
	for _, c := range []struct {
		v    int64
		want types.Int
	}{
		{-128, types.Int8},
		{-129, types.Int16},
		{-32768, types.Int16},
		{-32769, types.Int32},
		{math.MinInt32, types.Int32},
		{math.MinInt32 - 1, types.Int64},
		{math.MinInt64, types.Int64},
	} {
		require.Equal(t, c.want, types.SmallestInt(c.v), "%d", c.v)
	}
	for _, c := range []struct {
		v    uint64
		want types.Int
	}{{0, types.Uint8}, {255, types.Uint8}, {256, types.Uint16}, {65536, types.Uint32}, {1 << 32, types.Uint64}} {
		require.Equal(t, c.want, types.SmallestUint(c.v), "%d", c.v)
	}
}

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		t        types.Int
		v        int64
		unsigned bool
		want     bool
	}{
		{types.Int8, 127, false, true},
		{types.Int8, 128, false, false},
		{types.Int8, -128, false, true},
		{types.Uint8, 255, false, true},
		{types.Uint8, 256, false, false},
		{types.Uint8, -1, false, false},
		{types.Uint64, -1, true, true},
		{types.Int64, -1, true, false},
		{types.Int64, math.MinInt64, false, true},
	} {
		require.Equal(t, c.want, c.t.Holds(c.v, c.unsigned), "%s %d", c.t, c.v)
	}
}

func TestPromote(t *testing.T) {
	require.Equal(t, types.Uint64, types.Promote(types.Uint8, types.Uint32))
	require.Equal(t, types.Int64, types.Promote(types.Int8, types.Uint32))
	require.Equal(t, types.Int64, types.Promote(types.Uint8, types.Int8))
	require.Equal(t, types.Int64, types.Promote(types.Int8, types.Int8))
}

func TestWidenInts(t *testing.T) {
	for _, c := range []struct {
		a, b, want types.Int
		lossy      bool
	}{
		{types.Int8, types.Int32, types.Int32, false},
		{types.Uint8, types.Uint16, types.Uint16, false},
		{types.Int32, types.Uint8, types.Int32, false},  // strictly larger: signed as it is
		{types.Int8, types.Uint8, types.Int16, false},   // else twice the size
		{types.Int8, types.Uint32, types.Int64, false},  //
		{types.Int32, types.Uint32, types.Int64, false}, //
		{types.Int64, types.Uint64, types.Int64, true},  // nothing holds both
		{types.Int8, types.Uint64, types.Int64, true},
	} {
		for range 2 {
			got, lossy := types.WidenInts(c.a, c.b)
			require.Equal(t, c.want, got, "%s %s", c.a, c.b)
			require.Equal(t, c.lossy, lossy, "%s %s", c.a, c.b)
			c.a, c.b = c.b, c.a
		}
	}
}

func TestWiden(t *testing.T) {
	s := func(n int) types.Type { return types.String{Size: n} }
	task, other := &types.Struct{Name: "task"}, &types.Struct{Name: "other"}
	tuple := func(e ...types.Type) types.Type { return types.Tuple{Elems: e} }
	record := func(a, b string, ta, tb types.Type) types.Type {
		return types.Record{Fields: []types.RecordField{{Name: a, Type: ta}, {Name: b, Type: tb}}}
	}
	for _, c := range []struct {
		name    string
		a, b    types.Type
		want    types.Type // nil if there is none
		oneSide bool
	}{
		{name: "ints", a: types.Int8, b: types.Uint8, want: types.Int16},
		{name: "strings", a: s(4), b: s(16), want: s(16)},
		{name: "buffers", a: types.Buffer{Size: 4}, b: types.Buffer{Size: 8}, want: types.Buffer{Size: 8}},
		{name: "int and bool", a: types.Int8, b: types.Bool{}},
		{name: "int and string", a: types.Int8, b: s(2)},
		{name: "bools", a: types.Bool{}, b: types.Bool{}, want: types.Bool{}},
		{name: "pointers", a: types.Pointer{Elem: task}, b: types.Pointer{Elem: task, Space: types.SpaceUser}, want: types.Pointer{Elem: task, Space: types.SpaceUser}},
		{
			name: "trust is lost", a: types.Pointer{Elem: task, Space: types.SpaceKernel, Trusted: true},
			b: types.Pointer{Elem: task, Space: types.SpaceKernel}, want: types.Pointer{Elem: task, Space: types.SpaceKernel},
		},
		{
			name: "spaces differ", a: types.Pointer{Elem: task, Space: types.SpaceKernel},
			b: types.Pointer{Elem: task, Space: types.SpaceUser}, want: types.Pointer{Elem: task},
		},
		{name: "pointers to others", a: types.Pointer{Elem: task}, b: types.Pointer{Elem: other}},
		{name: "tuples", a: tuple(types.Int8, s(4)), b: tuple(types.Int64, s(2)), want: tuple(types.Int64, s(4))},
		{name: "tuples of other length", a: tuple(types.Int8), b: tuple(types.Int8, types.Int8)},
		{name: "tuples of other kinds", a: tuple(types.Int8), b: tuple(s(2))},
		{
			name: "records in another order", a: record("a", "b", types.Int8, types.Int8), b: record("b", "a", types.Int16, types.Int32),
			want: record("a", "b", types.Int32, types.Int16), oneSide: true,
		},
		{name: "records with other names", a: record("a", "b", types.Int8, types.Int8), b: record("a", "c", types.Int8, types.Int8)},
		{name: "signed aggregates", a: types.Sum{}, b: types.Sum{Signed: true}, want: types.Sum{Signed: true}},
		{name: "other aggregates", a: types.Sum{}, b: types.Avg{}},
		{name: "count and int", a: types.Count{}, b: types.Int64},
		{name: "histograms", a: types.Hist{}, b: types.Hist{Bits: 1}},
		{
			name: "signed histograms", a: types.Hist{Bits: 5, Fit: true}, b: types.Hist{Bits: 5, Fit: true, Signed: true},
			want: types.Hist{Bits: 5, Fit: true, Signed: true},
		},
		{name: "other histograms", a: types.Hist{Bits: 5, Fit: true}, b: types.Hist{Bits: 5, Quantiles: "50", Signed: true}},
		{name: "histogram and int", a: types.Hist{Bits: 5, Fit: true}, b: types.Int64},
		{name: "stacks", a: types.Stack{Depth: 1}, b: types.Stack{Depth: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := types.Widen(c.a, c.b)
			require.Equal(t, c.want != nil, ok)
			require.Equal(t, c.want, got)
			if !c.oneSide {
				got, _ = types.Widen(c.b, c.a)
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	all := allTypes()
	for i, a := range all {
		for j, b := range all {
			require.Equal(t, i == j, types.Equal(a, b), "%s %s", a, b)
		}
	}
	require.True(t, types.Equal(nil, nil))
	require.False(t, types.Equal(types.Int8, nil))
	require.False(t, types.Equal(&types.Struct{Name: "a"}, &types.Struct{Name: "a"}), "structs are compared by identity")
}

func TestEveryTypeWidensWithItself(t *testing.T) {
	for _, a := range allTypes() {
		w, ok := types.Widen(a, a)
		require.True(t, ok, a.String())
		require.True(t, types.Equal(a, w))
		require.True(t, types.Assignable(a, a))
		for _, b := range allTypes() {
			types.Widen(a, b) // no panic
		}
	}
}

func TestAssignable(t *testing.T) {
	require.True(t, types.Assignable(types.Int64, types.Uint32))
	require.False(t, types.Assignable(types.Uint32, types.Int64))
	require.True(t, types.Assignable(types.String{Size: 8}, types.String{Size: 4}))
	require.False(t, types.Assignable(types.String{Size: 4}, types.String{Size: 8}))
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		t    types.Type
		want types.Int
		ok   bool
	}{
		{types.Count{}, types.Uint64, true},
		{types.Sum{Signed: true}, types.Int64, true},
		{types.Sum{}, types.Uint64, true},
		{types.Avg{Signed: true}, types.Int64, true},
		{types.Stats{Signed: true}, types.Int{}, false},
		{types.Hist{}, types.Int{}, false},
		{types.Int8, types.Int{}, false},
	} {
		got, ok := types.Number(c.t)
		require.Equal(t, c.ok, ok, c.t.String())
		require.Equal(t, c.want, got, c.t.String())
	}
}

func TestLookup(t *testing.T) {
	inner := &types.Struct{Union: true, Size: 8, Fields: []types.Field{{Name: "deep", Type: types.Int32, Offset: 4}}}
	middle := &types.Struct{Size: 16, Fields: []types.Field{{Type: inner, Offset: 8}}}
	s := &types.Struct{Name: "s", Size: 32, Complete: func(s *types.Struct) {
		s.Fields = []types.Field{
			{Name: "a", Type: types.Int64}, {Type: middle, Offset: 16}, {Name: "named", Type: inner}, {Type: types.Int8},
		}
	}}
	path, ok := types.Lookup(s, "deep")
	require.True(t, ok)
	require.Len(t, path, 3)
	require.Equal(t, 28, path[0].Offset+path[1].Offset+path[2].Offset)

	path, ok = types.Lookup(s, "a")
	require.True(t, ok)
	require.Len(t, path, 1)

	_, ok = types.Lookup(s, "nope")
	require.False(t, ok)
	_, ok = types.Lookup(s, "")
	require.False(t, ok)
	require.Equal(t, []string{"a", "deep", "named"}, types.FieldNames(s))
}
