package host

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// RawTracepointDecls returns the C declarations of a raw tracepoint's arguments: "struct task_struct * prev".
func (h *Host) RawTracepointDecls(name string) ([]string, error) {
	k, err := h.btf()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoBTF, err)
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

// cName returns a type as C writes it before a name.
func cName(t btf.Type, depth int) string {
	if depth > maxNesting {
		return "void"
	}
	switch t := t.(type) {
	case *btf.Void:
		return "void"
	case *btf.Pointer:
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
