package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/output"
)

// Group is the programs of one Object in a session.
type Group struct {
	s       *Session
	o       *object.Object
	coll    *ebpf.Collection
	reader  *ringbuf.Reader // nil if the Object sends no events
	packets *packets        // nil if it sends no packets
	jobs    []job
	probes  int
	formats []*output.Format
	files   []*diag.File
	// refused are the probes whose programs the kernel did not take.
	refused []AttachFailure
	// roomy is set if there are descriptors enough for all programs and probes; parked are the programs that have none any more, otherwise.
	roomy  bool
	parked *parking
	// parkedMissed is what was missed of those, once they are not attached any more.
	parkedMissed uint64
	// done is closed when the pump has ended.
	done chan struct{}

	// op is held while the group is paused, resumed or removed; removed is guarded by it.
	op      sync.Mutex
	removed bool

	// What follows is guarded by s.mu.
	links []io.Closer
	// left is set once the group called exit() in a session that goes on; muted drops its output, and counts it.
	left    bool
	ending  bool // its end probes run
	code    int
	muted   bool
	unshown uint64
	// consumed is how much was read of the ring buffer, in bytes.
	consumed uint64
}

// Object returns what the group runs.
func (g *Group) Object() *object.Object { return g.o }

func (g *Group) load(ctx context.Context) error {
	shared, err := g.s.shared(g.o)
	if err != nil {
		return err
	}
	spec, gone, err := specs(g.o, g.s.dataValue(), g.s.opts.Attacher, g.s.opts.Mode)
	if err != nil {
		return err
	}
	level := ebpf.LogLevel(0)
	if g.s.opts.VerifierLog != nil {
		level = ebpf.LogLevelInstruction | ebpf.LogLevelStats
	}
	defer closeTargets(spec)
	g.roomy = makeRoom(g.o)
	ld := newLoader(g.o, shared, g.s.opts.Attacher, loadOptions(g.o, g.s.types, level))
	l, err := ld.loadTolerant(ctx, spec)
	if err != nil {
		g.logRejection(err)
		return err
	}
	g.coll, g.refused = l.coll, append(gone, l.failures...)
	if m := g.coll.Maps[object.StoredMap]; m != nil {
		g.s.stacks.Count(m)
	}
	g.logPrograms()
	if err := errors.Join(g.startUnwinding(), g.prepare()); err != nil {
		return errors.Join(err, g.free())
	}
	return nil
}

// startUnwinding gives programs that walk stacks by call frame information what they need, and keeps it as the processes are.
func (g *Group) startUnwinding() error {
	u := g.s.unwinder
	if !g.o.Unwinds() || u.started() {
		return nil
	}
	if err := u.adopt(g.coll); err != nil {
		return err
	}
	go u.watch(g.s.quit)
	return nil
}

// prepare makes what printing needs.
func (g *Group) prepare() error {
	if m := g.coll.Maps[object.EventsMap]; m != nil {
		r, err := ringbuf.NewReader(m)
		if err != nil {
			return fmt.Errorf("open ring buffer: %w", err)
		}
		g.reader = r
	}
	if err := g.openPackets(); err != nil {
		return err
	}
	g.jobs = slices.DeleteFunc(jobs(g.o.Manifest.Programs), func(j job) bool { return g.coll.Programs[j.program] == nil })
	g.formats = make([]*output.Format, len(g.o.Manifest.Events))
	for i, e := range g.o.Manifest.Events {
		g.formats[i] = output.NewFormat(e.Format)
	}
	g.files = make([]*diag.File, len(g.o.Manifest.Sources))
	for i, src := range g.o.Manifest.Sources {
		if src.Copy == nil {
			g.files[i] = diag.NewFile(src.Name, src.Text)
		} else if src.Copy.Source >= 0 && src.Copy.Source < i && g.files[src.Copy.Source] != nil {
			g.files[i] = g.files[src.Copy.Source].Expanded(g.span(src.Copy.From))
		}
	}
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.s.config = output.Config{StrTrunc: g.o.Manifest.Config.StrTruncTrailer, ShowSource: g.o.Manifest.Config.ShowDebugInfo}
	g.s.opts.Printer.Configure(g.s.config)
	return nil
}

func (g *Group) logRejection(err error) {
	var v *VerifierError
	if w := g.s.opts.VerifierLog; w != nil && errors.As(err, &v) {
		for _, line := range v.Log {
			fmt.Fprintln(w, line)
		}
	}
}

func (g *Group) logPrograms() {
	w := g.s.opts.VerifierLog
	if w == nil {
		return
	}
	for _, p := range g.o.Manifest.Programs {
		if prog := g.coll.Programs[p.Name]; prog != nil {
			fmt.Fprintf(w, "%s:\n%s\n", p.Name, prog.VerifierLog)
		}
	}
}

// begin runs the begin probes and attaches the others.
func (g *Group) begin(ctx context.Context) error {
	n := g.count(providerBegin)
	if !g.s.opts.DryRun {
		if _, err := g.runAll(providerBegin); err != nil {
			return err
		}
	}
	a, err := g.attach(ctx)
	if err != nil {
		return err
	}
	g.probes = n + g.count(providerEnd) + g.count(providerSelf) + g.count(providerIter) + a.probes
	if g.probes > 0 {
		return nil
	}
	if err := g.unasked(); err != nil {
		return err
	}
	if len(a.missing) > 0 {
		return errors.Join(failureErrors(a.missing)...)
	}
	if len(a.skipped) > 0 {
		return fmt.Errorf("none of the %d probes can be traced: %w", len(a.skipped), a.skipped[0].error())
	}
	return nil
}

