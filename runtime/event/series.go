package event

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// series collects the intervals of a time series, which are entries of their own in the map.
type series struct {
	t    types.TSeries
	keys []*seriesKey
	find map[string]*seriesKey
	// last is the latest interval of all keys.
	last uint64
}

type seriesKey struct {
	raw   []byte
	kept  []kept
	value value.Value
}

// kept is what was kept of an interval, merged from all CPUs.
type kept struct{ interval, bits uint64 }

// readSeries returns the contents of a map of time series.
func (m *Map) readSeries(d *Decoder) ([]value.Entry, error) {
	s := &series{t: m.Info.Value.(types.TSeries), find: map[string]*seriesKey{}}
	_, at := types.SeriesKey(m.Info.Key)
	c := contents{m: m.Handle, perCPU: m.Info.PerCPU}
	if err := c.each(func(key []byte, cpus [][]byte) error { return s.add(d, m.Info.Key, key[:at], cpus) }); err != nil {
		return nil, fmt.Errorf("read map %s: %w", m.Info.Name, err)
	}
	var out []value.Entry
	for _, k := range s.keys {
		out = append(out, value.Entry{Key: k.value, Value: s.value(d, k)})
	}
	return out, nil
}

// add takes an entry: an interval of a key.
func (s *series) add(d *Decoder, t types.Type, key []byte, cpus [][]byte) error {
	k := s.find[string(key)]
	if k == nil {
		k = &seriesKey{raw: key}
		if t != nil {
			v, err := d.Value(key, t)
			if err != nil {
				return err
			}
			k.value = v
		}
		s.find[string(key)] = k
		s.keys = append(s.keys, k)
	}
	if got := merge(cpus, s.t); got.interval != 0 {
		k.kept = append(k.kept, got)
		s.last = max(s.last, got.interval)
	}
	return nil
}

// value returns what a key has of the last intervals.
func (s *series) value(d *Decoder, k *seriesKey) value.Value {
	out := value.Series{T: s.t}
	if s.last == 0 {
		return out
	}
	out.End = s.start(d, s.last)
	slices.SortFunc(k.kept, func(a, b kept) int { return cmp.Compare(a.interval, b.interval) })
	for _, e := range k.kept {
		if e.interval+uint64(s.t.Num) > s.last {
			out.Intervals = append(out.Intervals, value.Interval{Start: s.start(d, e.interval), Bits: e.bits})
		}
	}
	return out
}

// start returns when an interval began. Intervals are counted from 1.
func (s *series) start(d *Decoder, interval uint64) int64 {
	return (int64(interval)-1)*s.t.Interval - d.LeapNanoseconds
}

// merge reduces what the CPUs kept: those that are at the latest interval count.
func merge(cpus [][]byte, t types.TSeries) kept {
	var latest uint64
	for _, b := range cpus {
		latest = max(latest, word(b, 2))
	}
	if latest == 0 {
		return kept{}
	}
	var bits, meta uint64
	first := true
	for _, b := range cpus {
		n, extra := word(b, 0), word(b, 1)
		if word(b, 2) != latest {
			continue
		}
		bits, meta = join(t, first, bits, meta, n, extra)
		first = false
	}
	if t.Agg == "avg" {
		bits = mean(bits, meta, t.Signed)
	}
	return kept{interval: latest, bits: bits}
}

// join adds a CPU's number, and its time or count, to those of the CPUs before.
func join(t types.TSeries, first bool, bits, meta, n, extra uint64) (uint64, uint64) {
	var better bool
	switch t.Agg {
	case "avg", "sum":
		return bits + n, meta + extra
	case "max":
		better = less(bits, n, t.Signed)
	case "min":
		better = less(n, bits, t.Signed)
	default: // the last number
		better = meta < extra
	}
	if first || better {
		return n, extra
	}
	return bits, meta
}

func mean(total, n uint64, signed bool) uint64 {
	switch {
	case n == 0:
		return 0
	case signed:
		return uint64(int64(total) / int64(n))
	}
	return total / n
}

// ClearKey deletes one key of a time series.
func (m *Map) ClearKey(d *Decoder, key value.Value) error {
	_, at := types.SeriesKey(m.Info.Key)
	return m.eachKey(func(raw []byte) error {
		k, err := d.Value(raw[:at], m.Info.Key)
		if err != nil || !reflect.DeepEqual(k, key) {
			return err
		}
		if err := m.Handle.Delete(raw); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("delete from map %s: %w", m.Info.Name, err)
		}
		return nil
	})
}
