package symbol

import (
	"errors"
	"fmt"
	"io/fs"
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
	key := *m.mappedFile
	r.mu.Lock()
	id, known := r.mapped.get(key)
	r.mu.Unlock()
	if bin, ok := r.binaries.read(id); known && ok {
		return bin, nil
	}
	e, err := r.findMapped(pid, m)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.mapped.put(key, e.id)
	r.mu.Unlock()
	return e.binary, nil
}

func (r *Resolver) findMapped(pid int, m mapping) (*cached, error) {
	for _, root := range r.roots(pid) {
		path := root + m.path
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || stat.Ino != m.id.inode {
			continue
		}
		e, err := r.binaries.open(path)
		if err == nil || !isGone(err) { // the process may end meanwhile, and its root with it
			return e, err
		}
	}
	if e, err := r.openDeleted(pid, m); err == nil {
		return e, nil
	}
	if e, ok := r.binaries.known(m.id, m.path); ok {
		return e, nil
	}
	return nil, fmt.Errorf("read symbols of %s: %w", m.path, os.ErrNotExist)
}

// isGone reports whether an error says that there is no such file or process any more.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// maxAncestors is how many processes back a file is looked for in their roots.
const maxAncestors = 4

// roots returns the folders below which a file of a process is looked for.
func (r *Resolver) roots(pid int) []string {
	if seesOurFiles(pid) {
		return []string{""} // which are there when the process ends meanwhile, as are their debug files
	}
	var out []string
	for range maxAncestors {
		out = append(out, fmt.Sprintf("/proc/%d/root", pid))
		if pid = r.process(pid).cameOf(); pid == 0 {
			break
		}
	}
	return append(out, "")
}

// seesOurFiles reports whether a process has the same files under the same names as this one.
func seesOurFiles(pid int) bool {
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	if err != nil {
		return false
	}
	ours, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil || ours != theirs {
		return false
	}
	root, err := os.Stat(fmt.Sprintf("/proc/%d/root/", pid))
	if err != nil {
		return false
	}
	here, err := os.Stat("/")
	return err == nil && os.SameFile(root, here)
}

// openDeleted opens a file that has no name any more but is still mapped.
func (r *Resolver) openDeleted(pid int, m mapping) (*cached, error) {
	return r.binaries.open(fmt.Sprintf("/proc/%d/map_files/%x-%x", pid, m.start, m.end))
}
