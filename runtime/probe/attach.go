package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/runtime/host"
)

// multi is a provider that can attach one program to many probes with one link.
type multi interface {
	attachMulti(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error)
}

// Configure sets in a program's spec what depends on the probes it will be attached to and on this machine: program type, attach
// type and, for typed programs, what it attaches to. It must be called before the program is loaded; the caller closes the spec's
// AttachTarget, if it has one then, after the load.
func (s *Set) Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error {
	if len(ps) == 0 {
		return errors.New("configure program: no probes")
	}
	p := ps[0]
	switch p.Kind {
	case attach.KindTestRun, attach.KindRawTracepoint:
		spec.Type = ebpf.RawTracepoint
	case attach.KindKprobe:
		spec.Type, spec.AttachType = ebpf.Kprobe, s.multiType(ps)
	case attach.KindTracepoint:
		spec.Type = ebpf.TracePoint
	case attach.KindTracing:
		if f, ok := s.byName[p.Provider].(*fentry); ok {
			return f.configure(spec, p)
		}
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceRawTp, p.BTFType
	case attach.KindIter:
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceIter, p.BTFType
	case attach.KindXDP:
		spec.Type = ebpf.XDP
	case attach.KindPerfEvent:
		spec.Type = ebpf.PerfEvent
	default:
		panic(fmt.Sprintf("BUG: probe: unexpected kind %q", p.Kind))
	}
	return nil
}

// TypeCache returns where the kernel's types are kept.
func (s *Set) TypeCache() *host.TypeCache { return s.host.TypeCache() }

// LinkKfuncs replaces the instructions of a program by such that call the kernel's functions by the running kernel's numbers.
func (s *Set) LinkKfuncs(spec *ebpf.ProgramSpec) error {
	insns, err := s.host.LinkKfuncs(spec.Instructions)
	if err != nil {
		return err
	}
	spec.Instructions = insns
	return nil
}

// multiType returns the attach type of a program that is attached to many probes with one link, or AttachNone if it is not.
func (s *Set) multiType(ps []attach.Probe) ebpf.AttachType {
	if len(ps) == 0 {
		return ebpf.AttachNone
	}
	for _, p := range ps {
		if p.Kind != attach.KindKprobe || p.Provider != ps[0].Provider {
			return ebpf.AttachNone
		}
	}
	switch s.byName[ps[0].Provider].(type) {
	case *kprobe:
		if len(ps) > 1 && plainFunctions(ps) && s.host.Has(target.KprobeMulti) {
			return ebpf.AttachTraceKprobeMulti
		}
	case *uprobe, *usdtProbe:
		// For one probe, too: the kernel frees perf events one by one and waits for each, while links are freed side by side.
		if oneBinary(ps) && s.uprobeMulti(ps[0].PID) {
			return ebpf.AttachTraceUprobeMulti
		}
	}
	return ebpf.AttachNone
}

// wholeProcesses is since when such a link to a process is one to all of its threads: Linux commit 46ba0e49b642 ("bpf: fix
// multi-uprobe PID filtering logic").
var wholeProcesses = target.Version{Major: 6, Minor: 10}

// uprobeMulti reports whether programs of user probes can be attached with one link.
func (s *Set) uprobeMulti(pid int) bool {
	return (pid == 0 || !s.host.Kernel().Before(wholeProcesses)) && s.host.Has(target.UprobeMulti)
}

// plainFunctions reports whether probes are functions that a wildcard stands for. One that the script names may be one that only a
// probe of its own can be attached to.
func plainFunctions(ps []attach.Probe) bool {
	seen := map[string]bool{}
	for _, p := range ps {
		if !p.Wildcard || p.Offset != 0 || p.Address != 0 || seen[p.Func] {
			return false
		}
		seen[p.Func] = true
	}
	return true
}

func oneBinary(ps []attach.Probe) bool {
	for _, p := range ps {
		if p.Target != ps[0].Target || p.PID != ps[0].PID {
			return false
		}
	}
	return true
}

// Failure is a probe that a program could not be attached to.
type Failure struct {
	Probe attach.Probe
	Err   error
	// Refused says that the kernel does not let this place be traced, as against an attach that went wrong.
	Refused bool
}

func failure(p attach.Probe, err error) Failure { return Failure{p, err, refused(err)} }

