package lower

import (
	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
)

const (
	// stackEntries is the number of stacks that a stack map holds. The runtime takes them out before it is full. spillEntries is how many
	// those can be that come faster than it does; where the kernel gives memory for none but what is there, as many as a script map has
	// keys can be kept as well. maxSpillEntries bounds that.
	stackEntries    = 16384
	spillEntries    = 1 << 17
	maxSpillEntries = 1 << 22
	// noPrealloc is BPF_F_NO_PREALLOC.
	noPrealloc = 1
)

// stackMap completes the spec of a map of stacks, and reports whether the map of a name is one.
func (m *module) stackMap(name string, spec *ebpf.MapSpec) bool {
	if stacks, ok := object.ParseSpillMap(name); ok {
		if !m.stackMap(stacks, spec) {
			return false
		}
		spec.MaxEntries = uint32(min(max(spillEntries, m.info.Config.MaxMapKeys), maxSpillEntries))
		spec.Flags = noPrealloc
		return true
	}
	frame := 8
	depth, ok := object.ParseWalkedMap(name)
	if !ok {
		var buildID bool
		if depth, buildID, ok = object.ParseStackMap(name); buildID {
			frame = buildIDFrame
		}
	}
	spec.Type, spec.KeySize, spec.ValueSize, spec.MaxEntries = ebpf.Hash, 8, uint32(frame*depth), stackEntries
	if !m.target.Has(target.MapAlloc) {
		spec.MaxEntries = uint32(min(max(stackEntries, m.info.Config.MaxMapKeys), maxSpillEntries))
	}
	return ok
}
