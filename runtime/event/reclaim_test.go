package event_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/tests/testenv"
)

// storeOf returns a store with a map for stacks of up to four frames, which holds 8 of them, and what stores one as a program does.
func storeOf(t *testing.T) (s *event.StackStore, kind event.StackKind, put func(id, frame uint64)) {
	t.Helper()
	testenv.Privileged(t)
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 8, ValueSize: 32, MaxEntries: 8})
	require.NoError(t, err)
	s, kind = event.NewStackStore(), event.StackKind{Depth: 4}
	s.Add(kind, false, m)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, kind, func(id, frame uint64) {
		require.NoError(t, m.Put(id, []uint64{frame, frame + 1, 0, 0}))
	}
}

// nothing says that no map has the number of a stack.
func nothing(event.Stacks) error { return nil }

func TestSweep(t *testing.T) {
	s, kind, put := storeOf(t)
	for round := range uint64(20) {
		for i := range uint64(8) {
			put(8*round+i+1, 100*(8*round+i+1))
		}
		require.NoError(t, s.Sweep())
	}
	require.Equal(t, 160, s.Kept())
	put(500, 7)
	for id := range int64(160) {
		frames, _, err := s.Frames(kind, id+1)
		require.NoError(t, err)
		require.Equal(t, []uint64{100 * uint64(id+1), 100*uint64(id+1) + 1}, frames)
	}
	frames, _, err := s.Frames(kind, 500)
	require.NoError(t, err)
	require.Equal(t, []uint64{7, 8}, frames, "that is still in the map")
	require.Zero(t, s.Missing())
	_, _, err = s.Frames(kind, 501)
	require.Error(t, err)
	_, _, err = s.Frames(kind, 501)
	require.Error(t, err)
	require.Equal(t, 1, s.Missing())
	require.Zero(t, s.Missing(), "it was told")
}

// What a map has no room for is found, and taken out, as the rest is.
func TestSweepSpilled(t *testing.T) {
	s, kind, put := storeOf(t)
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 8, ValueSize: 32, MaxEntries: 8})
	require.NoError(t, err)
	s.Add(kind, true, m)
	require.Same(t, m, s.Map(kind, true))
	put(1, 100)
	for id := uint64(1); id < 4; id++ {
		require.NoError(t, m.Put(id, []uint64{100 * id, 0, 0, 0}))
	}
	for range 2 {
		for id := range int64(3) {
			frames, _, err := s.Frames(kind, id+1)
			require.NoError(t, err)
			require.EqualValues(t, 100*(id+1), frames[0])
		}
		require.NoError(t, s.Sweep())
		require.Equal(t, 3, s.Kept())
		require.ErrorIs(t, m.NextKey(nil, new(uint64)), ebpf.ErrKeyNotExist, "it is empty")
	}
}

// What two collections in a row find nobody to have, and was there before the first, is forgotten.
func TestCollect(t *testing.T) {
	s, kind, put := storeOf(t)
	has := func(id int64) bool {
		_, _, err := s.Frames(kind, id)
		return err == nil
	}
	used := func(ids ...int64) func(event.Stacks) error {
		return func(stacks event.Stacks) error {
			for _, id := range ids {
				_, _, _ = stacks.Frames(kind, id)
				_, _, _ = stacks.Frames(kind, id)
			}
			return nil
		}
	}
	for id := range uint64(4) {
		put(id+1, 10)
	}
	require.NoError(t, s.Sweep())
	n, err := s.Collect(used(1, 2, 99))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, 4, s.Kept(), "of the others, events may be on their way")
	put(3, 10) // it occurs again
	put(5, 10)
	require.NoError(t, s.Sweep())
	n, err = s.Collect(used(1))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []bool{true, true, true, false, true}, []bool{has(1), has(2), has(3), has(4), has(5)})
	_, err = s.Collect(used(1))
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, false, false, false}, []bool{has(1), has(2), has(3), has(4), has(5)})
	require.Equal(t, 1, s.Kept())
	_, err = s.Collect(nothing)
	require.NoError(t, err)
	require.True(t, has(1))
	_, err = s.Collect(nothing)
	require.NoError(t, err)
	require.False(t, has(1))
}
