package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// Options says what a session works with.
type Options struct {
	// Attacher attaches probes. Required for Objects with other probes than begin and end.
	Attacher Attacher
	// Printer shows output. Required. The session uses it from one goroutine at a time.
	Printer output.Printer
	// Warnings gets the failures that config missing_probes = warn tolerates, one a line; none if it is nil.
	Warnings io.Writer
	// Details gets what is of interest when looking closer, such as functions that a wildcard stands for and that cannot be
	// traced; none if it is nil.
	Details io.Writer
	// ChildPID is the process that -c started, for the builtin cpid; ChildDone is closed when it has ended.
	ChildPID  int
	ChildDone <-chan struct{}
	// UnwindPIDs are the processes whose stacks can be walked by call frame information.
	UnwindPIDs []int
	// PIDNSDev and PIDNSIno say in which pid namespace gtrace runs, for scripts that were compiled for one other than the initial.
	PIDNSDev, PIDNSIno uint64
	// Mode says which of a script's probes are run besides those that are attached.
	Mode Mode
	// DryRun attaches and detaches: no begin or end probe runs, and no map is printed.
	DryRun bool
	// UserSymbols, if any, is called before the programs of the first Object that keeps addresses of processes are loaded, so that
	// they can be named once the processes are gone.
	UserSymbols func()
	// VerifierLog gets the verifier's log of every program; none if it is nil.
	VerifierLog io.Writer
	// OnExit is for sessions that outlive their scripts: an exit() then ends only the group of its program, and OnExit is called, from
	// a goroutine of its own, to Stop it. Run then waits for nothing but its context and the child.
	OnExit func(g *Group, code int)
	// Errors gets failures to read events as they happen, one a line; if it is nil, Run returns them.
	Errors io.Writer
	// EndMaps reports whether the maps are printed at the end. They are then all maps, also those of groups that were removed, except those of
	// groups whose config does not want it. If it is nil, they are those of the groups whose config wants it.
	EndMaps func() bool
}

// Session is a live set of maps and the groups of programs that work on them. Its methods may be called at any time from
// any goroutine.
type Session struct {
	opts Options
	// start is the boot clock at the start, tai what the TAI clock was ahead of it.
	start, tai uint64
	// epoch is what the time of day was ahead of the boot clock at the start.
	epoch int64
	// leap is what the TAI clock is ahead of the time of day.
	leap int64

	exitOnce sync.Once
	exit     chan struct{}
	code     atomic.Int64

	unwinder *unwinder
	stacks   *event.StackStore
	// keeping is begun with the first program that stores stacks.
	keeping sync.Once
	// types are the kernel's, for loads.
	types *host.TypeCache

	adding sync.Mutex // held by Add, so that two cannot make the same map
	// captures are the files that packets go to.
	captures captures
	// background is what frees links.
	background sync.WaitGroup
	// iterators are the programs that run for each object of a kind.
	iterators sync.WaitGroup

	mu     sync.Mutex // guards what follows, and the printer
	maps   map[string]*event.Map
	groups []*Group
	errs   []error
	// exited is set once an exit() was seen: what still arrives was sent after it and is dropped, until end probes run.
	exited bool
	closed bool
	// config is what the last script said about output.
	config output.Config
	// late are links that are detached already and only to be freed; freeing is set while a goroutine does that.
	late    []io.Closer
	freeing bool
	// quit is closed by Close.
	quit chan struct{}
}

// New returns a session without programs. Close frees it.
func New(opts Options) (*Session, error) {
	if opts.Printer == nil {
		return nil, errors.New("a session needs a printer")
	}
	var boot, tai, day unix.Timespec
	for clock, ts := range map[int32]*unix.Timespec{unix.CLOCK_BOOTTIME: &boot, unix.CLOCK_TAI: &tai, unix.CLOCK_REALTIME: &day} {
		if err := unix.ClockGettime(clock, ts); err != nil {
			return nil, fmt.Errorf("read the clock: %w", err)
		}
	}
	s := &Session{
		opts:   opts,
		start:  uint64(boot.Nano()),
		tai:    uint64(tai.Nano() - boot.Nano()),
		epoch:  day.Nano() - boot.Nano(),
		leap:   leapNanoseconds(tai, day),
		exit:   make(chan struct{}),
		quit:   make(chan struct{}),
		maps:   map[string]*event.Map{},
		stacks: event.NewStackStore(),

		unwinder: newUnwinder(opts),
		types:    host.NewTypeCache(),
	}
	if k, ok := opts.Attacher.(TypeKeeper); ok {
		s.types = k.TypeCache()
	}
	if opts.OnExit != nil {
		go s.watchExits()
	}
	return s, nil
}

// leapNanoseconds is the difference of two clocks that were read one after the other: it is in whole seconds.
func leapNanoseconds(tai, day unix.Timespec) int64 {
	return int64((time.Duration(tai.Nano()-day.Nano()) + time.Second/2).Truncate(time.Second))
}

