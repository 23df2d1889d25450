package event_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/value"
	"github.com/gtrace/gtrace/tests/testenv"
)

func mustMap(t *testing.T, info object.Map, kind ebpf.MapType, entries, keySize, valueSize uint32) *event.Map {
	t.Helper()
	testenv.Privileged(t)
	h, err := ebpf.NewMap(&ebpf.MapSpec{Type: kind, KeySize: keySize, ValueSize: valueSize, MaxEntries: entries})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	info.Name = "@m"
	return &event.Map{Handle: h, Info: info}
}

func mustRead(t *testing.T, m *event.Map) map[uint64]value.Value {
	t.Helper()
	got, err := m.Read(new(event.Decoder))
	require.NoError(t, err)
	out := map[uint64]value.Value{}
	for _, e := range got.Entries {
		k := uint64(0)
		if e.Key != nil {
			k = e.Key.(value.Int).Bits
		}
		require.NotContains(t, out, k)
		out[k] = e.Value
	}
	return out
}

// perCPU makes a value for each CPU, the first ones given and the rest zero.
func perCPU(size int, values ...[]byte) [][]byte {
	out := make([][]byte, ebpf.MustPossibleCPU())
	for i := range out {
		out[i] = make([]byte, size)
		if i < len(values) {
			copy(out[i], values[i])
		}
	}
	return out
}

func TestReadHash(t *testing.T) {
	for _, n := range []int{0, 1, 100, 2000} {
		m := mustMap(t, object.Map{Key: types.Uint64, Value: types.Int32}, ebpf.Hash, 4096, 8, 8)
		for i := range n {
			require.NoError(t, m.Handle.Put(uint64(i), uint64(uint32(-i))))
		}
		got := mustRead(t, m)
		require.Len(t, got, n)
		for i := range n {
			require.Equal(t, value.Int{T: types.Int32, Bits: uint64(-i)}, got[uint64(i)])
		}
		require.NoError(t, m.Zero())
		require.Len(t, mustRead(t, m), n)
		require.NoError(t, m.Clear())
		require.Empty(t, mustRead(t, m))
	}
}

// extreme is what a CPU has of a min or max that saw a number.
func extreme(t types.Type, n int64) []byte { return pack(uint64(n)^types.ExtremeMask(t), uint64(1)) }

func TestReadPerCPU(t *testing.T) {
	for _, tt := range []struct {
		t    types.Type
		a, b []byte
		want value.Value
	}{
		{types.Count{}, pack(3), pack(4), value.Number{T: types.Count{}, Bits: 7, Set: true}},
		{types.Sum{Signed: true}, pack(3), pack(-4), value.Number{T: types.Sum{Signed: true}, Bits: ^uint64(0), Set: true}},
		{types.Min{Signed: true}, extreme(types.Min{Signed: true}, 3), extreme(types.Min{Signed: true}, -4), value.Number{T: types.Min{Signed: true}, Bits: ^uint64(3), Set: true}},
		{types.Min{}, extreme(types.Min{}, 3), pack(0, 0), value.Number{T: types.Min{}, Bits: 3, Set: true}},
		{types.Max{Signed: true}, extreme(types.Max{Signed: true}, -3), pack(0, 0), value.Number{T: types.Max{Signed: true}, Bits: ^uint64(2), Set: true}},
		{types.Max{}, pack(0, 0), pack(0, 0), value.Number{T: types.Max{}}},
		{types.Stats{}, pack(10, 2), pack(5, 1), value.Stats{T: types.Stats{}, Count: 3, Total: 15}},
		{types.LHist{Max: 2, Step: 1}, pack(1, 0, 2, 0), pack(1, 0, 0, 5), value.Hist{T: types.LHist{Max: 2, Step: 1}, Slots: []uint64{2, 0, 2, 5}}},
	} {
		size := types.Sizeof(tt.t)
		m := mustMap(t, object.Map{Key: types.Uint64, Value: tt.t, PerCPU: true}, ebpf.PerCPUHash, 64, 8, uint32(size))
		for k := range uint64(20) {
			require.NoError(t, m.Handle.Put(k, perCPU(size, tt.a, tt.b)))
		}
		got := mustRead(t, m)
		require.Len(t, got, 20)
		if ebpf.MustPossibleCPU() > 1 {
			require.Equal(t, tt.want, got[7])
		}
		require.NoError(t, m.Zero())
		require.Len(t, mustRead(t, m), 20)
		require.NoError(t, m.Clear())
		require.Empty(t, mustRead(t, m))
	}
}

func TestScalars(t *testing.T) {
	t.Run("presence", func(t *testing.T) {
		m := mustMap(t, object.Map{Value: types.Int64, Presence: true}, ebpf.Array, 1, 4, 16)
		require.Empty(t, mustRead(t, m))
		require.NoError(t, m.Zero())
		require.Empty(t, mustRead(t, m), "zero() does not assign")
		require.NoError(t, m.Handle.Put(uint32(0), pack(9, 1)))
		require.Equal(t, value.Int{T: types.Int64, Bits: 9}, mustRead(t, m)[0])
		require.NoError(t, m.Zero())
		require.Equal(t, value.Int{T: types.Int64}, mustRead(t, m)[0])
		require.NoError(t, m.Clear())
		require.Empty(t, mustRead(t, m))
	})
	t.Run("per CPU", func(t *testing.T) {
		m := mustMap(t, object.Map{Value: types.Count{}, PerCPU: true, Presence: true}, ebpf.PerCPUArray, 1, 4, 16)
		require.Empty(t, mustRead(t, m))
		require.NoError(t, m.Handle.Put(uint32(0), perCPU(16, pack(3, 1))))
		require.Equal(t, value.Number{T: types.Count{}, Bits: 3, Set: true}, mustRead(t, m)[0])
		require.NoError(t, m.Zero())
		require.Equal(t, value.Number{T: types.Count{}}, mustRead(t, m)[0])
	})
	t.Run("without presence", func(t *testing.T) {
		m := mustMap(t, object.Map{Value: types.Count{}, PerCPU: true}, ebpf.PerCPUArray, 1, 4, 8)
		require.Empty(t, mustRead(t, m))
		require.NoError(t, m.Handle.Put(uint32(0), perCPU(8, pack(3))))
		require.Len(t, mustRead(t, m), 1)
	})
}

func TestMapSmallerThanItsType(t *testing.T) {
	m := mustMap(t, object.Map{Key: types.Uint64, Value: types.String{Size: 64}}, ebpf.Hash, 4, 8, 8)
	_, err := m.Read(new(event.Decoder))
	require.Error(t, err)
}
