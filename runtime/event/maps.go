package event

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// Map is a loaded script map.
type Map struct {
	Handle *ebpf.Map
	Info   object.Map
}

// Read returns the contents of the map. A scalar map that was never assigned to has no entries.
func (m *Map) Read(d *Decoder) (value.Map, error) {
	out := value.Map{Name: m.Info.Name, KeyType: m.Info.Key, ValueType: m.Info.Value}
	if err := m.check(); err != nil {
		return out, err
	}
	if m.series() {
		var err error
		out.Entries, err = m.readSeries(d)
		return out, err
	}
	c := contents{m: m.Handle, perCPU: m.Info.PerCPU}
	err := c.each(func(key []byte, cpus [][]byte) error {
		e, ok, err := m.entry(d, key, cpus)
		if ok {
			out.Entries = append(out.Entries, e)
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("read map %s: %w", m.Info.Name, err)
	}
	return out, nil
}

// Clear deletes all entries; a scalar map becomes unassigned.
func (m *Map) Clear() error {
	if m.Info.Key == nil && !m.series() {
		return m.fill(m.scalarKey(), 0)
	}
	return m.eachKey(func(key []byte) error {
		if err := m.Handle.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("clear map %s: %w", m.Info.Name, err)
		}
		return nil
	})
}

// Zero sets all values to zero and keeps the keys.
func (m *Map) Zero() error {
	if m.Info.Key != nil || m.series() {
		return m.eachKey(func(key []byte) error { return m.fill(key, 0) })
	}
	if !m.Info.Presence {
		return m.fill(m.scalarKey(), 0)
	}
	_, cpus, err := m.scalar()
	if err != nil {
		return err
	}
	present := uint64(0)
	if m.present(cpus) {
		present = 1
	}
	return m.fill(m.scalarKey(), present)
}

// series reports whether the map has entries for intervals.
func (m *Map) series() bool {
	_, ok := m.Info.Value.(types.TSeries)
	return ok
}

// check reports a map whose kernel object is smaller than its manifest says.
func (m *Map) check() error {
	need := types.Sizeof(m.Info.Value)
	if m.Info.Presence {
		need = types.Align(need, 8) + 8
	}
	if size, _ := types.SeriesKey(m.Info.Key); m.series() && int(m.Handle.KeySize()) != size {
		return fmt.Errorf("map %s: the key has another size than its type", m.Info.Name)
	}
	if m.Info.Key != nil && int(m.Handle.KeySize()) < types.Sizeof(m.Info.Key) || int(m.Handle.ValueSize()) < need {
		return fmt.Errorf("map %s: key or value is smaller than its type", m.Info.Name)
	}
	return nil
}

func (m *Map) entry(d *Decoder, key []byte, cpus [][]byte) (value.Entry, bool, error) {
	v, err := m.value(d, cpus)
	if err != nil {
		return value.Entry{}, false, err
	}
	if m.Info.Key == nil {
		return value.Entry{Value: v}, m.assigned(v, cpus), nil
	}
	k, err := d.Value(key, m.Info.Key)
	return value.Entry{Key: k, Value: v}, err == nil, err
}

func (m *Map) value(d *Decoder, cpus [][]byte) (value.Value, error) {
	if types.IsAggregate(m.Info.Value) {
		return reduce(cpus, m.Info.Value), nil
	}
	return d.Value(cpus[0], m.Info.Value)
}

func (m *Map) assigned(v value.Value, cpus [][]byte) bool {
	if m.Info.Presence {
		return m.present(cpus)
	}
	return seen(v)
}

func (m *Map) present(cpus [][]byte) bool {
	at := types.Align(types.Sizeof(m.Info.Value), 8)
	for _, b := range cpus {
		if len(b) >= at+8 && binary.NativeEndian.Uint64(b[at:]) != 0 {
			return true
		}
	}
	return false
}

func (m *Map) scalarKey() []byte { return make([]byte, m.Handle.KeySize()) }

func (m *Map) scalar() (key []byte, cpus [][]byte, err error) {
	c := contents{m: m.Handle, perCPU: m.Info.PerCPU}
	key = m.scalarKey()
	cpus, err = c.lookup(key)
	return key, cpus, err
}

// fill sets the value of a key to zeros, and its presence word to present.
func (m *Map) fill(key []byte, present uint64) error {
	v := make([]byte, m.Handle.ValueSize())
	if m.Info.Presence {
		binary.NativeEndian.PutUint64(v[types.Align(types.Sizeof(m.Info.Value), 8):], present)
	}
	var err error
	if m.Info.PerCPU {
		cpus := make([][]byte, ebpf.MustPossibleCPU())
		for i := range cpus {
			cpus[i] = v
		}
		err = m.Handle.Update(key, cpus, ebpf.UpdateExist)
	} else {
		err = m.Handle.Update(key, v, ebpf.UpdateExist)
	}
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("zero map %s: %w", m.Info.Name, err)
	}
	return nil
}

// eachKey calls f for all keys, read before the first call, so that f may delete.
func (m *Map) eachKey(f func(key []byte) error) error {
	var keys [][]byte
	c := contents{m: m.Handle, perCPU: m.Info.PerCPU}
	err := c.each(func(key []byte, _ [][]byte) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read map %s: %w", m.Info.Name, err)
	}
	for _, k := range keys {
		if err := f(k); err != nil {
			return err
		}
	}
	return nil
}

// Counters reads the 64-bit counters of an array: those in its only value, or those of a per-CPU array, summed over the CPUs.
func Counters(m *ebpf.Map) ([]uint64, error) {
	if m.Type() == ebpf.Array {
		out := make([]uint64, m.ValueSize()/8)
		if err := m.Lookup(uint32(0), out); err != nil {
			return nil, fmt.Errorf("read counters: %w", err)
		}
		return out, nil
	}
	out := make([]uint64, m.MaxEntries())
	for i := range out {
		n, err := Counter(m, i)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// Counter reads one of them.
func Counter(m *ebpf.Map, index int) (uint64, error) {
	var cpus []uint64
	if err := m.Lookup(uint32(index), &cpus); err != nil {
		return 0, fmt.Errorf("read counter %d: %w", index, err)
	}
	sum := uint64(0)
	for _, n := range cpus {
		sum += n
	}
	return sum, nil
}
