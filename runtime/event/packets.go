package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"

	"github.com/gtrace/gtrace/codegen/object"
)

// ErrIdle is returned when no packet came for a moment.
var ErrIdle = errors.New("no packet yet")

// ErrUnreadable is wrapped by errors after which no packet can be read any more.
var ErrUnreadable = errors.New("packets cannot be read")

// packetPause is how long a packet waits in its buffer at most.
const packetPause = 100 * time.Millisecond

// Packet is a packet that a program sent.
type Packet struct {
	// Event is the event's id.
	Event int
	// Time is when it was, on the boot clock.
	Time uint64
	// Wire is the number of bytes that the packet has; Data may hold fewer of them. Data is overwritten by the next Read.
	Wire int
	Data []byte
}

// PacketReader reads the packets of all CPUs. Only Flush and Close may be called while Read runs.
type PacketReader struct {
	r   *perf.Reader
	rec perf.Record
	// waiting is set while there is a deadline that has not passed.
	waiting bool
}

// NewPacketReader returns a reader of object.PacketsMap, with buffers of so many pages for each CPU.
func NewPacketReader(m *ebpf.Map, pages int) (*PacketReader, error) {
	size := max(1, pages) * os.Getpagesize()
	r, err := perf.NewReaderWithOptions(m, size, perf.ReaderOptions{Watermark: size / 8})
	if err != nil {
		return nil, fmt.Errorf("open packet buffers: %w", err)
	}
	return &PacketReader{r: r}, nil
}

// Read waits for the next packet. It returns ErrIdle from time to time while there is none, io.EOF once all that came before a
// Flush was read, or after Close, and an error that wraps ErrMalformed for what is no packet. After one that wraps ErrUnreadable there is
// nothing more.
func (r *PacketReader) Read(p *Packet) error {
	for {
		if !r.waiting {
			r.r.SetDeadline(time.Now().Add(packetPause))
			r.waiting = true
		}
		err := r.r.ReadInto(&r.rec)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.waiting = false
			return ErrIdle
		case errors.Is(err, perf.ErrFlushed) || errors.Is(err, perf.ErrClosed):
			return io.EOF
		case err != nil:
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		case r.rec.LostSamples == 0: // the programs count what is lost
			return DecodePacket(r.rec.RawSample, p)
		}
	}
}

// DecodePacket decodes a record of object.PacketsMap, whose end may be padding. The packet aliases raw.
func DecodePacket(raw []byte, p *Packet) error {
	if len(raw) < object.PacketHeader {
		return fmt.Errorf("%w: %d bytes of a packet", ErrMalformed, len(raw))
	}
	size := binary.NativeEndian.Uint32(raw[object.PacketSize:])
	if uint64(size) > uint64(len(raw)-object.PacketHeader) {
		return fmt.Errorf("%w: a packet of %d bytes in %d", ErrMalformed, size, len(raw)-object.PacketHeader)
	}
	*p = Packet{
		Event: int(binary.NativeEndian.Uint32(raw[object.PacketEvent:])),
		Time:  binary.NativeEndian.Uint64(raw[object.PacketTime:]),
		Wire:  int(binary.NativeEndian.Uint64(raw[object.PacketWire:])),
		Data:  raw[object.PacketHeader : object.PacketHeader+int(size)],
	}
	return nil
}

// Flush makes Read return what is there already, and then io.EOF.
func (r *PacketReader) Flush() error { return r.r.Flush() }

// Close frees the buffers and ends Read.
func (r *PacketReader) Close() error { return r.r.Close() }
