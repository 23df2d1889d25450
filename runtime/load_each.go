package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// loaded is an Object's collection in the kernel, and the probes whose programs the kernel did not take.
type loaded struct {
	coll     *ebpf.Collection
	failures []AttachFailure
}

// loadTolerant puts an Object into the kernel. Programs that are loaded for one place each, which the script did not name or that it
// can do without, are left out where the kernel refuses them; if it refuses all of those, the fault is in what they do.
func (l *loader) loadTolerant(ctx context.Context, spec *ebpf.CollectionSpec) (loaded, error) {
	coll, err := l.load(ctx, spec)
	if err == nil {
		return loaded{coll: coll}, nil
	}
	optional := dispensable(l.o, spec)
	if !placeRefused(err) || optional[culprit(err, spec)] == nil {
		return loaded{}, err
	}
	out, eachErr := l.loadEach(ctx, spec, optional)
	if eachErr != nil {
		return loaded{}, eachErr
	}
	if len(out.failures) == len(optional) {
		out.coll.Close()
		return loaded{}, err
	}
	return out, nil
}

// dispensable returns the probes of the programs that may be left out, by the programs' names.
func dispensable(o *object.Object, spec *ebpf.CollectionSpec) map[string]*attach.Probe {
	out := map[string]*attach.Probe{}
	for i := range o.Manifest.Programs {
		p := &o.Manifest.Programs[i]
		if spec.Programs[p.Name] == nil || len(p.Probes) != 1 {
			continue
		}
		probe := &p.Probes[0]
		if probe.Kind == attach.KindTracing && (probe.Wildcard || tolerant(o.Manifest.Config.MissingProbes)) {
			out[p.Name] = probe
		}
	}
	return out
}

// placeRefused reports whether an error of a load may be about the place that a program is for.
func placeRefused(err error) bool {
	var limit *limitError
	return !errors.As(err, &limit) && scarcity(err) == "" && !errors.Is(err, context.Canceled) && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOMEM)
}

// loadEach loads the maps and then the programs one after the other, which takes longer than together.
func (l *loader) loadEach(ctx context.Context, spec *ebpf.CollectionSpec, optional map[string]*attach.Probe) (loaded, error) {
	private := privateMaps(spec)
	base := *spec
	base.Programs, base.Maps = nil, maps.Clone(spec.Maps)
	for name := range private {
		delete(base.Maps, name)
	}
	coll, err := l.collection(&base, l.shared)
	if err != nil {
		return loaded{}, err
	}
	out := loaded{coll: coll}
	coll.Programs = map[string]*ebpf.Program{}
	for name, prog := range spec.Programs {
		one := map[string]*ebpf.ProgramSpec{name: prog}
		err := l.batch(ctx, coll, &base, one, privatesOf(spec, private, one))
		switch {
		case err == nil:
		case optional[name] != nil && placeRefused(err):
			out.failures = append(out.failures, AttachFailure{Probe: *optional[name], Err: refusal(err), Refused: true})
		default:
			coll.Close()
			return loaded{}, err
		}
	}
	return out, nil
}

// refusal makes a line of the error about a program that the kernel refused: the verifier's last words.
func refusal(err error) error {
	var v *VerifierError
	if !errors.As(err, &v) {
		return err
	}
	for i := len(v.Log) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(v.Log[i]); line != "" && !strings.HasPrefix(line, "processed ") && !strings.HasPrefix(line, "verification time ") {
			return fmt.Errorf("%s: %w", line, errno(err))
		}
	}
	return errno(err)
}

// configure lets the attacher complete a program's spec. A place that is gone meanwhile is a failure of its probe where the script can
// do without it.
func configure(a Attacher, optional map[string]*attach.Probe, c *ebpf.ProgramSpec, j job) (*AttachFailure, error) {
	err := a.Configure(c, j.probes)
	if err == nil {
		return nil, nil
	}
	if probe := optional[j.program]; probe != nil && errors.Is(err, fs.ErrNotExist) {
		return &AttachFailure{Probe: *probe, Err: err, Refused: true}, nil
	}
	return nil, fmt.Errorf("configure %s: %w", j.probes[0].Name, err)
}

// closeTargets closes the programs that the attacher opened for others to be loaded for their functions.
func closeTargets(spec *ebpf.CollectionSpec) {
	for _, p := range spec.Programs {
		if p.AttachTarget != nil {
			_ = p.AttachTarget.Close() // it was only looked at
			p.AttachTarget = nil
		}
	}
}
