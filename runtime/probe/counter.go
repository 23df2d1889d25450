package probe

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/host"
)

// counter is software and hardware: events that the kernel or the CPU counts, with a probe at every so many of them.
type counter struct {
	host     *host.Host
	together *together
	name     string
	kind     uint32 // PERF_TYPE_*
	events   []countedEvent
}

// countedEvent is one event of a counter.
type countedEvent struct {
	name, alias string
	config      uint64
	// period is the number of events for each time that the probe fires, where the script does not say it.
	period uint64
}

// softwareEvents are counted by the kernel.
var softwareEvents = []countedEvent{
	{"alignment-faults", "", unix.PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
	{"bpf-output", "", unix.PERF_COUNT_SW_BPF_OUTPUT, 1},
	{"context-switches", "cs", unix.PERF_COUNT_SW_CONTEXT_SWITCHES, 1000},
	{"cpu-clock", "cpu", unix.PERF_COUNT_SW_CPU_CLOCK, 1e6},
	{"cpu-migrations", "", unix.PERF_COUNT_SW_CPU_MIGRATIONS, 1},
	{"dummy", "", unix.PERF_COUNT_SW_DUMMY, 1},
	{"emulation-faults", "", unix.PERF_COUNT_SW_EMULATION_FAULTS, 1},
	{"major-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
	{"minor-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
	{"page-faults", "faults", unix.PERF_COUNT_SW_PAGE_FAULTS, 100},
	{"task-clock", "", unix.PERF_COUNT_SW_TASK_CLOCK, 1},
}

// hardwareEvents are counted by the CPU.
var hardwareEvents = []countedEvent{
	{"backend-stalls", "", unix.PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1e6},
	{"branch-instructions", "branches", unix.PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 1e5},
	{"branch-misses", "", unix.PERF_COUNT_HW_BRANCH_MISSES, 1e5},
	{"bus-cycles", "", unix.PERF_COUNT_HW_BUS_CYCLES, 1e5},
	{"cache-misses", "", unix.PERF_COUNT_HW_CACHE_MISSES, 1e6},
	{"cache-references", "", unix.PERF_COUNT_HW_CACHE_REFERENCES, 1e6},
	{"cpu-cycles", "cycles", unix.PERF_COUNT_HW_CPU_CYCLES, 1e6},
	{"frontend-stalls", "", unix.PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1e6},
	{"instructions", "", unix.PERF_COUNT_HW_INSTRUCTIONS, 1e6},
	{"ref-cycles", "", unix.PERF_COUNT_HW_REF_CPU_CYCLES, 1e6},
}

// Name returns software or hardware.
func (c *counter) Name() string { return c.name }

// Resolve reads event[:count].
func (c *counter) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(c.name, pt, 1, 2); err != nil {
		return nil, err
	}
	event := pt.Parts[0]
	switch {
	case event == "":
		return nil, pointError(wholePoint, codeSyntax, "%s probe must have a %s event name", c.name, c.name)
	case newPattern(strings.Join(pt.Parts, ":")).isWild():
		return nil, pointError(1, codeSyntax, "wildcards are not allowed for %s probe type", c.name)
	}
	if _, ok := c.event(event); !ok {
		err := pointError(1, codeTarget, "%s is not a %s probe", event, c.name)
		if near := diag.Nearest(event, c.names()); near != "" {
			err.Hint = fmt.Sprintf("did you mean %s:%s?", c.name, near)
		}
		return nil, err
	}
	p := attach.Probe{
		Provider: c.name, Name: c.name + ":" + strings.Join(pt.Parts, ":"), Kind: attach.KindPerfEvent, Func: event, PID: opts.PID,
	}
	if len(pt.Parts) == 2 {
		n, err := c.parseCount(pt.Parts[1])
		if err != nil {
			return nil, err
		}
		p.Period = n
		p.Name = fmt.Sprintf("%s:%s:%d", c.name, event, n)
	}
	return []attach.Match{{Probe: p, Context: perfContext(c.host)}}, nil
}

// perfContext is what programs of perf events see that are opened for a process where there is one.
func perfContext(h *host.Host) *attach.Context {
	return &attach.Context{ID: "perf_event:pid", Stack: true, PIDFilter: "body", Ctx: h.StructByName("struct", "bpf_perf_event_data")}
}

func (c *counter) parseCount(text string) (uint64, *check.PointError) {
	if strings.HasPrefix(text, "-") {
		return 0, pointError(2, codeSyntax, "%s count should be a positive integer", c.name)
	}
	n, err := parseInteger(text)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && n > 1<<63-1:
		return 0, pointError(2, codeSyntax, "Invalid count for %s probe: %s is too large", c.name, text)
	case err != nil:
		return 0, pointError(2, codeSyntax, "Invalid count for %s probe: invalid integer: %s", c.name, text)
	}
	return n, nil
}

// event returns the event of a name or a short name.
func (c *counter) event(name string) (countedEvent, bool) {
	for _, e := range c.events {
		if e.name == name || e.alias == name && name != "" {
			return e, true
		}
	}
	return countedEvent{}, false
}

// names returns all names and short names.
func (c *counter) names() []string {
	var out []string
	for _, e := range c.events {
		out = append(out, e.name)
		if e.alias != "" {
			out = append(out, e.alias)
		}
	}
	return out
}

// attach opens the counter on every CPU, or for the threads of a process.
func (c *counter) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	e, ok := c.event(p.Func)
	if !ok {
		return nil, fmt.Errorf("%s is not a %s probe", p.Func, c.name)
	}
	attr := unix.PerfEventAttr{Type: c.kind, Config: e.config, Sample: e.period, Bits: unix.PerfBitDisabled}
	if p.Period != 0 {
		attr.Sample = p.Period
	}
	var done io.Closer
	var err error
	if p.PID != 0 {
		done, err = attachToProcess(prog, attr, p.PID)
	} else {
		done, err = attachEverywhere(c.host, c.together, prog, attr)
	}
	return done, c.explain(err)
}

// explain says why the kernel refused a counter, where that can be known.
func (c *counter) explain(err error) error {
	missing := errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP)
	if !missing || c.kind != unix.PERF_TYPE_HARDWARE {
		return err
	}
	return fmt.Errorf("this machine has no such hardware counter (virtual machines often have none): use a software probe or profile: %w", err)
}

// list returns the events by all of their names.
func (c *counter) list(q query) ([]Listed, error) {
	events := newPattern(q.text())
	var out []Listed
	for _, name := range c.names() {
		if events.match(name + ":") {
			out = append(out, Listed{Name: c.name + ":" + name + ":"})
		}
	}
	return out, nil
}
