package host

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Function is a kernel function that can be traced.
type Function struct {
	Name string
	// Module is empty for the kernel itself.
	Module string
}

// Functions returns the kernel functions that can be traced, sorted by module and name, without doubles.
func (h *Host) Functions() ([]Function, error) { return h.functions() }

// FunctionsFrom has Functions read a file with a function in each line, and its module in brackets, in the place of what the kernel
// says. It must be called before Functions is.
func (h *Host) FunctionsFrom(path string) { h.functionList = path }

// readFunctions reads the kernel's own list where it has one, and otherwise makes it from the symbols.
func (h *Host) readFunctions() ([]Function, error) {
	list, err := h.filterFunctions()
	if err != nil && h.functionList == "" {
		list, err = h.symbolFunctions()
	}
	if err != nil {
		return nil, fmt.Errorf("list kernel functions: %w", err)
	}
	slices.SortFunc(list, func(a, b Function) int {
		if c := strings.Compare(a.Module, b.Module); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return slices.Compact(list), nil
}

// filterFunctions reads the functions that ftrace can hook.
func (h *Host) filterFunctions() ([]Function, error) {
	path := h.functionList
	if path == "" {
		dir, err := h.tracefs()
		if err != nil {
			return nil, err
		}
		path = dir + "/available_filter_functions"
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Function
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "__ftrace_invalid_address__") {
			continue
		}
		f := Function{Name: fields[0]}
		if len(fields) > 1 {
			f.Module = strings.Trim(fields[1], "[]")
		}
		out = append(out, f)
	}
	return out, nil
}

// symbolFunctions returns all functions of the symbol table but those that kprobes refuses.
func (h *Host) symbolFunctions() ([]Function, error) {
	t, err := h.kallsyms()
	if err != nil {
		return nil, err
	}
	refused := h.blacklist()
	var out []Function
	for s := range t.All {
		if s.IsFunction() && !refused[s.Name] && !untraceable(s.Name) {
			out = append(out, Function{Name: s.Name, Module: s.Module})
		}
	}
	return out, nil
}

// blacklist returns the functions that kprobes refuses; none if the list cannot be read.
func (h *Host) blacklist() map[string]bool {
	data, err := os.ReadFile(h.path("sys/kernel/debug/kprobes/blacklist"))
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(data)) { // 0xffffffff81000000-0xffffffff81000010	name
		if fields := strings.Fields(line); len(fields) >= 2 {
			out[fields[1]] = true
		}
	}
	return out
}

// untraceable reports whether a symbol is no function that anyone can hook: prefixes, patch sites and the like.
func untraceable(name string) bool {
	for _, prefix := range []string{"__pfx_", "__cfi_", "__SCT__", "__SCK__", "__kcfi_", ".L"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// KernelFunction returns the kernel function of a name, in any module if module is empty. It reads the symbol table only.
func (h *Host) KernelFunction(module, name string) (Function, bool, error) {
	t, err := h.kallsyms()
	if err != nil {
		return Function{}, false, err
	}
	if s, ok := t.ByName(name); ok && s.IsFunction() && (module == "" || moduleName(s.Module) == module) {
		return Function{Name: name, Module: s.Module}, true, nil
	}
	for s := range t.All {
		if s.Name == name && s.IsFunction() && (module == "" || moduleName(s.Module) == module) {
			return Function{Name: name, Module: s.Module}, true, nil
		}
	}
	return Function{}, false, nil
}

// FunctionModules returns the modules that have a function of a name, sorted; "" is the kernel itself.
func (h *Host) FunctionModules(name string) ([]string, error) {
	t, err := h.kallsyms()
	if err != nil {
		return nil, err
	}
	var out []string
	for s := range t.All {
		if s.Name == name && s.IsFunction() {
			out = append(out, s.Module)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// SharedNames returns the names of functions that several modules have, or a module and the kernel itself.
func (h *Host) SharedNames() (map[string]bool, error) { return h.shared() }

func (h *Host) readSharedNames() (map[string]bool, error) {
	t, err := h.kallsyms()
	if err != nil {
		return nil, err
	}
	modules, shared := map[string]string{}, map[string]bool{}
	for s := range t.All {
		if !s.IsFunction() {
			continue
		}
		first, known := modules[s.Name]
		if !known {
			modules[s.Name] = s.Module
		}
		if known && first != s.Module {
			shared[s.Name] = true
		}
	}
	return shared, nil
}

// HasTrampolines reports whether the kernel can call programs at the entry and return of its functions: where ftrace can hook them.
// It does not load a program to see.
func (h *Host) HasTrampolines() bool {
	dir, err := h.tracefs()
	if err != nil {
		return false
	}
	_, err = os.Stat(dir + "/available_filter_functions")
	return err == nil
}

// moduleName returns the name by which scripts know a module: the kernel itself is vmlinux.
func moduleName(module string) string {
	if module == "" {
		return "vmlinux"
	}
	return module
}

// HasKprobes reports whether the kernel can hook its own functions by kprobes.
func (h *Host) HasKprobes() bool { return h.hasPMU("kprobe") }

// KprobeUnit returns the type of the perf events that are kprobes, and the bit of their config that makes one a return probe.
func (h *Host) KprobeUnit() (unit uint32, returnBit int, err error) {
	dir := h.path("sys/bus/event_source/devices/kprobe")
	text, err := os.ReadFile(dir + "/type")
	if err != nil {
		return 0, 0, fmt.Errorf("read the type of kprobe events: %w", err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("read the type of kprobe events: %w", err)
	}
	format, err := os.ReadFile(dir + "/format/retprobe") // "config:0"
	if err != nil {
		return 0, 0, fmt.Errorf("read the format of kprobe events: %w", err)
	}
	returnBit, err = strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(string(format)), "config:"))
	if err != nil || returnBit < 0 || returnBit > 63 {
		return 0, 0, fmt.Errorf("read the format of kprobe events: %q is no bit of the config", strings.TrimSpace(string(format)))
	}
	return uint32(n), returnBit, nil
}

// HasCounters reports whether the CPU counts its own events; in virtual machines it often does not.
func (h *Host) HasCounters() bool {
	return h.hasPMU("cpu") || h.hasPMU("cpu_core") || h.hasPMU("armv8_pmuv3_0")
}

// HasUprobes reports whether the kernel can hook user programs.
func (h *Host) HasUprobes() bool { return h.hasPMU("uprobe") }

func (h *Host) hasPMU(name string) bool {
	_, err := os.Stat(h.path("sys/bus/event_source/devices", name))
	return err == nil
}
