package host

import (
	"maps"
	"slices"
)

// EnumeratorNames returns the names of the kernel's enumerators, sorted; none if the kernel does not describe its types.
func (h *Host) EnumeratorNames() []string {
	k, err := h.btf()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(k.enumers()))
}

// SymbolNames returns the names of the kernel's symbols, sorted and each once; none if they cannot be read.
func (h *Host) SymbolNames() []string {
	t, err := h.kallsyms()
	if err != nil {
		return nil
	}
	out := make([]string, 0, t.Len())
	for s := range t.All {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return slices.Clip(slices.Compact(out))
}
