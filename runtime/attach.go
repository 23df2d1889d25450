package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/runtime/host"
)

// Attacher attaches programs to probes.
type Attacher interface {
	// Configure sets in a program's spec what depends on its probes and on this machine: program type, attach type, and what
	// it attaches to. It is called before the program is loaded, on a copy.
	Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error
	// AttachMany attaches a program to its probes, by one link where the kernel can do that; closing the result detaches it. The
	// probes that fail are returned; the others stay attached.
	AttachMany(prog *ebpf.Program, ps []attach.Probe) (io.Closer, []AttachFailure)
}

// Iterator is what an Attacher can do besides: run the programs of probes that are not attached but read.
type Iterator interface {
	// Iterate runs a program for each object of a probe's kind, until ctx ends.
	Iterate(ctx context.Context, prog *ebpf.Program, p attach.Probe) error
}

// KfuncLinker is what an Attacher can do besides: find the kernel's functions that programs call.
type KfuncLinker interface {
	// LinkKfuncs puts the running kernel's numbers of its functions into the calls of a program, which are by name. The spec's own
	// instructions are not changed but replaced.
	LinkKfuncs(spec *ebpf.ProgramSpec) error
}

// TypeKeeper is what an Attacher can do besides: keep the kernel's types, which what compiled the script may have read already.
type TypeKeeper interface {
	TypeCache() *host.TypeCache
}

// ModuleLoader is what an Attacher can do besides: load programs for functions that the library cannot name.
type ModuleLoader interface {
	// OfModule reports whether a probe is at a function of a module, which others may have the name of.
	OfModule(p attach.Probe) bool
	// LoadOfModule loads a program for such a function, with the maps that it refers to by name.
	LoadOfModule(spec *ebpf.ProgramSpec, p attach.Probe, maps map[string]*ebpf.Map, level ebpf.LogLevel) (*ebpf.Program, error)
}

// Holder is what an Attacher can do besides: let events begin together, which takes the kernel much less time than one by one.
type Holder interface {
	// Hold puts off the begin of events that are attached to until Start.
	Hold()
	Start() error
}

// AttachFailure is a probe that a program could not be attached to.
type AttachFailure struct {
	Probe attach.Probe
	Err   error
	// Refused says that the kernel does not let this place be traced, as against an attach that went wrong.
	Refused bool
}

// attachLimit is the number of probes attached or detached side by side. Most of the time is spent waiting in the kernel.
const attachLimit = 32

// The providers whose programs the session starts itself.
const (
	providerBegin = "begin"
	providerEnd   = "end"
	providerSelf  = "self"
	providerTest  = "test"
	providerBench = "bench"
	providerIter  = "iter"
)

// started reports whether the session starts the programs of a probe itself, where others are attached.
func started(p attach.Probe) bool {
	switch p.Kind {
	case attach.KindTestRun, attach.KindXDP, attach.KindIter:
		return true
	case attach.KindKprobe, attach.KindTracepoint, attach.KindRawTracepoint, attach.KindTracing, attach.KindPerfEvent:
		return false
	}
	panic(fmt.Sprintf("BUG: runtime: unexpected kind of program %q", p.Kind))
}

// job is a program and the probes to attach it to.
type job struct {
	program string
	probes  []attach.Probe
}

// jobs returns the programs that are attached, in the order of the script. Each watchpoint is a job of its own: it can be taken
// away alone.
func jobs(programs []object.Program) []job {
	var out []job
	for _, p := range programs {
		j := job{program: p.Name}
		for _, probe := range p.Probes {
			switch {
			case started(probe):
			case probe.Provider == providerWatchpoint:
				out = append(out, job{program: p.Name, probes: []attach.Probe{probe}})
			default:
				j.probes = append(j.probes, probe)
			}
		}
		if len(j.probes) > 0 {
			out = append(out, j)
		}
	}
	return out
}

// attached is what attachAll did.
type attached struct {
	links  []io.Closer
	probes int
	// missing are the failures that the script's config tolerates, skipped those of wildcards.
	missing, skipped []AttachFailure
}

// error is the failure with the name of its probe.
func (f AttachFailure) error() error {
	if scarcity(f.Err) != "" {
		return &scarce{what: "attach " + f.Probe.Name, err: f.Err}
	}
	return fmt.Errorf("attach %s: %w", f.Probe.Name, f.Err)
}

func failureErrors(fs []AttachFailure) []error {
	out := make([]error, len(fs))
	for i, f := range fs {
		out[i] = f.error()
	}
	return out
}