func (g *Group) attach(ctx context.Context) (attached, error) {
	policy := g.o.Manifest.Config.MissingProbes
	var a attached
	var err error
	if len(g.jobs) > 0 {
		a, err = g.attachJobs(ctx, policy)
	}
	if err != nil {
		return a, err
	}
	if err := a.note(g.refused, policy); err != nil { // a program that may be missing is one of a wildcard, or the policy is tolerant
		return a, err
	}
	if w := g.s.opts.Warnings; w != nil && policy != "ignore" {
		a.warn(w)
	}
	if w := g.s.opts.Details; w != nil {
		for _, f := range a.skipped {
			fmt.Fprintf(w, "Skipped: %v\n", f.error())
		}
	}
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.links = append(g.links, a.links...)
	return a, nil
}

// attachJobs attaches the group's programs. Those of a script lose their descriptors where there is no room for them; a session needs
// them to attach its programs again.
func (g *Group) attachJobs(ctx context.Context, policy string) (attached, error) {
	if !g.roomy && g.s.opts.OnExit == nil {
		g.parked = newParking(g.coll, g.jobs)
	}
	a, err := attachAll(ctx, g.s.opts.Attacher, g.coll, g.jobs, policy, g.parked)
	if g.parked != nil {
		maps.DeleteFunc(g.coll.Programs, func(_ string, p *ebpf.Program) bool { return p.FD() < 0 })
	}
	return a, err
}

// countParked reads what the programs have missed that have no descriptor, before they are detached.
func (g *Group) countParked() error {
	if g.parked == nil {
		return nil
	}
	n, err := g.parked.missed()
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.parkedMissed = n
	return err
}

// each calls f for the programs of a provider that the session starts itself, once for each of their probes.
func (g *Group) each(provider string, f func(p object.Program, probe attach.Probe) error) error {
	for _, p := range g.o.Manifest.Programs {
		for _, probe := range p.Probes {
			if !started(probe) || probe.Provider != provider {
				continue
			}
			if err := f(p, probe); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Group) count(provider string) int {
	n := 0
	_ = g.each(provider, func(object.Program, attach.Probe) error {
		n++
		return nil
	})
	return n
}

// runAll runs the programs of a provider and returns how many that were.
func (g *Group) runAll(provider string) (int, error) {
	n := 0
	err := g.each(provider, func(p object.Program, _ attach.Probe) error {
		n++
		if _, err := testRun(g.program(p.Name)); err != nil {
			return fmt.Errorf("%s: %w", provider, err)
		}
		return nil
	})
	return n, err
}

// program returns a program of the group, or nil once the group is freed.
func (g *Group) program(name string) *ebpf.Program {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if g.coll == nil {
		return nil
	}
	return g.coll.Programs[name]
}

// takeLinks hands the group's links over to be closed.
func (g *Group) takeLinks() []io.Closer {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	links := g.links
	g.links = nil
	return links
}

// Pause detaches the group's probes; its programs and maps stay.
func (g *Group) Pause() error {
	g.op.Lock()
	defer g.op.Unlock()
	return g.s.retire(g.takeLinks())
}

// Resume attaches the probes of a paused group again. On a group that is not paused it does nothing.
func (g *Group) Resume(ctx context.Context) error {
	g.op.Lock()
	defer g.op.Unlock()
	if g.removed {
		return errors.New("the probes have ended")
	}
	g.s.mu.Lock()
	running := len(g.links) > 0
	g.s.mu.Unlock()
	if running {
		return nil
	}
	_, err := g.attach(ctx)
	return err
}

// Remove detaches the group, prints what it still had to say and what it lost, and frees its programs. Its maps stay in the
// session. Its end probes do not run.
func (g *Group) Remove() error { return g.remove(func() error { return nil }) }

// Stop is Remove after the group's end probes have run.
func (g *Group) Stop() error { return g.remove(g.end) }

func (g *Group) remove(last func() error) error {
	g.op.Lock()
	defer g.op.Unlock()
	if g.removed {
		return nil
	}
	g.removed = true
	s := g.s
	errs := []error{s.retire(g.takeLinks()), g.drain(), last()}
	s.mu.Lock()
	s.groups = slices.DeleteFunc(s.groups, func(o *Group) bool { return o == g })
	errs = append(errs, s.report([]*Group{g})...)
	s.opts.Printer.Idle()
	s.mu.Unlock()
	return errors.Join(append(errs, g.free())...)
}

// end runs the end probes and prints what they say. The pump must have ended.
func (g *Group) end() error {
	g.s.mu.Lock()
	g.ending = true
	g.s.mu.Unlock()
	n, err := g.runAll(providerEnd)
	if n == 0 {
		return err
	}
	g.done = make(chan struct{})
	go g.pump()
	return errors.Join(err, g.drain())
}

// free closes what the group has in the kernel.
func (g *Group) free() error {
	g.s.mu.Lock()
	reader, packets, coll := g.reader, g.packets, g.coll
	g.reader, g.packets, g.coll = nil, nil, nil
	g.s.mu.Unlock()
	err := packets.close()
	if reader != nil {
		err = errors.Join(err, reader.Close())
	}
	if coll != nil {
		if m := coll.Maps[object.StoredMap]; m != nil {
			err = errors.Join(err, g.s.stacks.Uncount(m))
		}
		coll.Close()
	}
	return err
}

// sameMap reports whether two Objects can share a script map.
func sameMap(a, b object.Map) bool {
	return a.PerCPU == b.PerCPU && a.Presence == b.Presence && sameType(a.Key, b.Key) && sameType(a.Value, b.Value)
}

func sameType(a, b types.Type) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.DeepEqual(a, b)
}

// describe returns the types of a map for messages.
func describe(m object.Map) string {
	if m.Key == nil {
		return m.Value.String()
	}
	return fmt.Sprintf("%s by %s", m.Value, m.Key)
}
