package symbol

import (
	"cmp"
	"container/list"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// process is what is known of a process's address spaces: it has one after the other, since a process can run another program, and
// since the numbers of processes are used again.
type process struct {
	pid   int
	files *fileNames
	// place is where it is among the processes that are gone, if it is, and weight the memory that it takes then. Both are theirs.
	place  *list.Element
	weight int
	// generated is the code that the process generates.
	generated perfMap

	mu sync.Mutex
	// spaces are the mappings of each address space, sorted by address, the last one at the end. They are shared with processes that
	// came of this one, and replaced rather than changed.
	spaces [][]mapping
	// watched is set where the kernel reports what the process maps.
	watched bool
	read    time.Time
	// parent is the process that this one came of, if that is known.
	parent int
}

// mapping is a piece of code in the address space of a process.
type mapping struct {
	start, end, offset uint64
	*mappedFile
}

// fileID is how the kernel tells files apart.
type fileID struct {
	major, minor uint32
	inode        uint64
}

// vdsoName is the path of the code that the kernel gives to every process.
const vdsoName = "[vdso]"

// mapsAge is how long the mappings of a process are believed: programs load libraries, and numbers of processes are used again.
const mapsAge = time.Second

// maxSpaces is how many address spaces of a process are remembered.
const maxSpaces = 8

// find returns the mapping that an address is in. What a process has had stays known. Nothing that was read before is believed if it
// is to be read afresh.
func (p *process) find(addr uint64, afresh bool) (mapping, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := time.Since(p.read) > mapsAge
	if afresh {
		p.spaces = nil
	}
	if afresh || old && !p.watched {
		p.refresh()
		old = false
	}
	m, ok := p.search(addr)
	if !ok && old {
		p.refresh()
		m, ok = p.search(addr)
	}
	return m, ok
}

// search looks in all address spaces, the last one first.
func (p *process) search(addr uint64) (mapping, bool) {
	for _, maps := range slices.Backward(p.spaces) {
		n, found := slices.BinarySearchFunc(maps, addr, func(m mapping, a uint64) int { return cmp.Compare(m.start, a) })
		if !found {
			n--
		}
		if n >= 0 && addr < maps[n].end {
			return maps[n], true
		}
	}
	return mapping{}, false
}

// remember reads the mappings unless they are known and returns them. From then on a watched process's are kept up to date.
func (p *process) remember(watched bool) []mapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watched = p.watched || watched
	if time.Since(p.read) > mapsAge {
		p.refresh()
	}
	return p.last()
}

// known returns the mappings, which are read if nothing is known of them.
func (p *process) known() []mapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spaces) == 0 {
		p.refresh()
	}
	return p.last()
}

// reread reads the mappings anew and returns them.
func (p *process) reread() []mapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.last()
}

// replaced reads the mappings if any are known, which are those of another program.
func (p *process) replaced() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spaces) > 0 {
		p.refresh()
	}
}

// last returns the last address space.
func (p *process) last() []mapping {
	if len(p.spaces) == 0 {
		return nil
	}
	return p.spaces[len(p.spaces)-1]
}

// refresh reads the mappings.
func (p *process) refresh() {
	f, err := os.Open(fmt.Sprintf("/proc/%d/maps", p.pid))
	p.read = time.Now()
	if err != nil {
		return
	}
	defer f.Close()
	data, whole := readMaps(f)
	p.take(parseMaps(string(data), p.files), whole)
}

// readMaps reads a maps file. The kernel gives it out in pieces, and nothing more of it once the process has ended: whole is set
// where it had not when all was read.
func readMaps(f interface {
	io.Reader
	io.ReaderAt
},
) (data []byte, whole bool) {
	data, err := io.ReadAll(f)
	if err != nil {
		return data, false
	}
	n, _ := f.ReadAt(make([]byte, 1), 0)
	return data, n > 0
}

