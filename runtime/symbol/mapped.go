package symbol

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// openMapped returns the file of a mapping: in the root of the process or, once that is gone, of one that it came of, or in ours. A file of that name that is not
// the one that was mapped is none. A file is looked for once, so that it may be removed afterwards.
func (r *Resolver) openMapped(pid int, m mapping) (*Binary, error) {
	if !strings.HasPrefix(m.path, "/") {
		return nil, ErrNotELF
	}
	key := mappedFile{m.file, m.path}
	r.mu.Lock()
	bin := r.mapped[key]
	r.mu.Unlock()
	if bin != nil {
		return bin, nil
	}
	bin, err := r.findMapped(pid, m)
	if err == nil {
		r.mu.Lock()
		r.mapped[key] = bin
		r.mu.Unlock()
	}
	return bin, err
}

// mappedFile is a file as mappings name it.
type mappedFile struct {
	id   fileID
	path string
}

func (r *Resolver) findMapped(pid int, m mapping) (*Binary, error) {
	for _, root := range r.roots(pid) {
		path := root + m.path
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Ino == m.file.inode {
			return r.binaries.Open(path)
		}
	}
	if bin, err := r.openDeleted(pid, m); err == nil {
		return bin, nil
	}
	if bin, ok := r.binaries.known(m.file, m.path); ok {
		return bin, nil
	}
	return nil, fmt.Errorf("read symbols of %s: %w", m.path, os.ErrNotExist)
}

// maxAncestors is how many processes back a file is looked for in their roots.
const maxAncestors = 4

// roots returns the folders below which a file of a process is looked for.
func (r *Resolver) roots(pid int) []string {
	var out []string
	for range maxAncestors {
		out = append(out, fmt.Sprintf("/proc/%d/root", pid))
		if pid = r.process(pid).cameOf(); pid == 0 {
			break
		}
	}
	return append(out, "")
}

// openDeleted opens a file that has no name any more but is still mapped.
func (r *Resolver) openDeleted(pid int, m mapping) (*Binary, error) {
	return r.binaries.Open(fmt.Sprintf("/proc/%d/map_files/%x-%x", pid, m.start, m.end))
}
