package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
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
		return nil, loadError(err)
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

// loadError makes what the user sees of a failed load.
func loadError(err error) error {
	var v *ebpf.VerifierError
	if errors.As(err, &v) && len(v.Log) > 0 {
		return rejection(err, v)
	}
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("load programs: %w", ErrPermission)
	}
	return fmt.Errorf("load programs: %w", err)
}

// VerifierError is a program that the checker accepted and the kernel did not.
type VerifierError struct {
	// Place is the line of the script, as the compiler noted it at the instructions; empty if it did not.
	Place string
	// Log is the verifier's log.
	Log []string
	err error
}

// tailLines is how much of the log the message holds.
const tailLines = 10

// Error returns the place, the end of the log, and whose fault it is.
func (e *VerifierError) Error() string {
	var b strings.Builder
	b.WriteString("the kernel rejected the program")
	if e.Place != "" {
		b.WriteString(" at " + e.Place)
	}
	for _, line := range e.Log[max(0, len(e.Log)-tailLines):] {
		b.WriteString("\n    " + line)
	}
	b.WriteString("\nthis is a bug in gtrace; -d verifier prints the whole log")
	return b.String()
}

// Unwrap returns the kernel's error.
func (e *VerifierError) Unwrap() error { return e.err }

func rejection(err error, v *ebpf.VerifierError) error {
	return &VerifierError{Place: place(v.Log), Log: v.Log, err: err}
}

// place finds the last line of the script that the log names: a line "; text", to which newer kernels add " @ file:line".
func place(log []string) string {
	for i := len(log) - 1; i >= 0; i-- {
		if text, ok := strings.CutPrefix(log[i], "; "); ok {
			if at := strings.LastIndex(text, " @ "); at >= 0 {
				text = text[:at]
			}
			return strings.TrimSpace(text)
		}
	}
	return ""
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
