package runtime

import (
	"encoding/binary"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
)

// ErrPermission is wrapped by the error of a load that the kernel refused for lack of capabilities.
var ErrPermission = errors.New("not permitted: gtrace needs the capabilities CAP_BPF and CAP_PERFMON (run it as root)")

// ErrMapClash is wrapped by the error about a script map that another script of the session has with other types.
var ErrMapClash = errors.New("the map has other types in this session")

// load puts the specs of an Object into the kernel. The Object is not changed. Maps in shared are used instead of new ones.
func load(o *object.Object, data []byte, shared map[string]*ebpf.Map, logLevel ebpf.LogLevel) (*ebpf.Collection, error) {
	spec := *o.Spec
	spec.Maps = maps.Clone(o.Spec.Maps)
	if m := spec.Maps[object.DataMap]; m != nil {
		m = m.Copy()
		m.Contents = []ebpf.MapKV{{Key: uint32(0), Value: fit(data, int(m.ValueSize))}}
		spec.Maps[object.DataMap] = m
	}
	opts := ebpf.CollectionOptions{MapReplacements: shared}
	opts.Programs.LogLevel = logLevel
	if n := o.Manifest.Config.LogSize; n > 0 {
		opts.Programs.LogSizeStart = uint32(min(n, 1<<30-1))
	}
	coll, err := ebpf.NewCollectionWithOptions(&spec, opts)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOMEM) {
		// Kernels before 5.11 charge locked memory; where that was not the reason, the second try fails alike.
		if rlimit.RemoveMemlock() == nil {
			coll, err = ebpf.NewCollectionWithOptions(&spec, opts)
		}
	}
	if err != nil {
		return nil, loadError(err, o.Spec)
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
func dataValue(start uint64, self, child int) []byte {
	b := make([]byte, object.DataSize)
	binary.NativeEndian.PutUint64(b[object.DataStart:], start)
	binary.NativeEndian.PutUint64(b[object.DataSelf:], uint64(self))
	binary.NativeEndian.PutUint64(b[object.DataCPID:], uint64(child))
	return b
}

// stackDepth returns the depth of a stack map from its name.
func stackDepth(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, object.StackMap)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
