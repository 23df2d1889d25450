package cdef

import "github.com/gtrace/gtrace/lang/types"

// layout places the members of a struct or union as the System V ABI for x86-64 says and gcc does it.
type layout struct {
	union, packed bool
	// pack is the largest alignment that members may have, or 0: #pragma pack.
	pack int
	// align is that of the members so far; endAlign what an attribute of the struct asks for.
	align, endAlign int
	// unnamed is set once there is a bitfield without a name.
	unnamed bool
	// bit is where the next member may begin, in bits; size is what a union needs so far, in bits.
	bit, size int
	fields    []types.Field
}

// memberAlign is the alignment that a member is placed with.
func (l *layout) memberAlign(m member) int {
	align := m.typ.align
	if l.packed || m.attrs.packed {
		align = 1
	}
	return l.capped(max(align, m.attrs.align, 1))
}

// capped is an alignment as #pragma pack allows it, which holds for attributes as well.
func (l *layout) capped(align int) int {
	if l.pack > 0 {
		return min(align, l.pack)
	}
	return align
}

func (l *layout) add(m member) {
	if l.union {
		l.bit = 0
	}
	if m.bits >= 0 {
		l.addBits(m)
	} else {
		align := l.memberAlign(m)
		l.align = max(l.align, align)
		l.bit = types.Align(l.bit, 8*align)
		l.fields = append(l.fields, types.Field{Name: m.name, Type: m.typ.typ, Offset: l.bit / 8})
		l.bit += 8 * m.typ.size
	}
	l.size = max(l.size, l.bit)
}

// addBits places a bitfield. It may not cross a boundary of its type, unless it is packed in any way; one of no width goes to such a
// boundary; those without a name have no say in the struct's alignment. The first of these is a field, as in bpftrace.
func (l *layout) addBits(m member) {
	unit := 8 * max(1, m.typ.size)
	packed := l.packed || m.attrs.packed || l.pack > 0
	if m.bits == 0 {
		l.bit = types.Align(l.bit, unit)
		return
	}
	if !packed && l.bit/unit != (l.bit+m.bits-1)/unit {
		l.bit = types.Align(l.bit, 8*m.typ.align)
	}
	if m.attrs.align > 0 {
		l.bit = types.Align(l.bit, 8*l.capped(m.attrs.align))
	}
	if m.name != "" {
		l.align = max(l.align, l.memberAlign(m))
	}
	if m.name != "" || !l.unnamed {
		l.unnamed = l.unnamed || m.name == ""
		f := types.Field{Name: m.name, Type: m.typ.typ, BitSize: m.bits}
		f.Offset, f.BitOffset = l.bit/unit*unit/8, l.bit%unit
		if f.BitOffset+m.bits > unit {
			f.Offset, f.BitOffset = l.bit/8, l.bit%8
		}
		l.fields = append(l.fields, f)
	}
	l.bit += m.bits
}

func (l *layout) finish(s *types.Struct) {
	s.Align = max(l.align, l.endAlign)
	s.Size = types.Align(types.Align(l.size, 8)/8, s.Align)
	s.Fields = l.fields
}

// completeLater puts off to find the types that pointers in a struct point to until its fields are looked at: they may be
// defined later in the text, or be the kernel's.
func (u *Unit) completeLater(s *types.Struct) {
	s.Complete = func(s *types.Struct) {
		for i, f := range s.Fields {
			s.Fields[i].Type = u.resolve(f.Type)
		}
	}
}

// resolve replaces structs and enums that the text mentions, but does not define, by those of the kernel.
func (u *Unit) resolve(t types.Type) types.Type {
	switch x := t.(type) {
	case types.Pointer:
		x.Elem = u.resolve(x.Elem)
		return x
	case types.Array:
		x.Elem = u.resolve(x.Elem)
		return x
	case *types.Struct:
		keyword := "struct"
		if x.Union {
			keyword = "union"
		}
		return u.resolveTag(t, keyword, x.Name)
	case *types.Enum:
		return u.resolveTag(t, "enum", x.Name)
	default: // no other type matters here
	}
	return t
}

func (u *Unit) resolveTag(t types.Type, keyword, name string) types.Type {
	tag, ok := u.tags[keyword+" "+name]
	if !ok || tag.defined || tag.typ.typ != t {
		return t
	}
	if found, ok := u.lookup(keyword, name); ok {
		return found
	}
	return t
}
