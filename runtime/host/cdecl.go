package host

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// RawTracepointDecls returns the C declarations of a raw tracepoint's arguments: "struct task_struct * prev".
func (h *Host) RawTracepointDecls(module, name string) ([]string, error) {
	k, err := h.moduleTypes(module)
	if err != nil {
		return nil, err
	}
	params := k.rawTracepointParams(name)
	if params == nil {
		return nil, fmt.Errorf("raw tracepoint %s: %w", name, ErrNoBTF)
	}
	var out []string
	for _, p := range params[1:] {
		out = append(out, strings.TrimSpace(cName(p.Type, 0)+" "+p.Name))
	}
	return out, nil
}

// FunctionDecls returns the C types of the parameters and the result of a kernel function; ok is false if they are not known.
func (h *Host) FunctionDecls(name string) (params []string, result string, ok bool) {
	k, err := h.btf()
	if err != nil {
		return nil, "", false
	}
	var fn *btf.Func
	if k.spec.TypeByName(name, &fn) != nil {
		return nil, "", false
	}
	proto, ok := fn.Type.(*btf.FuncProto)
	if !ok {
		return nil, "", false
	}
	for _, p := range proto.Params {
		params = append(params, cName(p.Type, 0))
	}
	return params, cName(proto.Return, 0), true
}

// cName returns a type as C writes it before a name.
func cName(t btf.Type, depth int) string {
	if depth > maxNesting {
		return "void"
	}
	switch t := t.(type) {
	case *btf.Void:
		return "void"
	case *btf.Pointer:
		if fn, ok := t.Target.(*btf.FuncProto); ok {
			return funcPointer(fn, depth+1)
		}
		return cName(t.Target, depth+1) + " *"
	case *btf.Struct:
		return "struct " + t.Name
	case *btf.Union:
		return "union " + t.Name
	case *btf.Enum:
		return "enum " + t.Name
	case *btf.Fwd:
		return t.Kind.String() + " " + t.Name
	case *btf.Const:
		if _, ok := t.Type.(*btf.Pointer); ok {
			return cName(t.Type, depth+1) + " const"
		}
		return "const " + cName(t.Type, depth+1)
	case *btf.Volatile:
		return "volatile " + cName(t.Type, depth+1)
	case *btf.Restrict:
		return cName(t.Type, depth+1)
	case *btf.TypeTag:
		return cName(t.Type, depth+1)
	case *btf.Array:
		return fmt.Sprintf("%s[%d]", cName(t.Type, depth+1), t.Nelems)
	case *btf.FuncProto:
		return "void"
	default:
		return t.TypeName()
	}
}

func funcPointer(fn *btf.FuncProto, depth int) string {
	params := make([]string, len(fn.Params))
	for i, p := range fn.Params {
		params[i] = cName(p.Type, depth+1)
	}
	return fmt.Sprintf("%s (*)(%s)", cName(fn.Return, depth+1), strings.Join(params, ", "))
}
