package probe

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
)

// Attacher attaches programs for one run of a script, all probes of a program or none.
type Attacher struct {
	ctx context.Context
	set *Set
}

// Attacher returns an Attacher that gives up when ctx ends.
func (s *Set) Attacher(ctx context.Context) Attacher { return Attacher{ctx, s} }

// Configure sets in a program's spec what its probes need.
func (a Attacher) Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error {
	return a.set.Configure(spec, ps)
}

// Attach attaches a program to one probe; closing the result detaches it.
func (a Attacher) Attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	return a.set.Attach(a.ctx, prog, p)
}

// AttachMany attaches a program to all of its probes, by one link where the kernel can do that. If one fails, none stays.
func (a Attacher) AttachMany(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error) {
	done := a.set.AttachMany(a.ctx, prog, ps)
	if len(done.Failures) == 0 {
		return done.Closer, nil
	}
	first := done.Failures[0] // the others failed for the same reason, or will be tried again
	return nil, errors.Join(fmt.Errorf("%s: %w", first.Probe.Name, first.Err), done.Closer.Close())
}