// Add loads an Object's programs, runs its begin probes and attaches the others; their output is printed from then on.
// Script maps that the session already has are shared; if their types differ, the error wraps ErrMapClash. A failed Add leaves
// nothing behind; its error is a *StartError.
func (s *Session) Add(ctx context.Context, o *object.Object) (*Group, error) {
	s.adding.Lock()
	defer s.adding.Unlock()
	g, err := s.add(ctx, o)
	if err != nil {
		return nil, &StartError{err}
	}
	return g, nil
}

func (s *Session) add(ctx context.Context, o *object.Object) (*Group, error) {
	if s.opts.UserSymbols != nil && !s.opts.DryRun && namesUserCode(&o.Manifest) {
		s.opts.UserSymbols()
	}
	g := &Group{s: s, o: o, done: make(chan struct{})}
	if err := g.load(ctx); err != nil {
		return nil, err
	}
	if err := g.begin(ctx); err != nil {
		return nil, errors.Join(err, g.free())
	}
	if err := s.adopt(o, g.coll); err != nil {
		return nil, errors.Join(err, closeAll(g.takeLinks()), g.free())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, g)
	if s.opts.Mode != ModeRun {
		close(g.done) // its events are read after each test
		return g, nil
	}
	s.opts.Printer.Attached(g.probes)
	s.opts.Printer.Idle()
	go g.pump()
	if !s.opts.DryRun {
		s.iterators.Go(func() { g.iterate(ctx) })
	}
	return g, nil
}

// Run waits until ctx ends, a script called exit(), the child ended, or there is nothing that could still fire. Then it
// detaches all probes, runs the end probes, prints what is left and the maps, and returns the exit code.
func (s *Session) Run(ctx context.Context) (int, error) {
	s.iterators.Wait()
	if s.live() {
		s.wait(ctx)
	}
	err := s.finish()
	select {
	case <-s.exit:
		return int(s.code.Load()), err
	default:
		return 0, err
	}
}

// exitPoll is how often the session looks whether a script called exit() whose event found no room.
const exitPoll = 100 * time.Millisecond

// wait returns when the session is to end.
func (s *Session) wait(ctx context.Context) {
	poll := time.NewTicker(exitPoll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.exit:
			return
		case <-s.opts.ChildDone:
			return
		case <-poll.C:
			s.pollExit()
		}
	}
}

// pollExit ends the session if the flag says that a script called exit().
func (s *Session) pollExit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.exit: // the event has come, and maybe later ones
		return
	default:
	}
	for _, g := range s.groups {
		code, ok := g.exitFlag()
		switch {
		case !ok, s.opts.Mode != ModeRun:
		case s.opts.OnExit != nil:
			g.exit(code)
		default:
			s.stop(code)
		}
	}
}

// watchExits looks for groups that called exit() until the session is closed.
func (s *Session) watchExits() {
	s.poll(exitPoll, func() bool {
		s.pollExit()
		return true
	})
}

// live reports whether a probe is attached or can be again.
func (s *Session) live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.groups, func(g *Group) bool { return len(g.jobs) > 0 || g.count(providerSelf) > 0 })
}

func (s *Session) snapshot() []*Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.groups)
}

// finish ends all groups and prints the rest.
func (s *Session) finish() error {
	groups := s.snapshot()
	var links []io.Closer
	var unread []error
	for _, g := range groups {
		unread = append(unread, g.countParked())
		links = append(links, g.takeLinks()...)
	}
	late, err := detachAll(links)
	s.mu.Lock()
	s.late = append(s.late, late...)
	s.mu.Unlock()
	errs := append(unread, err)
	if s.opts.DryRun {
		return errors.Join(append(errs, s.opts.Printer.Flush())...)
	}
	for _, g := range groups {
		errs = append(errs, g.drain())
	}
	s.pollExit()
	s.mu.Lock()
	s.exited = false
	s.mu.Unlock()
	for _, g := range groups {
		errs = append(errs, g.end())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ms []value.Map
	if s.opts.Mode == ModeRun {
		var unread []error
		ms, unread = s.finalMaps(groups) // before the report, which tells which of their stacks are lost
		errs = append(errs, unread...)
	}
	errs = append(errs, s.report(groups)...)
	s.captures.report(s.opts.Printer)
	s.opts.Printer.End()
	if s.opts.Mode == ModeRun {
		s.opts.Printer.Maps(ms)
	}
	errs = append(errs, s.opts.Printer.Flush())
	return errors.Join(append(errs, s.errs...)...)
}

// finalMaps reads the maps of the groups whose config wants it.
func (s *Session) finalMaps(groups []*Group) (ms []value.Map, errs []error) {
	wanted := s.wanted(groups)
	for _, name := range slices.Sorted(maps.Keys(s.maps)) {
		if !wanted[name] {
			continue
		}
		m, err := s.read(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ms = append(ms, m)
	}
	return ms, errs
}

// wanted returns the names of the maps to be printed at the end.
func (s *Session) wanted(groups []*Group) map[string]bool {
	out := map[string]bool{}
	if s.opts.EndMaps != nil {
		if !s.opts.EndMaps() {
			return out
		}
		for name := range s.maps {
			out[name] = true
		}
	}
	for _, g := range groups {
		print := g.o.Manifest.Config.PrintMapsOnExit
		for _, m := range g.o.Manifest.Maps {
			if s.opts.EndMaps == nil {
				out[m.Name] = out[m.Name] || print
			} else {
				out[m.Name] = out[m.Name] && print
			}
		}
	}
	return out
}

// Map reads a script map.
func (s *Session) Map(name string) (value.Map, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(name)
}

// Maps returns the names of the script maps, sorted.
func (s *Session) Maps() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.maps))
}

