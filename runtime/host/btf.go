package host

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// kernelTypes is the kernel's BTF.
type kernelTypes struct {
	spec    *btf.Spec
	names   func() map[string][]string // by keyword
	enumers func() map[string]enumerator
}

type enumerator struct {
	value int64
	enum  btf.Type
}

func (h *Host) loadBTF() (*kernelTypes, error) {
	spec, err := h.loadSpec()
	if err != nil {
		return nil, fmt.Errorf("read kernel types: %w", err)
	}
	k := &kernelTypes{spec: spec}
	k.names = sync.OnceValue(k.indexNames)
	k.enumers = sync.OnceValue(k.indexEnumerators)
	return k, nil
}

func (h *Host) loadSpec() (*btf.Spec, error) {
	if h.recorded() {
		return btf.LoadSpec(h.path("sys/kernel/btf/vmlinux"))
	}
	return h.loaded.Kernel()
}

// TypeCache holds the running kernel's types once something has asked for them.
type TypeCache = btf.Cache

// NewTypeCache returns an empty one, for loads of programs without a Host.
func NewTypeCache() *TypeCache { return btf.NewCache() }

// TypeCache returns what compiling a script and loading its programs share, so that the kernel's types are read once: that takes longer than
// all else that a start does.
func (h *Host) TypeCache() *TypeCache { return &h.loaded }

// HasBTF reports whether the kernel describes its types. It does not read them.
func (h *Host) HasBTF() bool {
	_, err := os.Stat(h.path("sys/kernel/btf/vmlinux"))
	return err == nil
}

// TypeByName returns the kernel's struct, union, enum or typedef of that name.
func (h *Host) TypeByName(keyword, name string) (types.Type, error) {
	k, err := h.btf()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", check.ErrNoType, err)
	}
	t := k.find(keyword, name)
	if t == nil {
		return nil, check.ErrNoType
	}
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	return h.convert(t), nil
}

// find returns the first type of a keyword and a name, or nil. The keyword "" stands for typedefs and base types.
func (k *kernelTypes) find(keyword, name string) btf.Type {
	if name == "" {
		return nil
	}
	found, err := k.spec.AnyTypesByName(name)
	if err != nil {
		return nil
	}
	for _, t := range found {
		if keywordOf(t) == keyword && t.TypeName() == name {
			return t
		}
	}
	return nil
}

// noKeyword marks types that scripts cannot name.
const noKeyword = "-"

func keywordOf(t btf.Type) string {
	switch t.(type) {
	case *btf.Struct:
		return "struct"
	case *btf.Union:
		return "union"
	case *btf.Enum:
		return "enum"
	case *btf.Typedef, *btf.Int:
		return ""
	default:
		return noKeyword
	}
}

// TypeNames returns the sorted names of all types of a keyword.
func (h *Host) TypeNames(keyword string) []string {
	k, err := h.btf()
	if err != nil {
		return nil
	}
	return k.names()[keyword]
}

func (k *kernelTypes) indexNames() map[string][]string {
	out := map[string][]string{}
	for t, err := range k.spec.All() {
		if err != nil {
			break
		}
		if word := keywordOf(t); word != noKeyword && t.TypeName() != "" {
			out[word] = append(out[word], t.TypeName())
		}
	}
	for word, names := range out {
		slices.Sort(names)
		out[word] = slices.Compact(names)
	}
	return out
}

// EnumValue returns the value of an enumerator of the kernel and its type.
func (h *Host) EnumValue(name string) (int64, types.Type, bool) {
	k, err := h.btf()
	if err != nil {
		return 0, nil, false
	}
	e, ok := k.enumers()[name]
	if !ok {
		return 0, nil, false
	}
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	return e.value, h.convert(e.enum), true
}

func (k *kernelTypes) indexEnumerators() map[string]enumerator {
	out := map[string]enumerator{}
	for t, err := range k.spec.All() {
		if err != nil {
			break
		}
		enum, ok := t.(*btf.Enum)
		if !ok {
			continue
		}
		for _, v := range enum.Values {
			if _, taken := out[v.Name]; !taken {
				out[v.Name] = enumerator{value: int64(v.Value), enum: enum}
			}
		}
	}
	return out
}
