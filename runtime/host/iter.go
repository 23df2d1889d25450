package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/types"
)

// The names of the types that describe an iterator of the kernel: a function that says that there is one, and what programs see.
const (
	iterFunction = "bpf_iter_"
	iterContext  = "bpf_iter__"
)

// IterKinds returns the kinds of objects that the kernel has iterators for, sorted.
func (h *Host) IterKinds() ([]string, error) {
	names, err := h.btfNames()
	if err != nil {
		return nil, err
	}
	var out []string
	for {
		_, rest, ok := strings.Cut(names, "\x00"+iterContext)
		if !ok {
			break
		}
		kind, _, _ := strings.Cut(rest, "\x00")
		if strings.Contains(names, "\x00"+iterFunction+kind+"\x00") || h.NamedInBTF(iterFunction+kind) {
			out = append(out, kind)
		}
		names = rest[len(kind):]
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// IterContext returns what programs of an iterator see: each field takes 8 bytes, whatever its type. The error is ErrNoBTF if the
// kernel has no such iterator.
func (h *Host) IterContext(kind string) (*types.Struct, error) {
	t, err := h.iterStruct(kind)
	if err != nil {
		return nil, err
	}
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	s := &types.Struct{Name: t.Name, Size: 8 * len(t.Members), Align: 8}
	for i, m := range t.Members {
		f := types.Field{Name: m.Name, Offset: 8 * i}
		switch u := btf.UnderlyingType(m.Type).(type) {
		case *btf.Union: // a pointer that only programs are to see: __bpf_md_ptr
			if len(u.Members) > 0 {
				f.Name, f.Type = u.Members[0].Name, h.convert(u.Members[0].Type)
			}
		default:
			f.Type = h.convert(m.Type)
		}
		if f.Type != nil {
			s.Fields = append(s.Fields, f)
		}
	}
	return s, nil
}

func (h *Host) iterStruct(kind string) (*btf.Struct, error) {
	k, err := h.btf()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoBTF, err)
	}
	if _, err := k.function(iterFunction + kind); errors.Is(err, ErrNoBTF) {
		return nil, fmt.Errorf("iterator %s: %w", kind, ErrNoBTF)
	}
	t, ok := k.find("struct", iterContext+kind).(*btf.Struct)
	if !ok {
		return nil, fmt.Errorf("iterator %s: %w", kind, ErrNoBTF)
	}
	return t, nil
}

// IterDecls returns the C declarations of what programs of an iterator see.
func (h *Host) IterDecls(kind string) ([]string, error) {
	t, err := h.iterStruct(kind)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range t.Members {
		name, mt := m.Name, m.Type
		if u, ok := btf.UnderlyingType(mt).(*btf.Union); ok && len(u.Members) > 0 {
			name, mt = u.Members[0].Name, u.Members[0].Type
		}
		out = append(out, strings.TrimSpace(cName(mt, 0)+" "+name))
	}
	return out, nil
}