// take remembers mappings that were read. Those of another program are an address space of their own. Where they are not the whole,
// what is known already is more.
func (p *process) take(maps []mapping, whole bool) {
	switch same := sameProgram(p.last(), maps); {
	case len(maps) == 0: // a zombie has none
	case same && whole:
		p.spaces[len(p.spaces)-1] = maps
	case !same:
		p.push(maps)
	}
}

// push adds an address space.
func (p *process) push(maps []mapping) {
	if n := len(p.spaces); n > 0 && len(p.spaces[n-1]) == 0 {
		p.spaces = p.spaces[:n-1]
	}
	if len(p.spaces) >= maxSpaces {
		p.spaces = slices.Clone(p.spaces[1:])
	}
	p.spaces = append(p.spaces, maps)
}

// sameProgram reports whether two lists of mappings can be of one address space: they have one in common.
func sameProgram(a, b []mapping) bool {
	for _, m := range a {
		n, found := slices.BinarySearchFunc(b, m.start, func(o mapping, start uint64) int { return cmp.Compare(o.start, start) })
		if found && b[n].id == m.id {
			return true
		}
	}
	return false
}

// add adds a mapping to the last address space, in place of those that it covers.
func (p *process) add(m mapping) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spaces) == 0 {
		p.spaces = [][]mapping{{m}}
		return
	}
	old := p.last()
	maps := make([]mapping, 0, len(old)+1)
	for _, o := range old {
		if o.end <= m.start || o.start >= m.end {
			maps = append(maps, o)
		}
	}
	n, _ := slices.BinarySearchFunc(maps, m.start, func(o mapping, start uint64) int { return cmp.Compare(o.start, start) })
	p.spaces[len(p.spaces)-1] = slices.Insert(maps, n, m)
}

// size returns about how much memory the process takes here.
func (p *process) size() int {
	const entry = 64 // in a map and a list
	p.mu.Lock()
	n := entry + int(unsafe.Sizeof(*p))
	for _, maps := range p.spaces {
		n += int(unsafe.Sizeof(maps)) + cap(maps)*int(unsafe.Sizeof(mapping{}))
	}
	p.mu.Unlock()
	return n + p.generated.size()
}

// cameOf returns the parent, or 0 if it is not known.
func (p *process) cameOf() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parent
}

// exec begins a new address space.
func (p *process) exec() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watched = true
	p.push(nil)
}

// inherit begins an address space that is a copy of that of another process, the parent.
func (p *process) inherit(parent int, maps []mapping) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watched, p.parent = true, parent
	p.push(maps)
}

// parseMaps reads the executable mappings of a maps file: "start-end perms offset dev inode path".
func parseMaps(text string, files *fileNames) []mapping {
	var out []mapping
	for line := range strings.Lines(text) {
		if m, ok := parseMapping(strings.Fields(line), files); ok {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b mapping) int { return cmp.Compare(a.start, b.start) })
	return slices.Clip(out)
}

func parseMapping(fields []string, files *fileNames) (m mapping, ok bool) {
	if len(fields) < 6 || len(fields[1]) < 3 || fields[1][2] != 'x' {
		return m, false
	}
	from, to, ok1 := strings.Cut(fields[0], "-")
	major, minor, ok2 := strings.Cut(fields[3], ":")
	if !ok1 || !ok2 {
		return m, false
	}
	var numbers [5]uint64
	for i, text := range []string{from, to, fields[2], major, minor} {
		n, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return m, false
		}
		numbers[i] = n
	}
	inode, err := strconv.ParseUint(fields[4], 10, 64)
	if err != nil {
		return m, false
	}
	return mapping{
		start: numbers[0], end: numbers[1], offset: numbers[2],
		mappedFile: files.one(mappedFile{
			id: fileID{major: uint32(numbers[3]), minor: uint32(numbers[4]), inode: inode}, path: mappedPath(strings.Join(fields[5:], " ")),
		}),
	}, true
}

// mappedPath returns the path of a mapped file, as it was before the file was removed.
func mappedPath(text string) string { return strings.TrimSuffix(text, " (deleted)") }
