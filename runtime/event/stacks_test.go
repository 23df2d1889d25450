package event

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseBuildIDs(t *testing.T) {
	frame := func(status uint32, id byte, addr uint64) []byte {
		b := binary.NativeEndian.AppendUint32(nil, status)
		for range 20 {
			b = append(b, id)
		}
		return binary.NativeEndian.AppendUint64(b, addr)
	}
	stack := append(append(frame(1, 0xa2, 0x110e89), frame(2, 0, 0x7fe65804e5a8)...), frame(0, 0, 0)...)
	addrs, files := parseBuildIDs(append(stack, frame(1, 1, 1)...))
	require.Equal(t, []uint64{0x110e89, 0x7fe65804e5a8}, addrs)
	require.Equal(t, []string{"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2", ""}, files)
}
