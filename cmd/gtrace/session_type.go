package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// showType writes a type of the kernel: the fields of structs and unions with their offsets, the values of enums.
func showType(w io.Writer, h *host.Host, name string) error {
	words := strings.Fields(strings.TrimRight(name, " *;"))
	keywords, short := []string{"struct", "union", "enum", ""}, strings.Join(words, " ")
	if len(words) == 2 {
		keywords, short = words[:1], words[1]
	}
	for _, k := range keywords {
		t, err := h.TypeByName(k, short)
		if errors.Is(err, check.ErrNoType) && h.HasBTF() {
			continue
		}
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, typeText(strings.TrimSpace(k+" "+short), t))
		return err
	}
	err := fmt.Errorf("the kernel has no type %s", strings.Join(words, " "))
	var names []string
	for _, k := range keywords {
		names = append(names, h.TypeNames(k)...)
	}
	if near := diag.Nearest(short, names); near != "" {
		return fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return err
}

func typeText(name string, t types.Type) string {
	var b strings.Builder
	switch t := t.(type) {
	case *types.Struct:
		if t.Complete != nil {
			t.Complete(t)
		}
		fmt.Fprintf(&b, "%s {\n", name)
		writeFields(&b, t, 1)
		fmt.Fprintf(&b, "}; /* %d bytes */\n", t.Size)
	case *types.Enum:
		fmt.Fprintf(&b, "%s {\n", name)
		for _, v := range t.Values {
			fmt.Fprintf(&b, "    %s = %d,\n", v.Name, v.Value)
		}
		b.WriteString("};\n")
	default: // no other type has parts
		fmt.Fprintf(&b, "%s: %s, %d bytes\n", name, t, types.Sizeof(t))
	}
	return b.String()
}

// writeFields writes fields, those of anonymous members in their place.
func writeFields(b *strings.Builder, s *types.Struct, depth int) {
	for _, f := range s.Fields {
		indent := strings.Repeat("    ", depth)
		if inner, ok := f.Type.(*types.Struct); ok && f.Name == "" && depth < 10 {
			if inner.Complete != nil {
				inner.Complete(inner)
			}
			fmt.Fprintf(b, "%s/* %d */ %s {\n", indent, f.Offset, map[bool]string{false: "struct", true: "union"}[inner.Union])
			writeFields(b, inner, depth+1)
			fmt.Fprintf(b, "%s};\n", indent)
			continue
		}
		bits := ""
		if f.BitSize > 0 {
			bits = fmt.Sprintf(" : %d", f.BitSize)
		}
		fmt.Fprintf(b, "%s/* %d */ %s %s%s;\n", indent, f.Offset, f.Type, f.Name, bits)
	}
}
