package event_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/event"
)

func TestDecodePacket(t *testing.T) {
	head := func(size uint32) []byte { return pack(uint32(3), size, uint64(1500), uint64(123456789)) }
	for _, c := range []struct {
		name string
		raw  []byte
		want event.Packet
		err  string
	}{
		{"cut, and padded by the kernel", append(head(4), "dataXXX"...), event.Packet{Event: 3, Wire: 1500, Time: 123456789, Data: []byte("data")}, ""},
		{"empty", head(0), event.Packet{Event: 3, Wire: 1500, Time: 123456789, Data: []byte{}}, ""},
		{"too short", append(head(5), "data"...), event.Packet{}, "a packet of 5 bytes in 4"},
		{"half a head", head(0)[:23], event.Packet{}, "23 bytes of a packet"},
		{"nothing", nil, event.Packet{}, "0 bytes of a packet"},
		{"absurd size", append(head(1<<32-1), "data"...), event.Packet{}, "a packet of 4294967295 bytes in 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got event.Packet
			err := event.DecodePacket(c.raw, &got)
			if c.err != "" {
				require.ErrorIs(t, err, event.ErrMalformed)
				require.ErrorContains(t, err, c.err)
			}
			require.Equal(t, c.want, got)
		})
	}
}
