package output_test

import (
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

func num(n int64) value.Value   { return value.Int{T: types.Int64, Bits: uint64(n)} }
func unum(n uint64) value.Value { return value.Int{T: types.Uint64, Bits: n} }
func boolean(b bool) value.Value {
	if b {
		return value.Int{T: types.Bool{}, Bits: 1}
	}
	return value.Int{T: types.Bool{}}
}
func str(s string) value.Value { return value.Bytes{T: types.String{Size: 64}, B: []byte(s)} }
func buf(s string) value.Value { return value.Bytes{T: types.Buffer{Size: 64}, B: []byte(s)} }

func ptr(n uint64) value.Value { return value.Int{T: types.Pointer{Elem: types.Uint8}, Bits: n} }

func tuple(vs ...value.Value) value.Value {
	var ts []types.Type
	for _, v := range vs {
		ts = append(ts, v.Type())
	}
	return value.Seq{T: types.Tuple{Elems: ts}, Elems: vs}
}

func record(name1 string, v1 value.Value, name2 string, v2 value.Value) value.Value {
	return value.Seq{
		T:     types.Record{Fields: []types.RecordField{{Name: name1, Type: v1.Type()}, {Name: name2, Type: v2.Type()}}},
		Elems: []value.Value{v1, v2},
	}
}

func array(vs ...value.Value) value.Value {
	return value.Seq{T: types.Array{Elem: vs[0].Type(), Len: len(vs)}, Elems: vs}
}

func count(n uint64) value.Value { return value.Number{T: types.Count{}, Bits: n, Set: true} }

func sum(n int64) value.Value {
	return value.Number{T: types.Sum{Signed: true}, Bits: uint64(n), Set: true}
}

func least(n int64) value.Value {
	return value.Number{T: types.Min{Signed: true}, Bits: uint64(n), Set: true}
}

func most(n int64) value.Value {
	return value.Number{T: types.Max{Signed: true}, Bits: uint64(n), Set: true}
}

func avg(ns ...int64) value.Value { return statistics(types.Avg{Signed: true}, ns) }

func stats(ns ...int64) value.Value { return statistics(types.Stats{Signed: true}, ns) }

func statistics(t types.Type, ns []int64) value.Value {
	v := value.Stats{T: t, Count: uint64(len(ns))}
	for _, n := range ns {
		v.Total += uint64(n)
	}
	return v
}

func hist(k int, ns ...int64) value.Value {
	t := types.Hist{Bits: k}
	v := value.Hist{T: t, Slots: make([]uint64, t.Slots())}
	for _, n := range ns {
		v.Slots[t.Slot(n)]++
	}
	return v
}

func lhist(lo, hi, step int64, ns ...int64) value.Value {
	t := types.LHist{Min: lo, Max: hi, Step: step}
	v := value.Hist{T: t, Slots: make([]uint64, t.Slots())}
	for _, n := range ns {
		v.Slots[t.Slot(n)]++
	}
	return v
}

// scalar makes a map without key; without a value it was never assigned to.
func scalar(name string, t types.Type, vs ...value.Value) value.Map {
	m := value.Map{Name: name, ValueType: t}
	for _, v := range vs {
		m.ValueType = v.Type()
		m.Entries = append(m.Entries, value.Entry{Value: v})
	}
	return m
}

// keyed makes a map of keys and values in turn.
func keyed(name string, kvs ...value.Value) value.Map {
	m := value.Map{Name: name, KeyType: kvs[0].Type(), ValueType: kvs[1].Type()}
	for i := 0; i < len(kvs); i += 2 {
		m.Entries = append(m.Entries, value.Entry{Key: kvs[i], Value: kvs[i+1]})
	}
	return m
}

// emptied makes a keyed map without entries.
func emptied(name string, v types.Type) value.Map {
	return value.Map{Name: name, KeyType: types.Int64, ValueType: v}
}

// symbols names the addresses from 0x1000 on "fn", user addresses "ufn" in "/bin/x", and user 0 root.
type symbols struct{}

func (symbols) Kernel(addr uint64) (string, uint64, string, bool) {
	return "fn", addr - 0x1000, "", addr >= 0x1000
}

func (symbols) User(pid int, addr uint64) (string, uint64, string, bool) {
	return "ufn", addr - 0x1000, "/bin/x", pid == 7 && addr >= 0x1000
}

func (symbols) Username(uid uint32) (string, bool) { return "root", uid == 0 }
