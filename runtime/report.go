package runtime

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/output"
)

// report prints what was lost, once for all groups.
func (s *Session) report(groups []*Group) []error {
	var errs []error
	var events, stacks uint64
	full := map[string]uint64{}
	var names []string
	for _, g := range groups {
		lost, err := g.lost()
		if err != nil {
			errs = append(errs, err)
		}
		for i, n := range lost {
			switch {
			case n == 0:
			case i == object.LostEvents:
				events += n
			case i == object.LostStacks:
				stacks += n
			case i-object.LostMaps < len(g.o.Manifest.Maps):
				name := g.o.Manifest.Maps[i-object.LostMaps].Name
				if full[name] == 0 {
					names = append(names, name)
				}
				full[name] += n
			}
		}
	}
	for _, name := range names {
		s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: mapFull(name, full[name])})
	}
	if stacks > 0 {
		s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: fmt.Sprintf("Lost %d stacks: the stack map is full", stacks)})
	}
	if events > 0 {
		s.opts.Printer.Lost(events)
	}
	return errs
}

// mapFull is bpftrace's text about a full map, and how often it happened.
func mapFull(name string, n uint64) string {
	return fmt.Sprintf("%s (%d updates of %s were lost)", fullText(name), n, name)
}

func fullText(name string) string {
	return "Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map " +
		"declaration e.g. `let " + name + " = hash(5000)`"
}

// helperText is what a failed helper's message says.
func helperText(e *object.Event, code int) string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Helper == "map_update_elem" && code == -int(unix.E2BIG):
		name := e.Map
		if name == "" {
			name = "@a"
		}
		return fullText(name)
	}
	return output.Errno(code)
}

// exited returns the exit code if a program of the group called exit(): the flag is set even if the event found no room, to 1
// or to one more than the code.
func (g *Group) exited() (code int, ok bool) {
	if g.coll == nil || g.coll.Maps[object.DataMap] == nil {
		return 0, false
	}
	m := g.coll.Maps[object.DataMap]
	b := make([]byte, m.ValueSize())
	if err := m.Lookup(uint32(0), b); err != nil || len(b) < object.DataSize {
		return 0, false
	}
	flag := binary.NativeEndian.Uint64(b[object.DataExited:])
	return int(uint32(flag - 1)), flag != 0
}

// lost reads the group's counters of lost things.
func (g *Group) lost() ([]uint64, error) {
	m := g.coll.Maps[object.LostMap]
	if m == nil {
		return nil, nil
	}
	return event.Counters(m)
}