// refused reports whether an error says that a place cannot be traced: it is not there, blacklisted, no place for a breakpoint, or
// one of several of that name.
func refused(err error) bool {
	for _, e := range []error{fs.ErrNotExist, unix.ESRCH, unix.EINVAL, unix.EADDRNOTAVAIL, unix.EILSEQ, unix.EOPNOTSUPP, unix.EBUSY} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Attached is what AttachMany did.
type Attached struct {
	// Probes is the number of probes that the program is attached to.
	Probes   int
	Failures []Failure
	// Closer detaches all of them; never nil.
	Closer io.Closer
}

// attachLimit is the number of attaches that run side by side: they wait for the kernel, not for a CPU.
const attachLimit = 32

// AttachMany attaches a program to all of its probes, with one link where the kernel can and Configure has prepared for it. The
// probes that fail are reported in the order given; the others stay attached.
func (s *Set) AttachMany(ctx context.Context, prog *ebpf.Program, ps []attach.Probe) Attached {
	if s.multiType(ps) != ebpf.AttachNone {
		return s.attachMulti(ctx, prog, ps)
	}
	results := make([]io.Closer, len(ps))
	errs := make([]error, len(ps))
	var g errgroup.Group
	g.SetLimit(attachLimit)
	for i, p := range ps {
		g.Go(func() error {
			results[i], errs[i] = s.attachOne(ctx, prog, p)
			return nil
		})
	}
	_ = g.Wait() // the functions return no errors
	out := Attached{}
	var done []io.Closer
	for i, err := range errs {
		if err != nil {
			out.Failures = append(out.Failures, failure(ps[i], err))
			continue
		}
		done = append(done, results[i])
	}
	out.Probes, out.Closer = len(done), &bundle{parts: done}
	return out
}

func (s *Set) attachMulti(ctx context.Context, prog *ebpf.Program, ps []attach.Probe) Attached {
	pr, ok := s.byName[ps[0].Provider].(multi)
	if !ok {
		panic(fmt.Sprintf("BUG: probe: %s has no multi attach", ps[0].Provider))
	}
	c, err := pr.attachMulti(prog, ps)
	if err == nil {
		return Attached{Probes: len(ps), Closer: c}
	}
	out := Attached{Closer: closers(nil)}
	if !refused(err) || len(ps) == 1 {
		for _, p := range ps {
			out.Failures = append(out.Failures, failure(p, err))
		}
		return out
	}
	good, bad := sift(ctx, pr, prog, ps)
	out.Failures = bad
	if len(good) == 0 {
		return out
	}
	if c, err = pr.attachMulti(prog, good); err != nil {
		for _, p := range good {
			out.Failures = append(out.Failures, failure(p, err))
		}
		return out
	}
	out.Probes, out.Closer = len(good), c
	return out
}

// sift finds out which probes keep a link to all of them from being made, by halves.
func sift(ctx context.Context, pr multi, prog *ebpf.Program, ps []attach.Probe) (good []attach.Probe, bad []Failure) {
	err := ctx.Err()
	if err == nil {
		var c io.Closer
		if c, err = pr.attachMulti(prog, ps); err == nil {
			_ = c.Close() // it was only a trial
			return ps, nil
		}
	}
	if len(ps) == 1 {
		return nil, []Failure{failure(ps[0], err)}
	}
	half := len(ps) / 2
	good, bad = sift(ctx, pr, prog, ps[:half:half])
	good2, bad2 := sift(ctx, pr, prog, ps[half:])
	return append(good, good2...), append(bad, bad2...)
}

// bundle is what one program is attached with.
type bundle struct{ parts []io.Closer }

// Disarm stops the program from running at any of its probes. What takes long to free is left for Close. It is not called Detach
// because the library's links have a method of that name with another meaning.
func (b *bundle) Disarm() error {
	var mu sync.Mutex
	var late []io.Closer
	err := sideBySide(b.parts, func(c io.Closer) error {
		d, ok := c.(interface{ Disarm() error })
		if !ok {
			return c.Close()
		}
		mu.Lock()
		late = append(late, c)
		mu.Unlock()
		return d.Disarm()
	})
	b.parts = late
	return err
}

// Parts takes apart what is left for Close. It becomes the caller's to close.
func (b *bundle) Parts() []io.Closer {
	parts := b.parts
	b.parts = nil
	return parts
}

// Files returns the descriptors that Close frees, as far as they are known.
func (b *bundle) Files() []*os.File {
	var out []*os.File
	for _, c := range b.parts {
		if f, ok := c.(interface{ Files() []*os.File }); ok {
			out = append(out, f.Files()...)
		}
	}
	return out
}

// Close detaches and frees all.
func (b *bundle) Close() error {
	parts := b.parts
	b.parts = nil
	return CloseAll(parts)
}

// CloseAll closes side by side: each may wait for the kernel, and the waits overlap.
func CloseAll[C io.Closer](cs []C) error { return sideBySide(cs, func(c C) error { return c.Close() }) }

// sideBySide calls a function for each, many at the same time.
func sideBySide[C any](cs []C, f func(C) error) error {
	var mu sync.Mutex
	var errs []error
	var g errgroup.Group
	g.SetLimit(attachLimit)
	for _, c := range cs {
		g.Go(func() error {
			if err := f(c); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no errors
	return errors.Join(errs...)
}
