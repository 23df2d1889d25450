package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sync/errgroup"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// Attacher attaches programs to probes.
type Attacher interface {
	// Configure sets in a program's spec what depends on its probes and on this machine: program type, attach type, and what
	// it attaches to. It is called before the program is loaded, on a copy.
	Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error
	// Attach attaches a program to one probe; closing the result detaches it.
	Attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error)
	// AttachMany attaches a program to all of its probes, by one link where the kernel can do that.
	AttachMany(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error)
}

// attachLimit is the number of probes attached or detached side by side. Most of the time is spent waiting in the kernel.
const attachLimit = 32

// The providers whose programs the session starts itself.
const (
	providerBegin = "begin"
	providerEnd   = "end"
)

// job is a program and the probes to attach it to.
type job struct {
	program string
	probes  []attach.Probe
}

// jobs returns the programs that are attached, in the order of the script.
func jobs(programs []object.Program) []job {
	var out []job
	for _, p := range programs {
		j := job{program: p.Name}
		for _, probe := range p.Probes {
			if probe.Kind != attach.KindTestRun {
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
	// missing are the failures that the script's config tolerates.
	missing []error
}

// attachAll attaches all jobs side by side. If one fails and the policy is not to go on, all others are detached again.
func attachAll(ctx context.Context, a Attacher, coll *ebpf.Collection, js []job, policy string) (attached, error) {
	var out attached
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(attachLimit)
	for _, j := range js {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			one, err := attachJob(a, coll.Programs[j.program], j.probes, policy)
			mu.Lock()
			defer mu.Unlock()
			out.links = append(out.links, one.links...)
			out.missing = append(out.missing, one.missing...)
			out.probes += one.probes
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return attached{}, errors.Join(err, closeAll(out.links))
	}
	return out, nil
}

func attachJob(a Attacher, prog *ebpf.Program, probes []attach.Probe, policy string) (attached, error) {
	if len(probes) == 1 {
		return attachOne(a, prog, probes[0], policy)
	}
	link, err := a.AttachMany(prog, probes)
	if err == nil {
		return attached{links: []io.Closer{link}, probes: len(probes)}, nil
	}
	if !tolerant(policy) {
		return attached{}, fmt.Errorf("attach %s and %d others: %w", probes[0].Name, len(probes)-1, err)
	}
	var out attached
	for _, p := range probes {
		one, _ := attachOne(a, prog, p, policy)
		out.links = append(out.links, one.links...)
		out.missing = append(out.missing, one.missing...)
		out.probes += one.probes
	}
	return out, nil
}

func attachOne(a Attacher, prog *ebpf.Program, p attach.Probe, policy string) (attached, error) {
	link, err := a.Attach(prog, p)
	if err == nil {
		return attached{links: []io.Closer{link}, probes: 1}, nil
	}
	err = fmt.Errorf("attach %s: %w", p.Name, err)
	if tolerant(policy) {
		return attached{missing: []error{err}}, nil
	}
	return attached{}, err
}

// tolerant reports whether config missing_probes lets a script run without some of its probes.
func tolerant(policy string) bool { return policy == "warn" || policy == "ignore" }

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
