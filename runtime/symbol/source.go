package symbol

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/debuginfo"
)

// Frame is a function at work and the place in its source.
type Frame = debuginfo.Frame

// UserSource returns what is at work at an address of a process by the debug information of its file: functions that were compiled into
// others first, and the function that has the code last. It is empty without debug information.
func (r *Resolver) UserSource(pid int, addr uint64) []Frame {
	if r.debug == nil {
		return nil
	}
	r.update()
	m, found := r.process(pid).find(addr, r.afresh)
	if !found {
		return nil
	}
	bin, err := r.openMapped(pid, m)
	if err != nil {
		return nil
	}
	vaddr, inCode := bin.Addr(addr - m.start + m.offset)
	if !inCode {
		return nil
	}
	info := r.debugOf(pid, m)
	if info == nil {
		return nil
	}
	return r.readableFrames(info.Frames(vaddr))
}

// debugOf returns the debug information of a mapped file, or nil. The file is looked for once, and again when what was read of it is forgotten.
func (r *Resolver) debugOf(pid int, m mapping) *debuginfo.Info {
	key := *m.mappedFile
	r.mu.Lock()
	path, known := r.debugged.get(key)
	r.mu.Unlock()
	if known && path == "" {
		return nil
	}
	if known {
		if info, err := r.debug.Open(path); err == nil {
			return info
		}
	}
	info, path := r.findDebug(pid, m)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.debugged.put(key, path)
	return info
}

// findDebug looks for the debug information of a mapped file, and returns the path of the program, too; nothing without it.
func (r *Resolver) findDebug(pid int, m mapping) (*debuginfo.Info, string) {
	for _, root := range r.roots(pid) {
		path := root + m.path
		st, err := os.Stat(path)
		if err != nil {
			continue
		}
		if stat, ok := st.Sys().(*syscall.Stat_t); ok && stat.Ino == m.id.inode {
			if info, err := r.debug.Open(path); err == nil {
				return info, path
			}
			continue // without it, there are names alone
		}
	}
	return nil, ""
}

// readableFrames gives the functions the names that their language has for them.
func (r *Resolver) readableFrames(frames []Frame) []Frame {
	out := make([]Frame, len(frames))
	for i, f := range frames {
		f.Func = r.readable(f.Func)
		out[i] = f
	}
	return out
}

// KernelSource returns what is at work at an address of the kernel, as UserSource does. Modules have none.
func (r *Resolver) KernelSource(addr uint64) []Frame {
	if r.debug == nil {
		return nil
	}
	image := r.image()
	if image.info == nil {
		return nil
	}
	if _, _, module, ok := r.Kernel(addr); !ok || module != "" {
		return nil
	}
	return image.info.Frames(addr - image.moved)
}

// image is the kernel's file with debug information.
type image struct {
	info *debuginfo.Info // nil if there is none
	// moved is how far from where the file says the kernel is.
	moved uint64
}

// imageStart is a symbol at the begin of the kernel.
const imageStart = "_text"

// openImage finds the debug information of the running kernel.
func (r *Resolver) openImage() image {
	table, err := r.kernel()
	if err != nil {
		return image{}
	}
	loaded, ok := table.ByName(imageStart)
	if !ok || loaded.Addr == 0 {
		return image{}
	}
	for _, path := range r.images {
		sym, _, err := Find(path, imageStart)
		if err != nil {
			continue
		}
		if info, err := r.debug.Open(path); err == nil {
			return image{info: info, moved: loaded.Addr - sym.Addr}
		}
	}
	return image{}
}

// kernelImages are the places of the running kernel's file with debug information.
func kernelImages() []string {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return nil
	}
	release := unix.ByteSliceToString(uts.Release[:])
	var out []string
	for _, path := range []string{
		"/usr/lib/debug/boot/vmlinux-R", "/usr/lib/debug/lib/modules/R/vmlinux", "/lib/modules/R/build/vmlinux", "/lib/modules/R/vmlinux",
		"/boot/vmlinux-R", "/usr/lib/debug/lib/modules/R/vmlinux.debug",
	} {
		out = append(out, strings.ReplaceAll(path, "R", release))
	}
	return out
}
