package runtime

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/output"
)

// report prints what was lost, once for all groups.
func (s *Session) report(groups []*Group) []error {
	var errs []error
	var sum Losses
	for _, g := range groups {
		l, err := g.losses()
		if err != nil {
			errs = append(errs, err)
		}
		sum.add(l)
	}
	for _, name := range slices.Sorted(maps.Keys(sum.Maps)) {
		s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: mapFull(name, sum.Maps[name])})
	}
	// A stack that a program could not store is counted there, and missing here; one that was forgotten too early is missing only.
	if sum.Stacks = max(sum.Stacks, uint64(s.stacks.Missing())); sum.Stacks > 0 {
		s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: fmt.Sprintf("Lost %d stacks: the stack map is full", sum.Stacks)})
	}
	if sum.Missed > 0 {
		s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: missedText(sum.Missed)})
	}
	for i, n := range sum.Broken {
		if n > 0 {
			s.opts.Printer.Message(output.Message{Kind: output.RuntimeError, Text: fmt.Sprintf("Incomplete user stacks: %d %s", n, brokenTexts[i])})
		}
	}
	if sum.Events > 0 {
		s.opts.Printer.Lost(sum.Events)
	}
	if sum.Unshown > 0 {
		s.opts.Printer.Message(output.Message{Kind: output.Warnf, Text: fmt.Sprintf("Interrupted: %d events were not printed", sum.Unshown)})
	}
	return errs
}

func missedText(n uint64) string {
	return fmt.Sprintf("Missed %d events: a program was already running on the CPU, and the kernel does not run another inside of it", n)
}

// brokenTexts say why stacks are incomplete, by the UnwindLost constants.
var brokenTexts = [...]string{"end in code without call frame information", "end where the stack could not be read"}

// mapFull is bpftrace's text about a full map, and how often it happened.
func mapFull(name string, n uint64) string {
	return fmt.Sprintf("%s (updates of %s lost: %d)", fullText(name), name, n)
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

// exitFlag returns the exit code if a program of the group called exit(): the flag is set even if the event found no room, to 1
// or to one more than the code.
func (g *Group) exitFlag() (code int, ok bool) {
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

// Losses is what a group could not keep.
type Losses struct {
	// Events found no room in the ring buffer, Stacks none in the stack map; Unshown were read and not printed after Mute.
	Events, Stacks, Unshown uint64
	// Missed are events that the kernel did not run a program for because one was already running on the CPU; only kernels that
	// count them, from 5.12 on, say so, the more kinds of probes the newer they are.
	Missed uint64
	// Broken are the stacks that dw_ustack could not walk to their end: in code that nothing is known of, or since memory could not be read.
	Broken [object.UnwindLostReasons]uint64
	// Maps has the updates that found a map full, by the map's name.
	Maps map[string]uint64
}

// Any reports whether something was lost.
func (l Losses) Any() bool {
	return l.Events+l.Stacks+l.Unshown+l.Broken[0]+l.Broken[1]+l.Missed > 0 || len(l.Maps) > 0
}

func (l *Losses) add(o Losses) {
	l.Events, l.Stacks, l.Unshown = l.Events+o.Events, l.Stacks+o.Stacks, l.Unshown+o.Unshown
	l.Missed += o.Missed
	for i, n := range o.Broken {
		l.Broken[i] += n
	}
	if l.Maps == nil {
		l.Maps = map[string]uint64{}
	}
	for name, n := range o.Maps {
		l.Maps[name] += n
	}
}

// losses reads the group's counters of lost things. s.mu is held.
func (g *Group) losses() (Losses, error) {
	l := Losses{Unshown: g.unshown, Maps: map[string]uint64{}}
	if g.coll == nil {
		return l, nil
	}
	if m := g.coll.Maps[object.UnwindLostMap]; m != nil {
		broken, err := event.Counters(m)
		if err != nil {
			return l, err
		}
		copy(l.Broken[:], broken)
	}
	missed, err := g.missed()
	l.Missed = missed
	if err != nil || g.coll.Maps[object.LostMap] == nil {
		return l, err
	}
	lost, err := event.Counters(g.coll.Maps[object.LostMap])
	for i, n := range lost {
		switch {
		case n == 0:
		case i == object.LostEvents:
			l.Events += n
		case i == object.LostStacks:
			l.Stacks += n
		case i-object.LostMaps < len(g.o.Manifest.Maps):
			l.Maps[g.o.Manifest.Maps[i-object.LostMaps].Name] += n
		}
	}
	return l, err
}

// missed adds up what the kernel counted of the group's programs that it could not run.
func (g *Group) missed() (uint64, error) {
	sum := g.parkedMissed
	seen := map[string]bool{} // several watchpoints may have one program
	for _, j := range g.jobs {
		p := g.coll.Programs[j.program]
		if p == nil || seen[j.program] {
			continue
		}
		seen[j.program] = true
		st, err := p.Stats()
		if err != nil {
			return sum, fmt.Errorf("read what was missed of %s: %w", j.probes[0].Name, err)
		}
		sum += st.RecursionMisses
	}
	return sum, nil
}