func (s *Session) read(name string) (value.Map, error) {
	m := s.maps[name]
	if m == nil {
		return value.Map{}, fmt.Errorf("no map %s", name)
	}
	return m.Read(s.decoder())
}

func (s *Session) decoder() *event.Decoder {
	return &event.Decoder{Stacks: s.stacks, Files: s.unwinder.files, LeapNanoseconds: s.leap}
}

// Mapped says that a process whose stacks are walked may have mapped other code. The session finds that out by itself, but later.
func (s *Session) Mapped() { s.unwinder.update() }

// ProcessChange is news of a process: it has mapped code or runs another program, or it is a new one that came of Parent, or it has ended.
type ProcessChange struct {
	PID, Parent int
	Ended       bool
}

// Changed tells of a process what the session finds out by itself only later, and for processes that those of UnwindPIDs start not at all.
func (s *Session) Changed(c ProcessChange) { s.unwinder.changed(c) }

// Unwinds reports whether there are programs that walk stacks by call frame information.
func (s *Session) Unwinds() bool { return s.unwinder.started() }

// stop asks the session to end with an exit code; the last caller wins, so that an end probe has the last word.
func (s *Session) stop(code int) {
	s.code.Store(int64(code))
	s.exitOnce.Do(func() { close(s.exit) })
}

// Close detaches and frees everything, without running end probes or printing. It may be called more than once.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.quit)
	groups := s.groups
	s.groups = nil
	s.mu.Unlock()
	var links []io.Closer
	for _, g := range groups {
		links = append(links, g.takeLinks()...)
	}
	s.mu.Lock()
	links = append(links, s.late...)
	s.late = nil
	s.mu.Unlock()
	errs := []error{closeAll(links)}
	s.background.Wait()
	for _, g := range groups {
		errs = append(errs, g.drain(), g.free())
	}
	errs = append(errs, s.captures.close())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.maps {
		errs = append(errs, m.Handle.Close())
	}
	errs = append(errs, s.stacks.Close(), s.unwinder.close())
	return errors.Join(errs...)
}

// Late returns the descriptors of events that no program is attached to any more, and that Close has yet to free after Run. The kernel
// takes its time over those of tracepoints: a grace period each. A process that holds copies of them takes that over.
func (s *Session) Late() []*os.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*os.File
	for _, l := range s.late {
		if f, ok := l.(interface{ Files() []*os.File }); ok {
			out = append(out, f.Files()...)
		}
	}
	return out
}

// shared returns the maps of the session that an Object's specs can use, by their names in the spec.
func (s *Session) shared(o *object.Object) (map[string]*ebpf.Map, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]*ebpf.Map{}
	for _, m := range o.Manifest.Maps {
		live := s.maps[m.Name]
		if live == nil {
			continue
		}
		if !sameMap(live.Info, m) {
			return nil, fmt.Errorf("map %s of %s: %w, %s", m.Name, describe(m), ErrMapClash, describe(live.Info))
		}
		out[m.Spec] = live.Handle
	}
	if o.Unwinds() {
		s.unwinder.share(out)
	}
	for name := range o.Spec.Maps {
		if kind, spill, ok := stackKind(name); ok && s.stacks.Map(kind, spill) != nil {
			out[name] = s.stacks.Map(kind, spill)
		}
	}
	return out, nil
}

// adopt takes maps that a collection brought into the session.
func (s *Session) adopt(o *object.Object, coll *ebpf.Collection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range o.Manifest.Maps {
		if s.maps[m.Name] != nil {
			continue
		}
		h, err := clone(coll, m.Spec)
		if err != nil {
			return err
		}
		s.maps[m.Name] = &event.Map{Handle: h, Info: m}
	}
	for name := range coll.Maps {
		kind, spill, ok := stackKind(name)
		if !ok || s.stacks.Map(kind, spill) != nil {
			continue
		}
		h, err := clone(coll, name)
		if err != nil {
			return err
		}
		s.stacks.Add(kind, spill, h)
		s.keeping.Do(func() { go s.watchStacks() })
	}
	return nil
}

func clone(coll *ebpf.Collection, name string) (*ebpf.Map, error) {
	m := coll.Maps[name]
	if m == nil {
		return nil, fmt.Errorf("BUG: the object has no map %s", name)
	}
	return m.Clone()
}
