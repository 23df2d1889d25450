package event

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
)

// StackMaps are the loaded stack maps by depth.
type StackMaps map[int]*ebpf.Map

// Frames returns the addresses of a stack, innermost first.
func (s StackMaps) Frames(depth int, id int64) ([]uint64, error) {
	m := s[depth]
	if m == nil {
		return nil, fmt.Errorf("no stack map of depth %d", depth)
	}
	b := make([]byte, m.ValueSize())
	if err := m.Lookup(uint32(id), b); err != nil {
		return nil, fmt.Errorf("read stack %d: %w", id, err)
	}
	var out []uint64
	for ; len(b) >= 8; b = b[8:] {
		addr := binary.NativeEndian.Uint64(b)
		if addr == 0 {
			break
		}
		out = append(out, addr)
	}
	return out, nil
}
