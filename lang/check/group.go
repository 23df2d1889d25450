package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
)

// A group is probes of one declaration whose programs are the same: one program is compiled and loaded for all of them.
type group struct {
	context *attach.Context
	probes  []attach.Probe
	// program is what was made of the group.
	program *Program
}

// groups are those of one declaration.
type groups struct {
	perPoint bool
	points   int
	byKey    map[string]*group
	// times is how often a group's key was asked for with a probe of that name.
	times map[string]int
}

func newGroups(perPoint bool) *groups {
	return &groups{perPoint: perPoint, byKey: map[string]*group{}, times: map[string]int{}}
}

// add puts the probes of the next attach point into groups, and returns those that are new, in the order of their first probe.
func (gs *groups) add(matches []attach.Match, n needs) []*group {
	gs.points++
	var out []*group
	for _, m := range matches {
		key := gs.key(m)
		g := gs.byKey[key]
		if g == nil || n.name || n.function && m.Context.Func == funcByName {
			g = &group{context: m.Context}
			gs.byKey[key] = g
			out = append(out, g)
		}
		if g.probes = append(g.probes, m.Probe); g.program != nil {
			g.program.Probes = g.probes
		}
	}
	return out
}

// key is equal for probes that one program can be for. The second of two probes at one place has another key than the first, since the
// kernel attaches a program to a place once.
func (gs *groups) key(m attach.Match) string {
	key := m.Context.ID + "\x00" + m.Probe.Provider
	if m.Context.UserSpace && m.Probe.Kind == attach.KindKprobe {
		key += "\x00" + m.Probe.Target // one link is for one file, and so are the addresses that a script names
	}
	if gs.perPoint || apart(m) {
		key += "\x00" + strconv.Itoa(gs.points)
	}
	if m.Probe.Kind == attach.KindPerfEvent {
		return key // an event is a place of its own
	}
	place := key + "\x00" + m.Probe.Name
	gs.times[place]++
	return key + "\x00" + strconv.Itoa(gs.times[place])
}

// apart reports whether a probe shares no program with those of other attach points: the functions of a wildcard are attached to by one
// link, other programs are for one place, or the kernel does not run them twice at the same time.
func apart(m attach.Match) bool {
	switch m.Probe.Kind {
	case attach.KindPerfEvent, attach.KindTracepoint:
		return false
	case attach.KindKprobe:
		return m.Probe.Wildcard && !m.Context.UserSpace
	case attach.KindTestRun, attach.KindRawTracepoint, attach.KindTracing, attach.KindIter, attach.KindXDP:
		return true
	}
	panic(fmt.Sprintf("BUG: check: unexpected kind of program %q", m.Probe.Kind))
}

// addPrograms makes the programs of an attach point's new groups, if any.
func (c *checker) addPrograms(d *ast.ProbeDecl, point *ast.AttachPoint, groups []*group) {
	if c.tooMany(point, len(c.info.Programs)+len(groups)) {
		return
	}
	for _, g := range groups {
		p := &Program{Decl: d, Point: point, Probes: g.probes, Context: g.context, Body: ast.CloneBlock(d.Body)}
		if d.Predicate != nil {
			p.Predicate = ast.CloneExpr(d.Predicate)
		}
		g.program = p
		c.info.Programs = append(c.info.Programs, p)
	}
}

// tooMany holds the script to max_bpf_progs, which is about what wildcards stand for: what a script names one by one is as much as
// its author wanted. It says so once.
func (c *checker) tooMany(point *ast.AttachPoint, total int) bool {
	limit := c.info.Config.MaxPrograms
	if total <= limit || !c.wild(point) {
		return false
	}
	if c.tooManyPrograms {
		return true
	}
	c.tooManyPrograms = true
	e := c.diags.Errorf(point.At, "too-many-programs",
		"Your program is trying to generate more than %d BPF programs, which exceeds the current limit of %d", total, limit)
	e.Hintf("You can increase the limit with the max_bpf_progs config variable or GTRACE_MAX_BPF_PROGS.")
	return true
}

// wild reports whether an attach point has a wildcard.
func (c *checker) wild(point *ast.AttachPoint) bool {
	for _, part := range point.Parts {
		if strings.Contains(c.expandParams(part), "*") {
			return true
		}
	}
	return false
}
