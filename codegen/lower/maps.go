package lower

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

const (
	// zeroMap is an array map whose only value stays zero: the source of initial values that are too large for the stack.
	zeroMap = "gt_zero"
	// noPrealloc is BPF_F_NO_PREALLOC.
	noPrealloc = 1
	// noPreallocSize is the value size from which hash maps are allocated as they fill, where the kernel can do that: 4096
	// histograms for each CPU are much memory for nothing.
	noPreallocSize = 1 << 20
	// stackEntries is the number of stacks that a stack map holds.
	stackEntries = 16384
	pageSize     = 4096
	// defaultRingBufPages is the size of the ring buffer where the script does not say it.
	defaultRingBufPages = 256
	// largeZero is the size of initial values that come from zeroMap instead of the stack.
	largeZero = 64
)

// mapInfo is a script map and its layout.
type mapInfo struct {
	*check.Map
	index int
	spec  string
	// size is the size of a value without presence word, padded to 8 bytes; for aggregates, of one CPU.
	size int
	// perCPU maps have a value for each CPU.
	perCPU bool
}

func (m *mapInfo) scalar() bool { return m.Key == nil }

// valueSize is the size of a value in the BPF map.
func (m *mapInfo) valueSize() int {
	if m.scalar() {
		return m.size + 8
	}
	return m.size
}

// keyed returns the sizes of a key.
func (m *mapInfo) keySize() int {
	if m.scalar() {
		return 4
	}
	return types.Sizeof(m.Key)
}

func (m *module) layoutMaps() {
	for i, cm := range m.info.Maps {
		info := &mapInfo{
			Map: cm, index: i, spec: specName(cm.Name),
			size: max(8, types.Align(types.Sizeof(cm.Value), 8)), perCPU: types.IsAggregate(cm.Value),
		}
		m.maps[cm.Name] = info
		m.obj.Spec.Maps[info.spec] = m.mapSpec(info)
		m.obj.Manifest.Maps = append(m.obj.Manifest.Maps, object.Map{
			Name: cm.Name, Spec: info.spec, Key: cm.Key, Value: cm.Value, PerCPU: info.perCPU, Presence: info.scalar(),
		})
	}
}

// specName is the name in the spec: "at_x" for "@x".
func specName(name string) string { return "at_" + strings.TrimPrefix(name, "@") }

func (m *module) mapSpec(info *mapInfo) *ebpf.MapSpec {
	spec := &ebpf.MapSpec{
		Name: info.spec, KeySize: uint32(info.keySize()), ValueSize: uint32(info.valueSize()), MaxEntries: 1,
	}
	switch {
	case info.scalar() && info.perCPU:
		spec.Type = ebpf.PerCPUArray
	case info.scalar():
		spec.Type = ebpf.Array
	case info.Kind == "lruhash":
		spec.Type = ebpf.LRUHash
	case info.Kind == "percpulruhash":
		spec.Type = ebpf.LRUCPUHash
	case info.perCPU:
		spec.Type = ebpf.PerCPUHash
	default:
		spec.Type = ebpf.Hash
	}
	if !info.scalar() {
		spec.MaxEntries = uint32(max(1, info.MaxEntries))
		lru := spec.Type == ebpf.LRUHash || spec.Type == ebpf.LRUCPUHash // which are always allocated as a whole
		if !lru && info.valueSize() >= noPreallocSize && m.target.Has(target.PreallocFreeMaps) {
			spec.Flags = noPrealloc
		}
	}
	return spec
}

// finishMaps adds the maps that are not script maps but that the programs came to refer to.
func (m *module) finishMaps() {
	used := map[string]bool{}
	for _, f := range m.mod.Funcs {
		for _, blk := range f.Blocks {
			for _, v := range blk.Instrs {
				if v.Op == ir.OpMapPtr || v.Op == ir.OpMapValue {
					used[v.Sym] = true
				}
			}
		}
	}
	for name := range used {
		if m.obj.Spec.Maps[name] == nil {
			m.obj.Spec.Maps[name] = m.ownMap(name)
		}
	}
}

// ownMap is the spec of a map that is not a script map.
func (m *module) ownMap(name string) *ebpf.MapSpec {
	spec := &ebpf.MapSpec{Name: name, Type: ebpf.Array, KeySize: 4, MaxEntries: 1}
	var depth uint32
	switch {
	case name == object.EventsMap:
		spec.Type, spec.KeySize, spec.MaxEntries = ebpf.RingBuf, 0, uint32(m.ringPages()*pageSize)
	case name == object.LostMap:
		spec.Type, spec.ValueSize = ebpf.PerCPUArray, 8
		spec.MaxEntries = uint32(object.LostMaps + len(m.info.Maps))
	case name == object.DataMap:
		spec.ValueSize = object.DataSize
	case name == zeroMap:
		spec.ValueSize = uint32(m.zero)
	default:
		if _, err := fmt.Sscanf(name, object.StackMap+"%d", &depth); err != nil {
			panic(fmt.Sprintf("BUG: lower: reference to the unknown map %s", name))
		}
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.StackTrace, 8*depth, stackEntries
	}
	return spec
}

// ringPages is the size of the ring buffer, a power of two.
func (m *module) ringPages() int {
	pages := 1
	for want := m.info.Config.RingBufPages; pages < want; {
		pages *= 2
	}
	if m.info.Config.RingBufPages == 0 {
		return defaultRingBufPages
	}
	return pages
}
