package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
)

// provider is one probe type: what the checker asks, and what listing and attaching need.
type provider interface {
	check.Provider
	// attach attaches a program to one probe.
	attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error)
	// list returns the probes whose parts match, sorted.
	list(q query) ([]Listed, error)
}

// entry is a row of the catalog.
type entry struct {
	provider provider
	// aliases are the short name and old spellings.
	aliases []string
	// quiet types are listed only when they are asked for by name.
	quiet bool
}

// Set is all probe types on a machine. It is safe for concurrent use.
type Set struct {
	host     *host.Host
	entries  []entry
	byName   map[string]provider
	together *together
}

var _ check.Providers = (*Set)(nil)

// New returns the probe types on a machine.
func New(h *host.Host) *Set {
	t := &together{}
	s := &Set{host: h, entries: catalog(h, t), byName: map[string]provider{}, together: t}
	for _, e := range s.entries {
		s.byName[e.provider.Name()] = e.provider
		for _, name := range e.aliases {
			s.byName[name] = e.provider
		}
	}
	return s
}

// Provider returns a probe type by its name, short name or old spelling, in any case.
func (s *Set) Provider(name string) (check.Provider, bool) {
	p, ok := s.lookup(name)
	return p, ok
}

// lookup prefers the name as it is written: u is uprobe and U is usdt.
func (s *Set) lookup(name string) (provider, bool) {
	if p, ok := s.byName[name]; ok {
		return p, true
	}
	p, ok := s.byName[strings.ToLower(name)]
	return p, ok
}

// Names returns the canonical names of all probe types, sorted.
func (s *Set) Names() []string {
	var out []string
	for _, e := range s.entries {
		out = append(out, e.provider.Name())
	}
	slices.Sort(out)
	return out
}

// Attach attaches a loaded program to the probe that Configure got; the caller closes what it gets, and names the probe in errors.
// Attaches may run side by side.
//
// begin and end have nothing to attach to: their programs are started with Trigger.
func (s *Set) Attach(ctx context.Context, prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	one := []attach.Probe{p}
	if m, ok := s.byName[p.Provider].(multi); ok && s.multiType(one) != ebpf.AttachNone {
		return m.attachMulti(prog, one)
	}
	return s.attachOne(ctx, prog, p)
}

// attachOne attaches a program that is not prepared for a link to many probes.
func (s *Set) attachOne(ctx context.Context, prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pr, ok := s.byName[p.Provider]
	if !ok {
		return nil, fmt.Errorf("unknown probe type %q", p.Provider)
	}
	return pr.attach(prog, p)
}

// Trigger runs a program of a begin or end probe once, in the kernel, and returns when it is done.
func Trigger(prog *ebpf.Program) error {
	if _, err := prog.Run(&ebpf.RunOptions{}); err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	return nil
}

// closerFunc makes an io.Closer of a function.
type closerFunc func() error

// Close calls the function.
func (f closerFunc) Close() error { return f() }

// closers closes all of its parts.
type closers []io.Closer

// Close closes all parts, the last first.
func (c closers) Close() error {
	var errs []error
	for _, part := range slices.Backward(c) {
		errs = append(errs, part.Close())
	}
	return errors.Join(errs...)
}
