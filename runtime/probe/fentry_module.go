package probe

import (
	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
)

// OfModule reports whether a probe is at a function of a module. Its name alone does not tell it from others: the kernel itself, or another
// module, may have one of that name too.
func (s *Set) OfModule(p attach.Probe) bool {
	_, ok := s.byName[p.Provider].(*fentry)
	return ok && p.Program == 0 && p.Target != kernelModule
}

// LoadOfModule loads a program for such a function, with the maps that it refers to by name.
func (s *Set) LoadOfModule(spec *ebpf.ProgramSpec, p attach.Probe, maps map[string]*ebpf.Map, level ebpf.LogLevel) (*ebpf.Program, error) {
	return s.host.LoadForModule(spec, p.Target, p.Func, maps, level)
}
