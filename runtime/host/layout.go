package host

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// LayoutOptions says what WriteType shows.
type LayoutOptions struct {
	// Offsets adds where each member is and how large: its offset and size in bytes, "offset.bit:bits" for bitfields, and the size of
	// the whole. Without it the text is C alone.
	Offsets bool
}

// ErrNoType is returned for a type that the kernel does not have, or does not describe.
var ErrNoType = errors.New("no such type in the kernel")

// WriteType writes the definition of a type of the kernel in C, by keyword ("struct", "union", "enum", or "" for typedefs) and name.
func (h *Host) WriteType(w io.Writer, keyword, name string, opts LayoutOptions) error {
	k, err := h.btf()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoType, err)
	}
	t := k.find(keyword, name)
	if t == nil {
		return fmt.Errorf("%s: %w", strings.TrimSpace(keyword+" "+name), ErrNoType)
	}
	l := &layout{opts: opts}
	l.definition(t)
	_, err = io.WriteString(w, l.out.String())
	return err
}

// layout writes one definition.
type layout struct {
	opts LayoutOptions
	out  strings.Builder
}

// commentColumn is where offsets begin.
const commentColumn = 56

func (l *layout) definition(t btf.Type) {
	switch t := t.(type) {
	case *btf.Struct, *btf.Union:
		l.out.WriteString(body(l, t, 0, 0) + ";\n")
		if l.opts.Offsets {
			size, _ := btf.Sizeof(t)
			fmt.Fprintf(&l.out, "/* size %d, alignment %d */\n", size, alignOf(t, 0))
		}
	case *btf.Enum:
		l.out.WriteString(l.enum(t, 0) + ";\n")
		if l.opts.Offsets {
			fmt.Fprintf(&l.out, "/* size %d */\n", t.Size)
		}
	case *btf.Typedef:
		l.out.WriteString("typedef " + l.declare(t.Type, t.Name, 0, 0) + ";\n")
		if size, err := btf.Sizeof(t); err == nil && l.opts.Offsets {
			fmt.Fprintf(&l.out, "/* size %d */\n", size)
		}
	default:
		fmt.Fprintf(&l.out, "%s;\n", t.TypeName())
	}
}

// body returns a struct or union with its members. base is the offset of its first bit in the whole.
func body(l *layout, t btf.Type, depth int, base uint32) string {
	if depth > maxNesting {
		return "struct { }"
	}
	var b strings.Builder
	b.WriteString(keywordOf(t))
	if t.TypeName() != "" {
		b.WriteString(" " + t.TypeName())
	}
	b.WriteString(" {")
	for i, m := range membersOf(t) {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(l.member(m, depth+1, base))
	}
	if len(membersOf(t)) > 0 {
		b.WriteString(indent(depth))
	}
	b.WriteString("}")
	if isPacked(t) {
		b.WriteString(" __attribute__((packed))")
	}
	return b.String()
}

func indent(depth int) string { return strings.Repeat("\t", depth) }

// member returns the lines of a member.
func (l *layout) member(m btf.Member, depth int, base uint32) string {
	at := base + uint32(m.Offset)
	text := indent(depth) + l.declare(m.Type, m.Name, depth, at)
	if m.BitfieldSize > 0 {
		text += fmt.Sprintf(": %d", m.BitfieldSize)
	}
	text += ";"
	if l.opts.Offsets {
		text += place(text, m, at)
	}
	return text + "\n"
}

// place returns the comment that says where a member is.
func place(text string, m btf.Member, at uint32) string {
	last := text[strings.LastIndexByte(text, '\n')+1:]
	width := len(last) + 7*strings.Count(last, "\t")
	pad := strings.Repeat(" ", max(1, commentColumn-width))
	if m.BitfieldSize > 0 {
		return fmt.Sprintf("%s/* %5d.%d: %d bits */", pad, at/8, at%8, m.BitfieldSize)
	}
	size, err := btf.Sizeof(m.Type)
	if err != nil {
		return fmt.Sprintf("%s/* %5d */", pad, at/8)
	}
	return fmt.Sprintf("%s/* %5d %5d */", pad, at/8, size)
}

