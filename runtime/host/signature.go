package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/types"
)

// Signature is what the kernel's types say of a function. A program at its entry or return finds its arguments and then its result
// in words of 8 bytes.
type Signature struct {
	// Params are the named parameters, at their offsets in bytes.
	Params []types.Field
	// Result is nil for functions that return nothing.
	Result types.Type
	// ResultOffset is where the result is: behind all parameters.
	ResultOffset int
	// Decls are the C declarations of the parameters, ResultDecl that of the result without a name.
	Decls      []string
	ResultDecl string
}

// ErrAmbiguous is returned for the name of several functions.
var ErrAmbiguous = errors.New("several functions have this name")

// ErrNotTraceable is wrapped by the error about a function to which the kernel cannot attach typed programs.
var ErrNotTraceable = errors.New("not traceable")

const (
	// maxTracedParams is the number of words of arguments that the kernel hands to a program.
	maxTracedParams = 12
	// maxTracedStruct is the size of the largest struct that it hands over by value.
	maxTracedStruct = 16
)

// FunctionSignature returns the types of a function of the kernel (module "") or of a module. The error is ErrNoBTF if they are not
// known, ErrAmbiguous if several functions have the name, and wraps ErrNotTraceable if programs cannot have their arguments.
func (h *Host) FunctionSignature(module, name string) (Signature, error) {
	k, err := h.moduleTypes(module)
	if err != nil {
		return Signature{}, err
	}
	proto, err := k.function(name)
	if err != nil {
		return Signature{}, err
	}
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	return h.signature(proto)
}

// function returns the type of the only function of a name.
func (k *kernelTypes) function(name string) (*btf.FuncProto, error) {
	found, err := k.spec.AnyTypesByName(name)
	if err != nil && !errors.Is(err, btf.ErrNotFound) {
		return nil, err
	}
	var proto *btf.FuncProto
	for _, t := range found {
		fn, ok := t.(*btf.Func)
		if !ok || fn.Name != name {
			continue
		}
		if proto != nil {
			return nil, ErrAmbiguous
		}
		proto, _ = fn.Type.(*btf.FuncProto)
	}
	if proto == nil {
		return nil, ErrNoBTF
	}
	return proto, nil
}

// signature lays the arguments of a function out as a program finds them. The caller holds structs.mu.
func (h *Host) signature(proto *btf.FuncProto) (Signature, error) {
	var s Signature
	for _, p := range proto.Params {
		if _, variadic := p.Type.(*btf.Void); variadic {
			return s, fmt.Errorf("%w: it takes any number of arguments", ErrNotTraceable)
		}
		t := h.argumentType(p.Type)
		size := types.Sizeof(t)
		if isAggregate(p.Type) && size > maxTracedStruct {
			return s, fmt.Errorf("%w: it takes a struct of %d bytes", ErrNotTraceable, size)
		}
		if p.Name != "" {
			s.Params = append(s.Params, types.Field{Name: p.Name, Type: t, Offset: s.ResultOffset})
		}
		s.Decls = append(s.Decls, strings.TrimSpace(cName(p.Type, 0)+" "+p.Name))
		s.ResultOffset += types.Align(max(size, 1), 8)
	}
	if s.ResultOffset > 8*maxTracedParams {
		return s, fmt.Errorf("%w: it takes more than %d arguments", ErrNotTraceable, maxTracedParams)
	}
	if isAggregate(proto.Return) {
		return s, fmt.Errorf("%w: it returns a struct", ErrNotTraceable)
	}
	s.ResultDecl = cName(proto.Return, 0)
	if _, void := btf.UnderlyingType(proto.Return).(*btf.Void); !void {
		s.Result = h.argumentType(proto.Return)
	}
	return s, nil
}

func isAggregate(t btf.Type) bool {
	switch btf.UnderlyingType(t).(type) {
	case *btf.Struct, *btf.Union:
		return true
	default:
		return false
	}
}

// argumentType returns the type of an argument or result that a typed program finds in its context. The verifier knows what
// pointers to structs of the kernel point to.
func (h *Host) argumentType(t btf.Type) types.Type {
	ptr, ok := h.convert(t).(types.Pointer)
	if !ok {
		return h.convert(t)
	}
	_, toStruct := ptr.Elem.(*types.Struct)
	ptr.Trusted = toStruct && ptr.Space == types.SpaceKernel && !perCPU(t)
	return ptr
}

// perCPU reports whether a pointer needs the offset of a CPU to be followed.
func perCPU(t btf.Type) bool {
	p, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return false
	}
	tag, ok := p.Target.(*btf.TypeTag)
	return ok && tag.Value == "percpu"
}

// moduleTypes returns the types of a module, or of the kernel itself for "".
func (h *Host) moduleTypes(module string) (*kernelTypes, error) {
	if module == "" {
		k, err := h.btf()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoBTF, err)
		}
		return k, nil
	}
	h.modules.mu.Lock()
	defer h.modules.mu.Unlock()
	if k, ok := h.modules.types[module]; ok {
		return k, nil
	}
	spec, err := h.loadModuleSpec(module)
	if err != nil {
		return nil, fmt.Errorf("%w of module %s: %w", ErrNoBTF, module, err)
	}
	k := &kernelTypes{spec: spec}
	if h.modules.types == nil {
		h.modules.types = map[string]*kernelTypes{}
	}
	h.modules.types[module] = k
	return k, nil
}

func (h *Host) loadModuleSpec(module string) (*btf.Spec, error) {
	if !h.recorded() {
		return btf.LoadKernelModuleSpec(module)
	}
	k, err := h.btf()
	if err != nil {
		return nil, err
	}
	return btf.LoadSplitSpec(h.path("sys/kernel/btf", module), k.spec)
}
