package symbol

import (
	"bytes"
	"debug/elf"
	"os"
)

func (r *Resolver) vdsoLookup(offset uint64) (name string, off uint64, module string, ok bool) {
	bin := r.vdso()
	if bin == nil {
		return "", 0, vdsoName, false
	}
	addr, inCode := bin.Addr(offset)
	if !inCode {
		return "", 0, vdsoName, false
	}
	s, off, ok := bin.Lookup(addr)
	return s.Name, off, vdsoName, ok
}

// readVDSO returns the code that the kernel gives to every process, read from our own memory; nil if there is none.
func readVDSO() *Binary {
	data, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil
	}
	for _, m := range parseMaps(string(data), &fileNames{}) {
		if m.path != vdsoName {
			continue
		}
		image, err := readMemory(m)
		if err != nil {
			return nil
		}
		f, err := elf.NewFile(bytes.NewReader(image))
		if err != nil {
			return nil
		}
		bin, err := newBinary(vdsoName, f)
		if err != nil {
			return nil
		}
		return bin
	}
	return nil
}

func readMemory(m mapping) ([]byte, error) {
	f, err := os.Open("/proc/self/mem")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make([]byte, m.end-m.start)
	_, err = f.ReadAt(out, int64(m.start))
	return out, err
}
