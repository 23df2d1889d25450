package runtime

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// loader puts the specs of an Object into the kernel.
type loader struct {
	o *object.Object
	// shared maps are used instead of new ones.
	shared map[string]*ebpf.Map
	opts   ebpf.CollectionOptions
	// modules loads programs that the library cannot; nil if there are none.
	modules ModuleLoader
	// special are the probes of those programs, by the programs' names.
	special map[string]attach.Probe
}

func newLoader(o *object.Object, shared map[string]*ebpf.Map, a Attacher, opts ebpf.CollectionOptions) *loader {
	l := &loader{o: o, shared: shared, opts: opts, special: map[string]attach.Probe{}}
	m, ok := a.(ModuleLoader)
	if !ok {
		return l
	}
	l.modules = m
	for _, p := range o.Manifest.Programs {
		if len(p.Probes) == 1 && m.OfModule(p.Probes[0]) {
			l.special[p.Name] = p.Probes[0]
		}
	}
	return l
}

// batchSize is how many programs are loaded at a time. While they are, each takes a descriptor for its types as well, and those of its maps.
const batchSize = 128

// load puts specs into the kernel. Only programs, and the maps that they share or that are read, keep a descriptor.
func (l *loader) load(ctx context.Context, spec *ebpf.CollectionSpec) (*ebpf.Collection, error) {
	private := privateMaps(spec)
	base := *spec
	base.Programs = nil
	base.Maps = map[string]*ebpf.MapSpec{}
	for name, m := range spec.Maps {
		if private[name] == "" {
			base.Maps[name] = m
		}
	}
	coll, err := l.collection(&base, l.shared)
	if err != nil {
		return nil, err
	}
	coll.Programs = map[string]*ebpf.Program{}
	for _, batch := range batches(l.o, spec) {
		if err := l.batch(ctx, coll, &base, batch, privatesOf(spec, private, batch)); err != nil {
			coll.Close()
			return nil, err
		}
	}
	return coll, nil
}

// batch loads programs, with maps of their own, into a collection of maps.
func (l *loader) batch(ctx context.Context, coll *ebpf.Collection, base *ebpf.CollectionSpec, programs map[string]*ebpf.ProgramSpec, private map[string]*ebpf.MapSpec) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	spec := *base
	spec.Programs, spec.Maps = maps.Clone(programs), private
	maps.DeleteFunc(spec.Programs, func(name string, _ *ebpf.ProgramSpec) bool { return l.isSpecial(name) })
	for name, m := range base.Maps {
		spec.Maps[name] = m
	}
	one, err := l.collection(&spec, coll.Maps)
	if err != nil {
		return err
	}
	defer one.Close() // the programs keep their maps
	for name, p := range programs {
		if err := l.loadSpecial(one, name, p); err != nil {
			return loadError(err, l.o)
		}
		p, err := bare(one.DetachProgram(name))
		if err != nil {
			return loadError(err, l.o)
		}
		coll.Programs[name] = p
	}
	return nil
}

func (l *loader) isSpecial(program string) bool {
	_, ok := l.special[program]
	return ok
}

// loadSpecial loads a program into a collection if the library cannot.
func (l *loader) loadSpecial(coll *ebpf.Collection, name string, spec *ebpf.ProgramSpec) error {
	if !l.isSpecial(name) {
		return nil
	}
	p, err := l.modules.LoadOfModule(spec, l.special[name], coll.Maps, l.opts.Programs.LogLevel)
	if err != nil {
		return fmt.Errorf("program %s: %w", name, err)
	}
	if coll.Programs == nil {
		coll.Programs = map[string]*ebpf.Program{}
	}
	coll.Programs[name] = p
	return nil
}

// collection makes maps and programs. Maps in shared are used instead of new ones.
func (l *loader) collection(spec *ebpf.CollectionSpec, shared map[string]*ebpf.Map) (*ebpf.Collection, error) {
	opts := l.opts
	opts.MapReplacements = shared
	coll, err := ebpf.NewCollectionWithOptions(spec, opts)
	if lacksMemory(err) && raiseMemoryLimit() {
		coll, err = ebpf.NewCollectionWithOptions(spec, opts)
	}
	if err != nil {
		return nil, loadError(err, l.o)
	}
	return coll, nil
}

// batches returns the programs of specs in the order of the script, so many at a time.
func batches(o *object.Object, spec *ebpf.CollectionSpec) (out []map[string]*ebpf.ProgramSpec) {
	n := batchSize
	for _, p := range o.Manifest.Programs {
		if spec.Programs[p.Name] == nil {
			continue
		}
		if n == batchSize {
			out, n = append(out, map[string]*ebpf.ProgramSpec{}), 0
		}
		out[len(out)-1][p.Name] = spec.Programs[p.Name]
		n++
	}
	return out
}

// privateMaps returns the program of each map that only one uses, and nobody else.
func privateMaps(spec *ebpf.CollectionSpec) map[string]string {
	users, shared := map[string]string{}, map[string]bool{}
	for name, p := range spec.Programs {
		for i := range p.Instructions {
			in := &p.Instructions[i]
			if !in.IsLoadFromMap() {
				continue
			}
			m := in.Reference()
			shared[m] = shared[m] || users[m] != "" && users[m] != name
			users[m] = name
		}
	}
	out := map[string]string{}
	for m, program := range users {
		own := strings.HasPrefix(m, object.ScratchMap) || strings.HasPrefix(m, object.WorkMap)
		if own && !shared[m] && spec.Maps[m] != nil {
			out[m] = program
		}
	}
	return out
}

// privatesOf returns the specs of the maps that only some programs use.
func privatesOf(spec *ebpf.CollectionSpec, private map[string]string, programs map[string]*ebpf.ProgramSpec) map[string]*ebpf.MapSpec {
	out := map[string]*ebpf.MapSpec{}
	for m, program := range private {
		if programs[program] != nil {
			out[m] = spec.Maps[m]
		}
	}
	return out
}
