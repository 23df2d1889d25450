package lower

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

const (
	// zeroMap is an array map whose only value stays zero: the source of initial values that are too large for the stack.
	zeroMap  = "gt_zero"
	pageSize = 4096
	// buildIDFrame is the size of struct bpf_stack_build_id.
	buildIDFrame = 32
	// defaultRingBufPages is the size of the ring buffer where the script does not say it.
	defaultRingBufPages = 256
	// maxRingBufPages is 1 GiB, the largest power of two below what kernels accept.
	maxRingBufPages = 1 << 18
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
	// shared is set where programs that may interrupt each other add to it.
	shared bool
}

func (m *mapInfo) scalar() bool { return m.Key == nil }

// series reports whether the map has an entry for each interval of each key.
func (m *mapInfo) series() bool {
	_, ok := m.Value.(types.TSeries)
	return ok
}

// single reports whether the map is an array with one value.
func (m *mapInfo) single() bool { return m.scalar() && !m.series() }

// valueSize is the size of a value in the BPF map.
func (m *mapInfo) valueSize() int {
	if m.single() {
		return m.size + 8
	}
	return m.size
}

// keyed returns the sizes of a key.
func (m *mapInfo) keySize() int {
	switch {
	case m.series():
		size, _ := types.SeriesKey(m.Key)
		return size
	case m.scalar():
		return 4
	}
	return types.Sizeof(m.Key)
}

func (m *module) layoutMaps() {
	for i, cm := range m.info.Maps {
		own := *cm
		own.Key = m.keyType(cm.Key)
		info := &mapInfo{
			Map: &own, index: i, spec: specName(cm.Name),
			size: max(8, types.Align(types.Sizeof(cm.Value), 8)), perCPU: isPerCPU(cm),
		}
		m.maps[cm.Name] = info
		m.obj.Spec.Maps[info.spec] = m.mapSpec(info)
		m.obj.Manifest.Maps = append(m.obj.Manifest.Maps, object.Map{
			Name: cm.Name, Spec: info.spec, Key: info.Key, Value: cm.Value, PerCPU: info.perCPU, Presence: info.single(),
		})
	}
}

// isPerCPU reports whether a map has a value for each CPU. Histograms by key have one for all, and count atomically: a
// histogram for each key and CPU would take hundreds of bytes times both, and memory that is allocated only when a key
// appears can fail just then.
func isPerCPU(m *check.Map) bool {
	if !types.IsAggregate(m.Value) {
		return false
	}
	switch m.Value.(type) {
	case types.Hist, types.LHist:
		return m.Key == nil
	default: // no other type matters here
	}
	return true
}

// specName is the name in the spec: "at_x" for "@x".
func specName(name string) string { return "at_" + strings.TrimPrefix(name, "@") }

func (m *module) mapSpec(info *mapInfo) *ebpf.MapSpec {
	spec := &ebpf.MapSpec{
		Name: info.spec, KeySize: uint32(info.keySize()), ValueSize: uint32(info.valueSize()), MaxEntries: 1,
	}
	switch {
	case info.single() && info.perCPU:
		spec.Type = ebpf.PerCPUArray
	case info.single():
		spec.Type = ebpf.Array
	case strings.HasSuffix(info.Kind, "lruhash") && info.perCPU:
		spec.Type = ebpf.LRUCPUHash
	case strings.HasSuffix(info.Kind, "lruhash"):
		spec.Type = ebpf.LRUHash
	case info.perCPU:
		spec.Type = ebpf.PerCPUHash
	default:
		spec.Type = ebpf.Hash
	}
	switch {
	case info.series() && info.scalar():
		spec.MaxEntries = uint32(min(m.info.Config.MaxMapKeys, info.Value.(types.TSeries).Num))
	case !info.scalar():
		spec.MaxEntries = uint32(max(1, info.MaxEntries))
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

// AddLostMap adds the counters of what is lost to an Object that has none yet.
func AddLostMap(o *object.Object) {
	if o.Spec.Maps[object.LostMap] == nil {
		o.Spec.Maps[object.LostMap] = lostMap(len(o.Manifest.Maps))
	}
}

func lostMap(scriptMaps int) *ebpf.MapSpec {
	return &ebpf.MapSpec{
		Name: object.LostMap, Type: ebpf.Array, KeySize: 4, ValueSize: uint32(8 * (object.LostMaps + scriptMaps)), MaxEntries: 1,
	}
}

// ownMap is the spec of a map that is not a script map.
func (m *module) ownMap(name string) *ebpf.MapSpec {
	spec := &ebpf.MapSpec{Name: name, Type: ebpf.Array, KeySize: 4, MaxEntries: 1}
	if t, ok := m.tables[name]; ok {
		return tableMap(name, t)
	}
	if program, ok := strings.CutPrefix(name, object.WorkMap); ok {
		return m.workMap(name, program)
	}
	switch {
	case name == object.EventsMap:
		spec.Type, spec.KeySize, spec.MaxEntries = ebpf.RingBuf, 0, uint32(m.ringPages()*pageSize)
	case name == object.PacketsMap:
		spec.Type, spec.ValueSize, spec.MaxEntries = ebpf.PerfEventArray, 4, 0 // as many as there are CPUs
	case name == object.LostMap:
		return lostMap(len(m.info.Maps))
	case name == object.StoredMap:
		spec.Type, spec.ValueSize = ebpf.PerCPUArray, 8
	case name == object.DataMap:
		spec.ValueSize = object.DataSize
	case name == object.LiteralsMap:
		m.literalsMap(spec)
	case name == zeroMap:
		spec.ValueSize = uint32(max(8, m.zero))
	case m.unwindMap(name, spec):
	case m.stackMap(name, spec):
	default:
		panic(fmt.Sprintf("BUG: lower: reference to the unknown map %s", name))
	}
	return spec
}

// ringPages is the size of the ring buffer, a power of two.
func (m *module) ringPages() int {
	pages := 1
	for want := min(m.info.Config.RingBufPages, maxRingBufPages); pages < want; {
		pages *= 2
	}
	if m.info.Config.RingBufPages == 0 {
		return defaultRingBufPages
	}
	return pages
}
