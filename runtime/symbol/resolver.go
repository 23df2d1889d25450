package symbol

import (
	"fmt"
	"os"
	"sync"

	"github.com/ianlancetaylor/demangle"

	"github.com/gtrace/gtrace/runtime/debuginfo"
)

// Options says how a Resolver names things.
type Options struct {
	// Mangled leaves the names of C++ and Rust functions as they are in the file.
	Mangled bool
	// Kernel returns the kernel's symbols; by default they are read from /proc/kallsyms.
	Kernel func() (*KernelTable, error)
	// Afresh reads where a process has its code for each address, and forgets processes that are gone.
	Afresh bool
	// Eager reads the symbols of all files of a process when its first address is asked for. By default, a file's symbols are read when
	// one of its own is.
	Eager bool
	// Debug, if it is not nil, is asked for the source of addresses.
	Debug *debuginfo.Cache
	// Images are files that may be the running kernel with debug information; by default where distributions put it.
	Images []string
	// Binaries holds the files that were read; by default a new cache.
	Binaries *Cache
}

// Resolver names addresses. It is safe for concurrent use.
type Resolver struct {
	kernel   func() (*KernelTable, error)
	binaries *Cache
	mangled  bool
	afresh   bool
	eager    bool
	users    func() map[uint32]string
	vdso     func() *Binary
	debug    *debuginfo.Cache
	images   []string
	image    func() image

	files *fileNames

	mu     sync.Mutex
	procs  *processes
	names  bounded[string, string] // demangled
	mapped bounded[mappedFile, identity]
	// debugged has the paths by which debug information was found, none for files without any.
	debugged bounded[mappedFile, string]
	watch    *watch // nil while processes are not watched
}

// New returns a resolver. It reads nothing before it is asked.
func New(opts Options) *Resolver {
	r := &Resolver{
		kernel: opts.Kernel, binaries: opts.Binaries, mangled: opts.Mangled, afresh: opts.Afresh, eager: opts.Eager,
		users: sync.OnceValue(readUsers), vdso: sync.OnceValue(readVDSO),
		procs: newProcesses(), files: &fileNames{}, debug: opts.Debug, images: opts.Images,
	}
	r.image = sync.OnceValue(r.openImage)
	if r.images == nil {
		r.images = kernelImages()
	}
	if r.kernel == nil {
		r.kernel = sync.OnceValues(readKallsyms)
	}
	if r.binaries == nil {
		r.binaries = &Cache{}
	}
	return r
}

func readKallsyms() (*KernelTable, error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	defer f.Close()
	return ReadKernel(f)
}

// Kernel returns the kernel function that an address belongs to, and its module, if it is not the kernel itself.
func (r *Resolver) Kernel(addr uint64) (name string, offset uint64, module string, ok bool) {
	t, err := r.kernel()
	if err != nil {
		return "", 0, "", false
	}
	s, offset, ok := t.Lookup(addr)
	return s.Name, offset, s.Module, ok
}

// User returns the function of a process that an address belongs to, and the path of the program or library. If the function is
// not known but the file is, ok is false and module is set.
func (r *Resolver) User(pid int, addr uint64) (name string, offset uint64, module string, ok bool) {
	r.update()
	if r.eager {
		r.remember(pid)
	}
	p := r.process(pid)
	m, found := p.find(addr, r.afresh)
	if found {
		if m.path == vdsoName {
			return r.vdsoLookup(addr - m.start)
		}
		module = m.path
		name, offset, ok = r.inFile(pid, m, addr)
	}
	if ok {
		return name, offset, module, true
	}
	name, offset, path, ok := p.generated.lookup(pid, addr)
	r.weigh(p)
	if ok {
		return name, offset, path, true
	}
	return "", 0, module, false
}

// inFile returns the function of a mapped file that an address belongs to.
func (r *Resolver) inFile(pid int, m mapping, addr uint64) (name string, offset uint64, ok bool) {
	bin, err := r.openMapped(pid, m)
	if err != nil {
		return "", 0, false
	}
	vaddr, inCode := bin.Addr(addr - m.start + m.offset)
	if !inCode {
		return "", 0, false
	}
	s, offset, ok := bin.Lookup(vaddr)
	if !ok {
		return "", 0, false
	}
	return r.readable(s.Name), offset, true
}

// Remember reads what a process has mapped now, and the symbols of that, so that they are known when it is gone.
func (r *Resolver) Remember(pid int) {
	for _, m := range r.process(pid).reread() {
		_, _ = r.openMapped(pid, m) // a file that cannot be read has no names
	}
}

// Replaced tells that a process runs another program. It must be called while that does not go on: what the process has mapped is known then.
func (r *Resolver) Replaced(pid int) {
	r.update()
	r.process(pid).replaced()
}

// remember reads the symbols of all that a process has mapped.
func (r *Resolver) remember(pid int) {
	for _, m := range r.process(pid).remember(false) {
		_, _ = r.openMapped(pid, m) // a file that cannot be read has no names
	}
}

func (r *Resolver) process(pid int) *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.procs.get(pid, r.files)
}

// living returns a process of which there is news.
func (r *Resolver) living(pid int) *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.procs.get(pid, r.files)
	r.procs.revive(p)
	return p
}

// ended takes note that a process is gone.
func (r *Resolver) ended(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.procs.end(p)
}

// weigh takes note of what was found of a process that is gone.
func (r *Resolver) weigh(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.place != nil {
		r.procs.end(p)
	}
}

// readable returns a name as its language writes it.
func (r *Resolver) readable(name string) string {
	if r.mangled || len(name) < 2 || name[0] != '_' {
		return name
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out, ok := r.names.get(name)
	if !ok {
		out = Demangle(name)
		r.names.put(name, out)
	}
	return out
}

// Demangle returns the name of a C++ or Rust function with its parameters, or any other name unchanged.
func Demangle(name string) string { return demangle.Filter(name) }
