package unwind

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// mapping is a piece of code in the address space of a process.
type mapping struct {
	start, end, offset uint64
	// dev and inode say which file it is; inode is 0 for memory that is no file's.
	dev   string
	inode uint64
	path  string
}

// vdso is the name of the code that the kernel gives to every process.
const vdso = "[vdso]"

// readMappings returns the executable mappings of a process, sorted by address.
func readMappings(pid int) ([]mapping, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	return parseMappings(string(data)), nil
}

// parseMappings reads a maps file: "start-end perms offset dev inode path". The kernel sorts it.
func parseMappings(text string) []mapping {
	var out []mapping
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || len(fields[1]) < 3 || fields[1][2] != 'x' {
			continue
		}
		m := mapping{dev: fields[3], path: strings.Join(fields[5:], " ")}
		from, to, ok := strings.Cut(fields[0], "-")
		var errs [4]error
		m.start, errs[0] = strconv.ParseUint(from, 16, 64)
		m.end, errs[1] = strconv.ParseUint(to, 16, 64)
		m.offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
		m.inode, errs[3] = strconv.ParseUint(fields[4], 10, 64)
		if !ok || errors.Join(errs[:]...) != nil || m.end <= m.start {
			continue
		}
		out = append(out, m)
	}
	return out
}

// key says which file a mapping is of; "" for none.
func (m *mapping) key() string {
	switch {
	case m.inode != 0:
		return fmt.Sprintf("%s:%d", m.dev, m.inode)
	case m.path == vdso:
		return vdso
	}
	return ""
}

// name is what to call the mapping in messages.
func (m *mapping) name() string { return strings.TrimSuffix(m.path, " (deleted)") }

// image is a file as it was mapped.
type image struct {
	*elf.File
	close func() error
}

// open opens the file of a mapping: in the root of the process, or by the mapping itself where it has no name any more.
func (m *mapping) open(pid int) (image, error) {
	if m.path == vdso {
		return m.fromMemory(pid)
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/root%s", pid, m.path))
	if err != nil || !m.is(f) {
		if err == nil {
			f.Close()
		}
		if f, err = os.Open(fmt.Sprintf("/proc/%d/map_files/%x-%x", pid, m.start, m.end)); err != nil {
			return image{}, err
		}
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return image{}, errors.Join(err, f.Close(), fs.ErrInvalid)
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return image{}, errors.Join(err, f.Close())
	}
	return image{e, f.Close}, nil
}

// is reports whether an open file is the one that was mapped.
func (m *mapping) is(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Ino == m.inode
}

// maxVDSO is the size of the largest vdso that is read.
const maxVDSO = 1 << 20

// fromMemory reads a mapping that is no file's from the memory of the process.
func (m *mapping) fromMemory(pid int) (image, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return image{}, err
	}
	defer f.Close()
	b := make([]byte, min(m.end-m.start, maxVDSO))
	if _, err := f.ReadAt(b, int64(m.start)); err != nil && err != io.EOF {
		return image{}, err
	}
	e, err := elf.NewFile(strings.NewReader(string(b)))
	return image{e, func() error { return nil }}, err
}

// bias returns what is to be subtracted from an address in a mapping to get the one that the file has it at.
func (m *mapping) bias(segments []elf.ProgHeader) (uint64, bool) {
	size := m.end - m.start
	for _, s := range segments {
		// Mappings are whole pages, of which the segment may begin behind the first byte and end before the last.
		if m.offset < s.Off+s.Filesz && s.Off < m.offset+size {
			return m.start - m.offset + s.Off - s.Vaddr, true
		}
	}
	return 0, false
}
