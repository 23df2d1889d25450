package runtime

import (
	"fmt"

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
	return fmt.Sprintf("Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries "+
		"in a map declaration e.g. `let %s = hash(5000)` (%d updates of %s were lost)", name, n, name)
}

// lost reads the group's counters of lost things.
func (g *Group) lost() ([]uint64, error) {
	m := g.coll.Maps[object.LostMap]
	if m == nil {
		return nil, nil
	}
	return event.Counters(m)
}
