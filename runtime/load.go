package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/host"
)

// ErrPermission is wrapped by the error of a load that the kernel did not permit.
var ErrPermission = errors.New("not permitted: it takes CAP_BPF and CAP_PERFMON (or root), and a kernel that is not locked against such programs")

// ErrMapClash is wrapped by the error about a script map that another script of the session has with other types.
var ErrMapClash = errors.New("the map has other types in this session")

// specs returns the specs of an Object with the run-time constants and what the attacher has to say of its programs. The Object
// is not changed. Programs whose places are gone, and that the script can do without, are returned instead.
func specs(o *object.Object, data []byte, a Attacher, mode Mode) (_ *ebpf.CollectionSpec, gone []AttachFailure, err error) {
	spec := *o.Spec
	spec.Maps, spec.Programs = maps.Clone(o.Spec.Maps), maps.Clone(o.Spec.Programs)
	if m := spec.Maps[object.DataMap]; m != nil {
		m = m.Copy()
		m.Contents = []ebpf.MapKV{{Key: uint32(0), Value: fit(data, int(m.ValueSize))}}
		spec.Maps[object.DataMap] = m
	}
	for _, p := range o.Manifest.Programs {
		if mode.unused(p) != "" {
			delete(spec.Programs, p.Name)
		}
	}
	if err := linkAllKfuncs(&spec, a); err != nil {
		return nil, nil, err
	}
	optional := dispensable(o, &spec)
	defer func() {
		if err != nil {
			closeTargets(&spec)
		}
	}()
	for _, j := range jobs(o.Manifest.Programs) {
		p := spec.Programs[j.program]
		if p == nil {
			return nil, nil, fmt.Errorf("the object has no program %s", j.program)
		}
		if a == nil {
			return nil, nil, errors.New("the session has nothing to attach probes with")
		}
		c := *p // the instructions are shared: the library copies them before it changes any
		missing, err := configure(a, optional, &c, j)
		switch {
		case err != nil:
			return nil, nil, err
		case missing != nil:
			gone = append(gone, *missing)
			delete(spec.Programs, j.program)
			continue
		}
		spec.Programs[j.program] = &c
	}
	return &spec, gone, nil
}

// linkAllKfuncs links every program's calls of the kernel's functions.
func linkAllKfuncs(spec *ebpf.CollectionSpec, a Attacher) error {
	for name, p := range spec.Programs {
		linked, err := linkKfuncs(p, a)
		if err != nil {
			return err
		}
		spec.Programs[name] = linked
	}
	return nil
}

// linkKfuncs returns a program in which calls of the kernel's functions have the numbers of the running kernel.
func linkKfuncs(p *ebpf.ProgramSpec, a Attacher) (*ebpf.ProgramSpec, error) {
	calls := false
	for i := range p.Instructions {
		calls = calls || p.Instructions[i].IsKfuncCall()
	}
	if !calls {
		return p, nil
	}
	linker, ok := a.(KfuncLinker)
	if !ok {
		return nil, errors.New("the session has nothing to find the kernel's functions with")
	}
	c := *p
	if err := linker.LinkKfuncs(&c); err != nil {
		return nil, fmt.Errorf("link %s: %w", p.Name, err)
	}
	return &c, nil
}

// lacksMemory reports whether an error may come from the limit of locked memory, which kernels before 5.11 charge; where that was
// not the reason, a second try fails alike.
func lacksMemory(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOMEM) }

// raiseMemoryLimit lifts that limit. The library's rlimit package is not used, since it tests the kernel at every start of the process.
func raiseMemoryLimit() bool {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	return unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil
}

// loadOptions are the options of all loads of an Object.
func loadOptions(o *object.Object, types *host.TypeCache, logLevel ebpf.LogLevel) ebpf.CollectionOptions {
	opts := ebpf.CollectionOptions{Cache: types}
	opts.Programs.LogLevel = logLevel
	if n := o.Manifest.Config.LogSize; n > 0 {
		opts.Programs.LogSizeStart = uint32(min(n, 1<<30-1))
	}
	return opts
}

// fit cuts or pads a value to the size of its map.
func fit(b []byte, size int) []byte {
	out := make([]byte, size)
	copy(out, b)
	return out
}

// dataValue lays out the run-time constants of object.DataMap.
func (s *Session) dataValue() []byte {
	b := make([]byte, object.DataSize)
	for off, n := range map[int]uint64{
		object.DataStart: s.start, object.DataTAI: s.tai, object.DataSelf: uint64(os.Getpid()), object.DataCPID: uint64(s.opts.ChildPID),
		object.DataPIDNSDev: s.opts.PIDNSDev, object.DataPIDNSIno: s.opts.PIDNSIno,
	} {
		binary.NativeEndian.PutUint64(b[off:], n)
	}
	return b
}

// stackKind returns what stacks a map is for from its name; spill is set if it is for those that another map has no room for.
func stackKind(name string) (kind event.StackKind, spill, ok bool) {
	if stacks, ok := object.ParseSpillMap(name); ok {
		name, spill = stacks, true
	}
	if depth, ok := object.ParseWalkedMap(name); ok {
		return event.StackKind{Depth: depth, Walked: true}, spill, true
	}
	depth, buildID, ok := object.ParseStackMap(name)
	return event.StackKind{Depth: depth, BuildID: buildID}, spill, ok
}
