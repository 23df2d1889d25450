package host

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/types"
)

// BPFFunction is a function of a BPF program in the kernel: the program itself or a subprogram.
type BPFFunction struct {
	// Program is the program's id.
	Program ebpf.ProgramID
	Name    string
	proto   *btf.FuncProto
}

// BPFFunctions returns the functions of the BPF programs that the kernel runs, as far as they are described, by program and then by
// name. Programs come and go: one that has gone meanwhile is left out.
func (h *Host) BPFFunctions() ([]BPFFunction, error) {
	if h.recorded() {
		return nil, nil
	}
	var out []BPFFunction
	for id := ebpf.ProgramID(0); ; {
		next, err := ebpf.ProgramGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list BPF programs: %w", err)
		}
		id = next
		fns, err := functionsOf(id)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, ebpf.ErrNotSupported) {
			return nil, fmt.Errorf("read BPF program %d: %w", id, err)
		}
		out = append(out, fns...)
	}
}

// functionsOf returns the functions of one program. The error wraps ebpf.ErrNotSupported where they are not described.
func functionsOf(id ebpf.ProgramID) ([]BPFFunction, error) {
	prog, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return nil, err
	}
	defer prog.Close()
	info, err := prog.Info()
	if err != nil {
		return nil, err
	}
	infos, err := info.FuncInfos()
	if err != nil {
		return nil, err
	}
	var out []BPFFunction
	for _, f := range infos {
		if proto, ok := f.Func.Type.(*btf.FuncProto); ok {
			out = append(out, BPFFunction{Program: id, Name: f.Func.Name, proto: proto})
		}
	}
	slices.SortFunc(out, func(a, b BPFFunction) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// contextTypes are the structs that the kernel really hands to programs in the place of those that their authors see
// (include/linux/bpf_types.h).
var contextTypes = map[string]string{
	"__sk_buff": "sk_buff", "xdp_md": "xdp_buff", "bpf_sock_addr": "bpf_sock_addr_kern", "bpf_sock_ops": "bpf_sock_ops_kern",
	"sk_msg_md": "sk_msg", "bpf_perf_event_data": "bpf_perf_event_data_kern", "bpf_sysctl": "bpf_sysctl_kern",
	"bpf_sockopt": "bpf_sockopt_kern", "sk_reuseport_md": "sk_reuseport_kern", "bpf_sk_lookup": "bpf_sk_lookup_kern",
}

// BPFSignature returns the types of a function of a BPF program, by the program's own description. Structs that the kernel has are
// the kernel's: programs describe no more of them than they use, at places that were adjusted when they were loaded.
func (h *Host) BPFSignature(fn BPFFunction) (Signature, error) {
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	proto := *fn.proto
	proto.Params = slices.Clone(proto.Params)
	for i := range proto.Params {
		proto.Params[i].Type = kernelStruct(proto.Params[i].Type)
	}
	proto.Return = kernelStruct(proto.Return)
	sig, err := h.signature(&proto)
	for i, p := range sig.Params {
		sig.Params[i].Type = untrusted(p.Type)
	}
	sig.Result = untrusted(sig.Result)
	for i, p := range fn.proto.Params {
		if i < len(sig.Decls) {
			sig.Decls[i] = strings.TrimSpace(cName(p.Type, 0) + " " + p.Name)
		}
	}
	return sig, err
}

// kernelStruct puts the name alone in the place of a pointer's struct, so that it is looked up among the kernel's types.
func kernelStruct(t btf.Type) btf.Type {
	ptr, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return t
	}
	s, ok := btf.UnderlyingType(ptr.Target).(*btf.Struct)
	if !ok || s.Name == "" {
		return t
	}
	name, _, _ := strings.Cut(s.Name, "___") // a flavour of the struct
	if kernel := contextTypes[name]; kernel != "" {
		name = kernel
	}
	return &btf.Pointer{Target: &btf.Fwd{Name: name, Kind: btf.FwdStruct}}
}

func untrusted(t types.Type) types.Type {
	ptr, ok := t.(types.Pointer)
	if !ok {
		return t
	}
	ptr.Trusted = false
	return ptr
}