// note sorts failures into those that are tolerated, and returns an error about the others.
func (a *attached) note(failures []AttachFailure, policy string) error {
	var fatal []error
	for _, f := range failures {
		switch {
		case scarcity(f.Err) != "": // the place is not at fault
			fatal = append(fatal, f.error())
		case f.Refused && f.Probe.Wildcard:
			a.skipped = append(a.skipped, f)
		case tolerant(policy):
			a.missing = append(a.missing, f)
		default:
			fatal = append(fatal, f.error())
		}
	}
	if len(fatal) > 1 {
		return fmt.Errorf("%w (and %d others)", fatal[0], len(fatal)-1)
	}
	return errors.Join(fatal...)
}

// namedSkipped is how many of the probes that wildcards stand for and that cannot be traced are named.
const namedSkipped = 5

// warn says which probes are not attached: a line for each that the script names, and one for all that wildcards stand for.
func (a *attached) warn(w io.Writer) {
	for _, f := range a.missing {
		fmt.Fprintf(w, "WARNING: %v\n", f.error())
	}
	if len(a.skipped) == 0 {
		return
	}
	names := make([]string, len(a.skipped))
	for i, f := range a.skipped {
		names[i] = f.Probe.Name
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - namedSkipped; n > 0 {
		names, more = names[:namedSkipped], fmt.Sprintf(" and %d more", n)
	}
	fmt.Fprintf(w, "WARNING: %d of the probes that wildcards stand for cannot be traced: %s%s\n", len(a.skipped), strings.Join(names, ", "), more)
}

// attachAll attaches all jobs side by side. If one fails and the policy is not to go on, all others are detached again.
func attachAll(ctx context.Context, a Attacher, coll *ebpf.Collection, js []job, policy string, parked *parking) (attached, error) {
	var out attached
	var mu sync.Mutex
	start := hold(a)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(attachLimit)
	for _, j := range js {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			one, err := attachJob(a, coll.Programs[j.program], j.probes, policy)
			if err == nil && one.probes > 0 {
				err = parked.park(coll.Programs[j.program])
			}
			mu.Lock()
			defer mu.Unlock()
			out.links = append(out.links, one.links...)
			out.missing = append(out.missing, one.missing...)
			out.skipped = append(out.skipped, one.skipped...)
			out.probes += one.probes
			return err
		})
	}
	if err := errors.Join(g.Wait(), start()); err != nil {
		return attached{}, errors.Join(err, closeAll(out.links))
	}
	return out, nil
}

// hold puts off the begin of events where the attacher can do that; what it returns lets them begin.
func hold(a Attacher) (start func() error) {
	h, ok := a.(Holder)
	if !ok {
		return func() error { return nil }
	}
	h.Hold()
	return h.Start
}

// attachJob attaches a program. With an error, its links are to be closed all the same.
func attachJob(a Attacher, prog *ebpf.Program, probes []attach.Probe, policy string) (attached, error) {
	link, failures := a.AttachMany(prog, probes)
	if len(probes) == 1 && probes[0].Provider == providerWatchpoint {
		link = &watch{link: link, address: probes[0].Address}
	}
	out := attached{links: []io.Closer{link}}
	for _, p := range probes {
		if !p.Further && !slices.ContainsFunc(failures, func(f AttachFailure) bool { return f.Probe == p }) {
			out.probes++
		}
	}
	return out, out.note(failures, policy)
}

// tolerant reports whether config missing_probes lets a script run without some of its probes.
func tolerant(policy string) bool { return policy == "warn" || policy == "ignore" }

// detachAll stops all probes from firing. It returns the links that are still to be closed, which takes longer: their events are to be
// freed.
func detachAll(links []io.Closer) (late []io.Closer, err error) {
	var now []io.Closer
	errs := make([]error, len(links)+1)
	var g errgroup.Group
	g.SetLimit(attachLimit)
	for i, l := range links {
		d, ok := l.(interface{ Disarm() error })
		if !ok {
			now = append(now, l)
			continue
		}
		late = append(late, l)
		g.Go(func() error {
			errs[i] = d.Disarm()
			return nil
		})
	}
	errs[len(links)] = closeAll(now)
	_ = g.Wait() // the functions return no errors
	if len(late) > 0 && awaitPrograms() != nil {
		errs = append(errs, closeAll(late)) // which waits, too
		late = nil
	}
	return late, errors.Join(errs...)
}

// awaitPrograms returns when all programs have ended that ran when it was called: what they do to maps and events is not to be missed.
// The barrier waits for a grace period of RCU, under which programs run. A kernel with CPUs of its own for user space refuses it.
func awaitPrograms() error {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, membarrierGlobal, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// membarrierGlobal is MEMBARRIER_CMD_GLOBAL.
const membarrierGlobal = 1

// closeAll closes links side by side: each close may wait for a grace period of the kernel.
func closeAll(links []io.Closer) error {
	errs := make([]error, len(links))
	var g errgroup.Group
	g.SetLimit(attachLimit)
	for i, l := range links {
		g.Go(func() error {
			errs[i] = l.Close()
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}
