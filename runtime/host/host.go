package host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/debuginfo"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// Host is the running machine. It is safe for concurrent use.
type Host struct {
	// root is the folder that holds proc and sys; "/" but in tests.
	root string
	// functionList is the file to read functions from, or empty for the kernel's own list.
	functionList string

	tracefs   func() (string, error)
	events    func() ([]Event, error)
	kernel    func() target.Version
	possible  func() ([]int, error)
	online    func() ([]int, error)
	kallsyms  func() (*symbol.KernelTable, error)
	functions func() ([]Function, error)
	shared    func() (map[string]bool, error)
	btf       func() (*kernelTypes, error)
	btfNames  func() (string, error)
	rawEvents func() ([]RawTracepoint, error)

	loaded   TypeCache
	binaries symbol.Cache
	debug    debuginfo.Cache
	features featureCache
	kfuncs   kfuncCache
	formats  formatCache
	structs  structTable
	modules  moduleTable
}

// moduleTable holds the types of the modules that were asked for.
type moduleTable struct {
	mu    sync.Mutex
	types map[string]*kernelTypes
}

var (
	_ target.Target = (*Host)(nil)
	_ check.Host    = (*Host)(nil)
)

// New returns the running machine. Nothing is read until it is asked for.
func New() *Host { return NewAt("/") }

// NewAt returns a machine whose proc and sys are below root, for recorded ones.
func NewAt(root string) *Host {
	h := &Host{root: root}
	h.binaries.Debug = &h.debug
	h.tracefs = sync.OnceValues(h.findTracefs)
	h.events = sync.OnceValues(h.readEvents)
	h.kernel = sync.OnceValue(h.readKernel)
	h.possible = sync.OnceValues(func() ([]int, error) { return h.readCPUs("possible") })
	h.online = sync.OnceValues(func() ([]int, error) { return h.readCPUs("online") })
	h.kallsyms = sync.OnceValues(h.readKallsyms)
	h.functions = sync.OnceValues(h.readFunctions)
	h.shared = sync.OnceValues(h.readSharedNames)
	h.btf = sync.OnceValues(h.loadBTF)
	h.btfNames = sync.OnceValues(h.readKernelNames)
	h.rawEvents = sync.OnceValues(h.readRawTracepoints)
	return h
}

func (h *Host) path(elem ...string) string {
	return filepath.Join(append([]string{h.root}, elem...)...)
}

// recorded reports whether the host is not the running machine.
func (h *Host) recorded() bool { return filepath.Clean(h.root) != "/" }

// Arch returns GOARCH.
func (h *Host) Arch() string { return runtime.GOARCH }

// DebugInfo returns the cache of what compilers say of programs and libraries.
func (h *Host) DebugInfo() *debuginfo.Cache { return &h.debug }

// Binaries returns the cache of programs and libraries.
func (h *Host) Binaries() *symbol.Cache { return &h.binaries }

// KernelSymbols returns the kernel's symbol table.
func (h *Host) KernelSymbols() (*symbol.KernelTable, error) { return h.kallsyms() }

func (h *Host) readKallsyms() (*symbol.KernelTable, error) {
	f, err := os.Open(h.path("proc/kallsyms"))
	if err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	defer f.Close()
	return symbol.ReadKernel(f)
}

// SymbolAddress returns the address of a kernel symbol. It is not known where kernel.kptr_restrict hides addresses.
func (h *Host) SymbolAddress(name string) (addr uint64, ok bool) {
	t, err := h.kallsyms()
	if err != nil {
		return 0, false
	}
	s, ok := t.ByName(name)
	return s.Addr, ok && s.Addr != 0
}
