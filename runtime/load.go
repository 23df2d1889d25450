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
)

// ErrPermission is wrapped by the error of a load that the kernel did not permit.
var ErrPermission = errors.New("not permitted: it takes CAP_BPF and CAP_PERFMON (or root), and a kernel that is not locked against such programs")

// ErrMapClash is wrapped by the error about a script map that another script of the session has with other types.
var ErrMapClash = errors.New("the map has other types in this session")

// specs returns the specs of an Object with the run-time constants and what the attacher has to say of its programs. The Object
// is not changed.
func specs(o *object.Object, data []byte, a Attacher, mode Mode) (*ebpf.CollectionSpec, error) {
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
	for _, j := range jobs(o.Manifest.Programs) {
		p := spec.Programs[j.program]
		if p == nil {
			return nil, fmt.Errorf("the object has no program %s", j.program)
		}
		if a == nil {
			return nil, errors.New("the session has nothing to attach probes with")
		}
		c := *p // the instructions are shared: the library copies them before it changes any
		if err := a.Configure(&c, j.probes); err != nil {
			return nil, fmt.Errorf("configure %s: %w", j.probes[0].Name, err)
		}
		spec.Programs[j.program] = &c
	}
	return &spec, nil
}

// load puts the specs of an Object into the kernel. Maps in shared are used instead of new ones.
func load(o *object.Object, spec *ebpf.CollectionSpec, shared map[string]*ebpf.Map, logLevel ebpf.LogLevel) (*ebpf.Collection, error) {
	opts := ebpf.CollectionOptions{MapReplacements: shared}
	opts.Programs.LogLevel = logLevel
	if n := o.Manifest.Config.LogSize; n > 0 {
		opts.Programs.LogSizeStart = uint32(min(n, 1<<30-1))
	}
	coll, err := ebpf.NewCollectionWithOptions(spec, opts)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOMEM) {
		// Kernels before 5.11 charge locked memory; where that was not the reason, the second try fails alike. The library's
		// rlimit package is not used, since it tests the kernel at every start of the process.
		limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
		if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil {
			coll, err = ebpf.NewCollectionWithOptions(spec, opts)
		}
	}
	if err != nil {
		return nil, loadError(err, o)
	}
	return coll, nil
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

// stackKind returns what stacks a map is for from its name.
func stackKind(name string) (event.StackKind, bool) {
	depth, buildID, ok := object.ParseStackMap(name)
	return event.StackKind{Depth: depth, BuildID: buildID}, ok
}
