package event

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/cilium/ebpf"
)

// StackKind says what stacks a stack map holds.
type StackKind struct {
	// Depth is the largest number of frames.
	Depth int
	// BuildID is set where frames are places in files.
	BuildID bool
	// Walked is set where programs have walked the stacks and stored them, by numbers of 64 bits.
	Walked bool
	// Collided is set for stacks whose place another one had, stored like walked ones.
	Collided bool
}

// StackMaps are the loaded stack maps.
type StackMaps map[StackKind]*ebpf.Map

// Frames returns the addresses of a stack, innermost first, and the build ids of the files that they are offsets in.
func (s StackMaps) Frames(kind StackKind, id int64) ([]uint64, []string, error) {
	m := s[kind]
	if m == nil {
		return nil, nil, fmt.Errorf("no stack map of depth %d", kind.Depth)
	}
	b := make([]byte, m.ValueSize())
	key := any(uint32(id))
	if kind.Walked || kind.Collided {
		key = uint64(id)
	}
	if err := m.Lookup(key, b); err != nil {
		return nil, nil, fmt.Errorf("read stack %d: %w", id, err)
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