func (l *layout) enum(t *btf.Enum, depth int) string {
	var b strings.Builder
	b.WriteString("enum")
	if t.Name != "" {
		b.WriteString(" " + t.Name)
	}
	b.WriteString(" {\n")
	for _, v := range t.Values {
		number := fmt.Sprint(v.Value)
		if t.Signed {
			number = fmt.Sprint(int64(v.Value))
		}
		b.WriteString(indent(depth+1) + v.Name + " = " + number + ",\n")
	}
	b.WriteString(indent(depth) + "}")
	if t.Size == 1 {
		b.WriteString(" __attribute__((mode(byte)))")
	}
	return b.String()
}

// declare returns the declaration of a name, or of what stands around it already, such as "*name": C reads declarations from the name
// outwards.
func (l *layout) declare(t btf.Type, name string, depth int, base uint32) string {
	if depth > maxNesting {
		return "void " + name
	}
	switch t := t.(type) {
	case *btf.Pointer:
		return l.declare(t.Target, starred(t.Target, name), depth, base)
	case *btf.Array:
		return l.declare(t.Type, fmt.Sprintf("%s[%d]", name, t.Nelems), depth, base)
	case *btf.FuncProto:
		return l.declare(t.Return, name+"("+l.params(t, depth)+")", depth, base)
	case *btf.Const:
		return l.qualified("const", t.Type, name, depth, base)
	case *btf.Volatile:
		return l.qualified("volatile", t.Type, name, depth, base)
	case *btf.Restrict:
		return l.declare(t.Type, name, depth, base)
	case *btf.TypeTag:
		return l.declare(t.Type, name, depth, base)
	case *btf.Struct, *btf.Union:
		if t.TypeName() == "" {
			return join(body(l, t, depth, base), name)
		}
		return join(keywordOf(t)+" "+t.TypeName(), name)
	case *btf.Enum:
		if t.Name == "" {
			return join(l.enum(t, depth), name)
		}
		return join("enum "+t.Name, name)
	default:
		return join(cName(t, 0), name)
	}
}

// qualified puts const or volatile before a type, or behind the star of a pointer.
func (l *layout) qualified(word string, t btf.Type, name string, depth int, base uint32) string {
	if _, ok := t.(*btf.Pointer); ok {
		return l.declare(t, join(word, name), depth, base)
	}
	whole := l.declare(t, name, depth, base)
	if strings.HasPrefix(whole, word+" ") {
		return whole // the elements of a constant array are constant as well
	}
	return word + " " + whole
}

// starred returns the declarator of a pointer to a target.
func starred(target btf.Type, name string) string {
	star := "*"
	first, _, _ := strings.Cut(name, " ")
	if strings.HasPrefix(name, "(") || first == "const" || first == "volatile" {
		star = "* "
	}
	switch target.(type) {
	case *btf.Array, *btf.FuncProto:
		return "(" + star + name + ")"
	}
	return star + name
}

func (l *layout) params(t *btf.FuncProto, depth int) string {
	if len(t.Params) == 0 {
		return "void"
	}
	out := make([]string, len(t.Params))
	for i, p := range t.Params {
		if _, variadic := p.Type.(*btf.Void); variadic && i == len(t.Params)-1 {
			out[i] = "..."
			continue
		}
		out[i] = l.declare(p.Type, "", depth+1, 0)
	}
	return strings.Join(out, ", ")
}

func join(typ, name string) string {
	if name == "" {
		return typ
	}
	return typ + " " + name
}

// isPacked reports whether C would place the members elsewhere unless it was told not to align them.
func isPacked(t btf.Type) bool {
	size, err := btf.Sizeof(t)
	if err != nil {
		return false
	}
	natural := 1
	for _, m := range membersOf(t) {
		if m.BitfieldSize > 0 {
			continue
		}
		a := alignOf(m.Type, 0)
		natural = max(natural, a)
		if int(m.Offset)%(8*a) != 0 {
			return true
		}
	}
	return size%natural != 0
}
