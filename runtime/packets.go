package runtime

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/pcap"
)

// captures are the files of a session that packets go to, by their paths. Scripts that name the same file share it.
type captures struct {
	mu    sync.Mutex
	files map[string]*pcap.File
}

// open returns the file of a path. It is made anew when the session first hears of it.
func (c *captures) open(path string) (*pcap.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[path]; f != nil {
		return f, nil
	}
	for _, f := range c.files {
		if f.Same(path) {
			c.files[path] = f
			return f, nil
		}
	}
	f, err := pcap.Create(path)
	if err != nil {
		return nil, fmt.Errorf("skboutput(): %w", err)
	}
	if c.files == nil {
		c.files = map[string]*pcap.File{}
	}
	c.files[path] = f
	return f, nil
}

// distinct returns the files, each once.
func (c *captures) distinct() []*pcap.File {
	var out []*pcap.File
	seen := map[*pcap.File]bool{}
	for _, f := range c.files {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out
}

// append adds a packet to a file.
func (c *captures) append(f *pcap.File, time int64, wire int, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.Append(time, wire, data)
}

// flush writes what waits in files.
func (c *captures) flush(files []*pcap.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range files {
		if f != nil {
			errs = append(errs, f.Flush())
		}
	}
	return errors.Join(errs...)
}

// report says which packets did not get into their file.
func (c *captures) report(p output.Printer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.distinct() {
		if n := f.Lost(); n > 0 {
			p.Message(output.Message{Kind: output.RuntimeError, Text: fmt.Sprintf("Lost %d packets: %s could not be written", n, f.Path())})
		}
	}
}

func (c *captures) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range c.distinct() {
		errs = append(errs, f.Close())
	}
	c.files = nil
	return errors.Join(errs...)
}

// packets is the way of a group's packets to their files.
type packets struct {
	reader *event.PacketReader
	// files and skip are by event id: nil for events that are no packets.
	files []*pcap.File
	skip  []int
	// done is closed when the pump has ended.
	done chan struct{}
}

// openPackets makes the files that the group's programs send packets to, and starts to fill them.
func (g *Group) openPackets() error {
	m := g.coll.Maps[object.PacketsMap]
	if m == nil {
		return nil
	}
	p := &packets{done: make(chan struct{})}
	for _, e := range g.o.Manifest.Events {
		var f *pcap.File
		if e.Kind == object.EventPacket {
			var err error
			if f, err = g.s.captures.open(e.Format); err != nil {
				return err
			}
		}
		p.files, p.skip = append(p.files, f), append(p.skip, e.Skip)
	}
	var err error
	if p.reader, err = event.NewPacketReader(m, g.o.Manifest.Config.PacketPages); err != nil {
		return err
	}
	g.packets = p
	go g.pumpPackets(p)
	return nil
}

// pumpPackets writes packets to their files until drain or free.
func (g *Group) pumpPackets(p *packets) {
	defer close(p.done)
	var packet event.Packet
	for {
		err := p.reader.Read(&packet)
		last := errors.Is(err, io.EOF)
		switch {
		case last || errors.Is(err, event.ErrIdle):
			err = g.s.captures.flush(p.files)
		case err == nil:
			err = g.keep(p, packet)
		}
		if err != nil {
			g.s.mu.Lock()
			g.s.fail(err)
			g.s.mu.Unlock()
			last = last || !p.goesOn(err)
		}
		if last {
			return
		}
	}
}

// goesOn reports whether more can be read after an error: one in writing, or about a single packet.
func (p *packets) goesOn(err error) bool { return !errors.Is(err, event.ErrUnreadable) }

// keep appends a packet to its file.
func (g *Group) keep(p *packets, packet event.Packet) error {
	if packet.Event >= len(p.files) || p.files[packet.Event] == nil {
		return fmt.Errorf("%w: a packet of event %d", event.ErrMalformed, packet.Event)
	}
	skip := min(p.skip[packet.Event], len(packet.Data))
	return g.s.captures.append(p.files[packet.Event], int64(packet.Time)+g.s.epoch, max(0, packet.Wire-skip), packet.Data[skip:])
}

// drainPackets writes what is in the buffers and ends the pump.
func (g *Group) drainPackets() error {
	if g.packets == nil {
		return nil
	}
	if err := g.packets.reader.Flush(); err != nil {
		return fmt.Errorf("flush packets: %w", err)
	}
	<-g.packets.done
	return nil
}

// close frees the buffers.
func (p *packets) close() error {
	if p == nil {
		return nil
	}
	err := p.reader.Close()
	<-p.done
	return err
}
