package event

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
)

// StackKind says what stacks a stack map holds.
type StackKind struct {
	// Depth is the largest number of frames.
	Depth int
	// BuildID is set where frames are places in files.
	BuildID bool
	// Walked is set where programs have walked the stacks by call frame information.
	Walked bool
}

// frameSize is the size of a frame in the map.
func (k StackKind) frameSize() int {
	if k.BuildID {
		return buildIDFrame
	}
	return 8
}

// StackStore is the stacks that programs have stored: in the kernel's maps or, once those were emptied, in memory. The number of a stack is
// computed from its frames, so it is never that of another one. The zero StackStore is not ready; see NewStackStore. It is safe for
// concurrent use.
type StackStore struct {
	mu sync.Mutex
	// maps are the kernel's, spills those for what they have no room for. What is in them is deleted with mu held alone: a place that is used
	// again while it is read could give parts of two stacks.
	maps, spills map[StackKind]*ebpf.Map
	// kept are the stacks that were taken out of the maps, n is how many.
	kept map[StackKind]map[int64]*keptStack
	n    int
	// maxKept is the number of stacks that are kept in memory. With as many that are all in use, the maps fill up.
	maxKept int
	// round is the number of collections.
	round uint32
	// missing are numbers of stacks that were asked for and were nowhere.
	missing map[int64]struct{}

	counting sync.Mutex // guards what follows
	// counters are arrays of one counter: the stacks that programs stored. before is what those counted that are gone.
	counters []*ebpf.Map
	before   uint64
}

// keptStack is a stack in memory.
type keptStack struct {
	// frames are the bytes that the map had, without the end.
	frames string
	// moved and seen are the collections before which it was last taken out of its map, and that last found its number in use.
	moved, seen uint32
}

// maxMissing bounds what is remembered of stacks that are nowhere.
const maxMissing = 1 << 16

// NewStackStore returns a store without maps.
func NewStackStore() *StackStore {
	return &StackStore{
		maps: map[StackKind]*ebpf.Map{}, spills: map[StackKind]*ebpf.Map{}, kept: map[StackKind]map[int64]*keptStack{},
		missing: map[int64]struct{}{}, maxKept: minMaxKept,
	}
}

// Add gives the store a map, which it closes. spill is set if it is for stacks that another one has no room for.
func (s *StackStore) Add(kind StackKind, spill bool, m *ebpf.Map) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(spill)[kind] = m
	if s.kept[kind] == nil {
		s.kept[kind] = map[int64]*keptStack{}
	}
}

// of returns the maps for all stacks, or those for what these have no room for.
func (s *StackStore) of(spill bool) map[StackKind]*ebpf.Map {
	if spill {
		return s.spills
	}
	return s.maps
}

// Count adds a counter of stacks that programs store. It does not become the store's.
func (s *StackStore) Count(m *ebpf.Map) {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.counters = append(s.counters, m)
}

// Uncount takes a counter away before it is closed, and remembers what it says.
func (s *StackStore) Uncount(m *ebpf.Map) error {
	s.counting.Lock()
	defer s.counting.Unlock()
	i := slices.Index(s.counters, m)
	if i < 0 {
		return nil
	}
	n, err := Counter(m, 0)
	s.before += n
	s.counters = slices.Delete(s.counters, i, i+1)
	return err
}

// Stored returns how many stacks programs have stored so far.
func (s *StackStore) Stored() (uint64, error) {
	s.counting.Lock()
	defer s.counting.Unlock()
	sum := s.before
	for _, m := range s.counters {
		n, err := Counter(m, 0)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Map returns the map for a kind of stacks, or that for those that it has no room for; nil if there is none.
func (s *StackStore) Map(kind StackKind, spill bool) *ebpf.Map {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(spill)[kind]
}

// Close closes the maps.
func (s *StackStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, maps := range []map[StackKind]*ebpf.Map{s.maps, s.spills} {
		for _, m := range maps {
			errs = append(errs, m.Close())
		}
		clear(maps)
	}
	return errors.Join(errs...)
}

// Frames returns the addresses of a stack, innermost first, and the build ids of the files that they are offsets in.
func (s *StackStore) Frames(kind StackKind, id int64) ([]uint64, []string, error) {
	b, err := s.lookup(kind, id)
	if err != nil {
		return nil, nil, err
	}
	if kind.BuildID {
		addrs, files := parseBuildIDs(b)
		return addrs, files, nil
	}
	var out []uint64
	for ; len(b) >= 8; b = b[8:] {
		addr := binary.NativeEndian.Uint64(b)
		if addr == 0 {
			break
		}
		out = append(out, addr)
	}
	return out, nil, nil
}

// lookup returns the bytes of a stack.
func (s *StackStore) lookup(kind StackKind, id int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.maps[kind]
	if m == nil {
		return nil, fmt.Errorf("no stack map of depth %d", kind.Depth)
	}
	if k := s.kept[kind][id]; k != nil {
		return []byte(k.frames), nil
	}
	b := make([]byte, m.ValueSize())
	err := m.Lookup(uint64(id), b)
	if spill := s.spills[kind]; spill != nil && errors.Is(err, ebpf.ErrKeyNotExist) {
		err = spill.Lookup(uint64(id), b)
	}
	if err != nil {
		if len(s.missing) < maxMissing {
			s.missing[id] = struct{}{}
		}
		return nil, fmt.Errorf("read stack %d: %w", id, err)
	}
	return b, nil
}

// Missing returns how many different stacks were asked for in vain since it was last called.
func (s *StackStore) Missing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.missing)
	clear(s.missing)
	return n
}

// The parts of struct bpf_stack_build_id: a status, a build id, and an offset in the file or an address.
const (
	buildIDFrame  = 32
	buildIDStart  = 4
	buildIDEnd    = 24
	buildIDNone   = 0 // BPF_STACK_BUILD_ID_EMPTY
	buildIDOffset = 1 // BPF_STACK_BUILD_ID_VALID
)

func parseBuildIDs(b []byte) (addrs []uint64, files []string) {
	for ; len(b) >= buildIDFrame; b = b[buildIDFrame:] {
		status := binary.NativeEndian.Uint32(b)
		if status == buildIDNone {
			break
		}
		file := ""
		if status == buildIDOffset {
			file = hex.EncodeToString(b[buildIDStart:buildIDEnd])
		}
		addrs = append(addrs, binary.NativeEndian.Uint64(b[buildIDEnd:]))
		files = append(files, file)
	}
	return addrs, files
}
