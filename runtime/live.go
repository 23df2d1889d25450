package runtime

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/output"
)

// The methods of this file are for sessions that people talk to: they look at groups and maps, and change them, while
// programs run.

// Probes returns the number of probes of the group: those attached, begin and end.
func (g *Group) Probes() int { return g.probes }

// Resident reports whether the group still has something to do: probes to attach or end probes to run.
func (g *Group) Resident() bool { return len(g.jobs) > 0 || g.count(providerEnd) > 0 }

// Paused reports whether the group has probes to attach and none is.
func (g *Group) Paused() bool {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return len(g.jobs) > 0 && len(g.links) == 0
}

// Exited returns the code of the group's exit(), in a session with OnExit.
func (g *Group) Exited() (code int, ok bool) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if code, ok := g.exitFlag(); ok && !g.left && !g.ending {
		return code, true
	}
	return g.code, g.left
}

// Mute drops what the group sends from now on. It is counted, and reported when the group is removed.
func (g *Group) Mute() {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.muted = true
}

// Losses returns what the group has lost so far.
func (g *Group) Losses() (Losses, error) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.losses()
}

// EnableStats makes the kernel count runs of programs and their time until the result is closed; it costs some tens of
// nanoseconds for each run. It needs CAP_SYS_ADMIN (ErrStatsPermission), unless kernel.bpf_stats_enabled is set, and Linux 5.8.
func EnableStats() (io.Closer, error) {
	c, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if errors.Is(err, unix.EPERM) {
		return nil, ErrStatsPermission
	}
	if err != nil {
		return nil, fmt.Errorf("count program runs: %w", err)
	}
	return c, nil
}

// ErrStatsPermission means that the kernel counts the runs of programs only for CAP_SYS_ADMIN.
var ErrStatsPermission = errors.New("counting program runs needs the capability CAP_SYS_ADMIN, or the sysctl kernel.bpf_stats_enabled=1")

// ProgramStats is what the kernel counted of a program while statistics were enabled.
type ProgramStats struct {
	// Probe is the name of the first of the program's Probes probes.
	Probe  string
	Probes int
	Runs   uint64
	Time   time.Duration
}

// Stats returns the counts of the group's attached programs, in the order of the script.
func (g *Group) Stats() ([]ProgramStats, error) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	var out []ProgramStats
	for _, j := range g.jobs {
		if g.coll == nil || g.coll.Programs[j.program] == nil {
			continue
		}
		st, err := g.coll.Programs[j.program].Stats()
		if err != nil {
			return nil, fmt.Errorf("read statistics of %s: %w", j.probes[0].Name, err)
		}
		out = append(out, ProgramStats{Probe: j.probes[0].Name, Probes: len(j.probes), Runs: st.RunCount, Time: st.Runtime})
	}
	return out, nil
}

// SetPrinter replaces the session's printer. What the old one holds is written.
func (s *Session) SetPrinter(p output.Printer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.opts.Printer.Flush()
	p.Configure(s.config)
	s.opts.Printer = p
	return err
}

// Print calls f with the session's printer while nothing else prints.
func (s *Session) Print(f func(output.Printer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.opts.Printer)
	s.opts.Printer.Idle()
}

// MapInfo describes a live map.
type MapInfo struct {
	object.Map
	// Kind is the kind of BPF map: "Hash".
	Kind string
	// MaxEntries is the number of keys that it can hold, Entries the number that it has.
	MaxEntries, Entries int
	// Bytes is the memory that the kernel accounts for it; 0 where it does not say.
	Bytes uint64
}

// MapInfo returns what is known of a script map.
func (s *Session) MapInfo(name string) (MapInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.maps[name]
	if m == nil {
		return MapInfo{}, fmt.Errorf("no map %s", name)
	}
	v, err := m.Read(s.decoder())
	if err != nil {
		return MapInfo{}, err
	}
	out := MapInfo{Map: m.Info, Kind: m.Handle.Type().String(), MaxEntries: int(m.Handle.MaxEntries()), Entries: len(v.Entries)}
	if info, err := m.Handle.Info(); err == nil {
		out.Bytes, _ = info.Memlock()
	}
	return out, nil
}

// ClearMap deletes all entries of a script map.
func (s *Session) ClearMap(name string) error {
	m, err := s.find(name)
	if err != nil {
		return err
	}
	return m.Clear()
}

func (s *Session) find(name string) (*event.Map, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.maps[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("no map %s", name)
}

// Users returns the groups that use a script map.
func (s *Session) Users(name string) []*Group {
	var out []*Group
	for _, g := range s.snapshot() {
		if slices.ContainsFunc(g.o.Manifest.Maps, func(m object.Map) bool { return m.Name == name }) {
			out = append(out, g)
		}
	}
	return out
}

// DropMap forgets a script map that no group uses any more, so that its name can be used for a map of other types.
func (s *Session) DropMap(name string) error {
	if n := len(s.Users(name)); n > 0 {
		return fmt.Errorf("map %s: %w (%d)", name, ErrMapInUse, n)
	}
	s.adding.Lock() // no group can come to use it meanwhile
	defer s.adding.Unlock()
	m, err := s.find(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.maps, name)
	s.mu.Unlock()
	return m.Handle.Close()
}

// ErrMapInUse means that groups of the session use a map.
var ErrMapInUse = errors.New("running probes use it")

// TypeOf returns the type of a script map's values and of its keys, nil for a scalar map; ok is false if there is no such map.
func (s *Session) TypeOf(name string) (value, key types.Type, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.maps[name]
	if m == nil {
		return nil, nil, false
	}
	return m.Info.Value, m.Info.Key, true
}
