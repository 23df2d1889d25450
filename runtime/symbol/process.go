package symbol

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is what is known of a process's address space.
type process struct {
	pid int

	mu   sync.Mutex
	maps []mapping // sorted by address
	read time.Time
}

// mapping is a piece of code in the address space of a process.
type mapping struct {
	start, end, offset uint64
	inode              uint64
	path               string
}

// vdsoName is the path of the code that the kernel gives to every process.
const vdsoName = "[vdso]"

// mapsAge is how long the mappings of a process are believed: programs load libraries, and numbers of processes are used again.
const mapsAge = time.Second

// find returns the mapping that an address is in. The mappings of a process that is gone stay known.
func (p *process) find(addr uint64) (mapping, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.read) > mapsAge {
		p.refresh()
	}
	n, found := slices.BinarySearchFunc(p.maps, addr, func(m mapping, a uint64) int { return cmp.Compare(m.start, a) })
	if !found {
		n--
	}
	if n < 0 || addr >= p.maps[n].end {
		return mapping{}, false
	}
	return p.maps[n], true
}

// remember reads the mappings anew and returns them.
func (p *process) remember() []mapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.maps
}

func (p *process) refresh() {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.pid))
	p.read = time.Now()
	if maps := parseMaps(string(data)); err == nil && len(maps) > 0 { // a zombie has none
		p.maps = maps
	}
}

// parseMaps reads the executable mappings of a maps file: "start-end perms offset dev inode path".
func parseMaps(text string) []mapping {
	var out []mapping
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 6 || len(fields[1]) < 3 || fields[1][2] != 'x' {
			continue
		}
		from, to, ok := strings.Cut(fields[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		offset, err3 := strconv.ParseUint(fields[2], 16, 64)
		inode, err4 := strconv.ParseUint(fields[4], 10, 64)
		if !ok || err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			continue
		}
		path := strings.TrimSuffix(strings.Join(fields[5:], " "), " (deleted)")
		out = append(out, mapping{start: start, end: end, offset: offset, inode: inode, path: path})
	}
	slices.SortFunc(out, func(a, b mapping) int { return cmp.Compare(a.start, b.start) })
	return out
}

// openMapped returns the file of a mapping: in the root of the process or, once that is gone, in ours. A file of that name that is not
// the one that was mapped is none.
func (r *Resolver) openMapped(pid int, m mapping) (*Binary, error) {
	if !strings.HasPrefix(m.path, "/") {
		return nil, ErrNotELF
	}
	for _, path := range []string{fmt.Sprintf("/proc/%d/root%s", pid, m.path), m.path} {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Ino == m.inode {
			return r.binaries.Open(path)
		}
	}
	return r.openDeleted(pid, m)
}

// openDeleted opens a file that has no name any more but is still mapped.
func (r *Resolver) openDeleted(pid int, m mapping) (*Binary, error) {
	return r.binaries.Open(fmt.Sprintf("/proc/%d/map_files/%x-%x", pid, m.start, m.end))
}
