package event

import (
	"errors"
	"reflect"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/types"
)

// contents reads the raw bytes of a kernel map: in batches where the kernel can do that, else key by key.
type contents struct {
	m      *ebpf.Map
	perCPU bool
}

const (
	// batchEntries is the number of entries asked for at once; a hash map's bucket must fit.
	batchEntries = 512
	// batchBytes bounds the memory of one batch.
	batchBytes = 16 << 20
)

// each calls f for every entry with its value on each CPU, or its one value. The bytes belong to f.
func (c *contents) each(f func(key []byte, cpus [][]byte) error) error {
	if isArray(c.m.Type()) {
		return c.eachIndex(f)
	}
	done, err := c.eachBatch(f)
	if done || err != nil {
		return err
	}
	return c.eachKey(f)
}

func isArray(t ebpf.MapType) bool { return t == ebpf.Array || t == ebpf.PerCPUArray }

// eachIndex reads an array map.
func (c *contents) eachIndex(f func(key []byte, cpus [][]byte) error) error {
	for i := range c.m.MaxEntries() {
		key := make([]byte, 4)
		*(*uint32)(unsafe.Pointer(&key[0])) = i
		cpus, err := c.lookup(key)
		if err != nil {
			return err
		}
		if err := f(key, cpus); err != nil {
			return err
		}
	}
	return nil
}

// eachKey walks the keys. A key that goes away meanwhile makes the kernel start again from the first one, so keys are
// remembered.
func (c *contents) eachKey(f func(key []byte, cpus [][]byte) error) error {
	seen := map[string]bool{}
	var prev any
	for range uint64(c.m.MaxEntries()) * 4 {
		key := make([]byte, c.m.KeySize())
		if err := c.m.NextKey(prev, key); errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		prev = key
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		cpus, err := c.lookup(key)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := f(key, cpus); err != nil {
			return err
		}
	}
	return nil
}

func (c *contents) lookup(key []byte) ([][]byte, error) {
	if !c.perCPU {
		v := make([]byte, c.m.ValueSize())
		return [][]byte{v}, c.m.Lookup(key, v)
	}
	var cpus [][]byte
	err := c.m.Lookup(key, &cpus)
	return cpus, err
}

// slice makes n elements of size bytes each, as a value that the library fills without copying, and their bytes.
func slice(n, size int) (any, []byte) {
	v := reflect.MakeSlice(reflect.SliceOf(reflect.ArrayOf(size, reflect.TypeFor[byte]())), n, n)
	return v.Interface(), unsafe.Slice((*byte)(v.UnsafePointer()), n*size)
}

// eachBatch reads the map in batches. It reports false, having called nothing, where the kernel has no batches.
func (c *contents) eachBatch(f func(key []byte, cpus [][]byte) error) (bool, error) {
	stride, cpus := int(c.m.ValueSize()), 1
	if c.perCPU {
		stride, cpus = types.Align(stride, 8), ebpf.MustPossibleCPU()
	}
	n := max(16, min(batchEntries, int(c.m.MaxEntries()), batchBytes/(stride*cpus)))
	var cursor ebpf.MapBatchCursor
	for first := true; ; first = false {
		keys, keyBytes := slice(n, int(c.m.KeySize()))
		values, valueBytes := slice(n, stride*cpus)
		got, err := c.m.BatchLookup(&cursor, keys, values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			if first {
				return false, nil
			}
			return true, err
		}
		if err := split(got, n, keyBytes, valueBytes, cpus, int(c.m.ValueSize()), f); err != nil {
			return true, err
		}
		if err != nil {
			return true, nil
		}
	}
}

// split calls f for the first got of n entries.
func split(got, n int, keys, values []byte, cpus, size int, f func(key []byte, cpus [][]byte) error) error {
	keySize, valueSize := len(keys)/n, len(values)/n
	for i := range got {
		v := values[i*valueSize : (i+1)*valueSize]
		parts := make([][]byte, cpus)
		for c := range parts {
			at := c * (valueSize / cpus)
			parts[c] = v[at : at+size]
		}
		if err := f(keys[i*keySize:(i+1)*keySize], parts); err != nil {
			return err
		}
	}
	return nil
}
