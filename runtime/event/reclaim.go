package event

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

const (
	// sweepBatch is the number of stacks that are taken out of a map at once; a bucket of the map must fit.
	sweepBatch = 256
	// minMaxKept is how many stacks are kept in memory at least.
	minMaxKept = 1 << 20
)

// Entries returns the least number of stacks that a map can hold, 0 without maps.
func (s *StackStore) Entries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.maps {
		if e := int(m.MaxEntries()); n == 0 || e < n {
			n = e
		}
	}
	return n
}

// Kept returns how many stacks are in memory.
func (s *StackStore) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// Keep says how many stacks may be in use: so many are kept in memory, if they are more than those that are kept anyway.
func (s *StackStore) Keep(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxKept = max(n, minMaxKept)
}

// Sweep takes the stacks out of the maps, so that there is room for others. They are found as before. It does nothing while too many are
// kept.
func (s *StackStore) Sweep() error {
	s.mu.Lock()
	var kinds []StackKind
	for kind := range s.maps {
		kinds = append(kinds, kind)
	}
	s.mu.Unlock()
	for _, kind := range kinds {
		for _, spill := range []bool{false, true} {
			if err := s.sweep(kind, spill); err != nil {
				return fmt.Errorf("empty the map of stacks: %w", err)
			}
		}
	}
	return nil
}

// sweep empties a map, batch by batch, so that others can look stacks up in between.
func (s *StackStore) sweep(kind StackKind, spill bool) error {
	var cursor ebpf.MapBatchCursor
	keys := make([]int64, sweepBatch)
	var values any
	var raw []byte
	for {
		s.mu.Lock()
		m := s.of(spill)[kind]
		if m == nil || s.n >= s.maxKept {
			s.mu.Unlock()
			return nil
		}
		if values == nil {
			values, raw = slice(sweepBatch, int(m.ValueSize()))
		}
		n, err := m.BatchLookupAndDelete(&cursor, keys, values, nil)
		if err == nil || errors.Is(err, ebpf.ErrKeyNotExist) {
			size := int(m.ValueSize())
			for i, id := range keys[:n] {
				s.keep(kind, id, raw[i*size:(i+1)*size])
			}
		}
		s.mu.Unlock()
		switch {
		case errors.Is(err, ebpf.ErrKeyNotExist):
			return nil
		case err != nil:
			return err
		}
	}
}

// keep puts a stack into memory. s.mu is held.
func (s *StackStore) keep(kind StackKind, id int64, frames []byte) {
	if k := s.kept[kind][id]; k != nil {
		k.moved = s.round
		return
	}
	size := kind.frameSize()
	n := 0
	for n < len(frames) && binary.NativeEndian.Uint64(frames[n:]) != 0 {
		n += size
	}
	s.kept[kind][id] = &keptStack{frames: string(frames[:n]), moved: s.round}
	s.n++
}

// Collect forgets stacks that nobody can ask for any more. It calls use with a Stacks that takes note of the numbers that are looked up: those
// that are in use. A stack goes away that was in memory before the last collection began and that neither that nor this one found in use:
// the caller makes sure that all events that were on their way at the end of the last collection have been read before this one. It returns how
// many stacks in memory are in use.
func (s *StackStore) Collect(use func(Stacks) error) (inUse int, err error) {
	s.mu.Lock()
	s.round++
	s.mu.Unlock()
	m := &marker{s: s}
	if err := use(m); err != nil {
		return 0, err // nothing is forgotten
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range s.kept {
		for id, k := range kept {
			if k.moved+1 < s.round && k.seen+1 < s.round {
				delete(kept, id)
				s.n--
			}
		}
	}
	return m.n, nil
}

// marker notes which stacks are in use, and how many.
type marker struct {
	s *StackStore
	n int
}

// Frames notes that a stack is in use.
func (m *marker) Frames(kind StackKind, id int64) ([]uint64, []string, error) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if k := m.s.kept[kind][id]; k != nil && k.seen != m.s.round {
		k.seen = m.s.round
		m.n++
	}
	return nil, nil, nil
}
