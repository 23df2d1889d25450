package host

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/types"
)

// rawTracepointPrefix begins the names of the typedefs that describe raw tracepoints.
const rawTracepointPrefix = "btf_trace_"

// RawTracepoint is an event of the kernel or of a module.
type RawTracepoint struct {
	// Module is empty for the kernel itself.
	Module, Name string
}

// RawTracepoints returns the raw tracepoints of the kernel and its modules, sorted by module and then by name. It does not parse BTF.
func (h *Host) RawTracepoints() ([]RawTracepoint, error) { return h.rawEvents() }

// readRawTracepoints finds the names among the names of the kernel's types, which is much faster than to parse the types. A kernel
// without BTF has them in its symbols.
func (h *Host) readRawTracepoints() ([]RawTracepoint, error) {
	names, err := h.btfNames()
	if err != nil {
		return h.rawTracepointSymbols()
	}
	out := rawTracepointNames("", names)
	entries, err := os.ReadDir(h.path("sys/kernel/btf"))
	if err != nil {
		return nil, fmt.Errorf("list modules with types: %w", err)
	}
	for _, e := range entries {
		if e.Name() == moduleName("") {
			continue
		}
		names, err := readBTFNames(h.path("sys/kernel/btf", e.Name()))
		if err != nil { // the module is gone, or its types cannot be read
			continue
		}
		out = append(out, rawTracepointNames(e.Name(), "\x00"+names)...)
	}
	sortRawTracepoints(out)
	return slices.Compact(out), nil
}

func sortRawTracepoints(rs []RawTracepoint) {
	slices.SortFunc(rs, func(a, b RawTracepoint) int {
		return cmp.Or(strings.Compare(a.Module, b.Module), strings.Compare(a.Name, b.Name))
	})
}

func rawTracepointNames(module, names string) []RawTracepoint {
	var out []RawTracepoint
	for {
		_, rest, ok := strings.Cut(names, "\x00"+rawTracepointPrefix)
		if !ok {
			break
		}
		name, _, _ := strings.Cut(rest, "\x00")
		out = append(out, RawTracepoint{Module: module, Name: name})
		names = rest[len(name):]
	}
	return out
}

func (h *Host) rawTracepointSymbols() ([]RawTracepoint, error) {
	t, err := h.kallsyms()
	if err != nil {
		return nil, err
	}
	var out []RawTracepoint
	for s := range t.All {
		if name, ok := strings.CutPrefix(s.Name, "__traceiter_"); ok {
			out = append(out, RawTracepoint{Module: s.Module, Name: name})
		}
	}
	sortRawTracepoints(out)
	return slices.Compact(out), nil
}

// NamedInBTF reports whether the kernel's type information has a name, of a function or of anything else. It does not parse BTF.
func (h *Host) NamedInBTF(name string) bool {
	names, err := h.btfNames()
	return err == nil && strings.Contains(names, "\x00"+name+"\x00")
}

// btfHeader is the start of BTF data.
type btfHeader struct {
	Magic                            uint16
	Version, Flags                   uint8
	HeaderLen                        uint32
	TypeOff, TypeLen, StrOff, StrLen uint32
}

// readBTFNames returns the string table of the kernel's BTF: names, each between two NULs.
func (h *Host) readKernelNames() (string, error) {
	return readBTFNames(h.path("sys/kernel/btf/vmlinux"))
}

// readBTFNames returns the string table of a file of BTF. That of a module lacks the strings that the kernel's has.
func readBTFNames(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read names of kernel types: %w", err)
	}
	defer f.Close()
	var head btfHeader
	if err := binary.Read(f, binary.NativeEndian, &head); err != nil {
		return "", fmt.Errorf("read names of kernel types: %w", err)
	}
	var b strings.Builder
	section := io.NewSectionReader(f, int64(head.HeaderLen)+int64(head.StrOff), int64(head.StrLen))
	if _, err := io.Copy(&b, section); err != nil {
		return "", fmt.Errorf("read names of kernel types: %w", err)
	}
	return b.String(), nil
}

// ErrNoBTF is returned for a raw tracepoint of which the kernel does not describe the arguments.
var ErrNoBTF = errors.New("no type information")

// RawTracepointArgs returns the arguments of a raw tracepoint: each takes 8 bytes, whatever its type. The error is ErrNoBTF if the
// kernel, or the module, does not describe them.
func (h *Host) RawTracepointArgs(module, name string) ([]types.Field, error) {
	k, err := h.moduleTypes(module)
	if err != nil {
		return nil, err
	}
	params := k.rawTracepointParams(name)
	if params == nil {
		return nil, fmt.Errorf("raw tracepoint %s: %w", name, ErrNoBTF)
	}
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	out := []types.Field{}
	for i, p := range params[1:] {
		out = append(out, types.Field{Name: p.Name, Type: h.argumentType(p.Type), Offset: 8 * i})
	}
	return out, nil
}

// rawTracepointParams returns the parameters of a raw tracepoint's functions, the first being the private data; nil if there is no
// such tracepoint. Only functions have the names; the typedef, which says what the verifier thinks, has none.
func (k *kernelTypes) rawTracepointParams(name string) []btf.FuncParam {
	var def *btf.Typedef
	if k.spec.TypeByName(rawTracepointPrefix+name, &def) != nil {
		return nil
	}
	ptr, ok := def.Type.(*btf.Pointer)
	if !ok {
		return nil
	}
	proto, ok := ptr.Target.(*btf.FuncProto)
	if !ok || len(proto.Params) == 0 {
		return nil
	}
	for _, prefix := range []string{"__probestub_", "__traceiter_", "__bpf_trace_"} {
		var fn *btf.Func
		if k.spec.TypeByName(prefix+name, &fn) != nil {
			continue
		}
		named, ok := fn.Type.(*btf.FuncProto)
		if ok && len(named.Params) == len(proto.Params) && hasNames(named.Params) {
			return named.Params
		}
	}
	return proto.Params
}

func hasNames(params []btf.FuncParam) bool {
	return !slices.ContainsFunc(params, func(p btf.FuncParam) bool { return p.Name == "" })
}
