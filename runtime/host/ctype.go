package host

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

// TracepointArgs returns the struct behind `args` of a tracepoint. Kernel types are looked up only where a field points to or is
// one that the format does not describe.
func (h *Host) TracepointArgs(category, name string, space types.Space) (*types.Struct, error) {
	format, err := h.TracepointFormat(category, name)
	if err != nil {
		return nil, err
	}
	s := &types.Struct{Name: fmt.Sprintf("tracepoint:%s:%s_args", category, name), Align: 8}
	for _, f := range format.Args() {
		s.Fields = append(s.Fields, types.Field{
			Name: f.Name, Type: h.fieldType(f, space), Offset: f.Offset, DataLoc: f.DataLoc,
		})
		s.Size = max(s.Size, f.Offset+f.Size)
	}
	return s, nil
}

// fieldType returns the type of a tracepoint's field: the C type says what it is, the format how large and whether signed.
// Pointers point into space; the data of a __data_loc field is in kernel memory.
func (h *Host) fieldType(f FormatField, space types.Space) types.Type {
	ctype := unqualified(f.Type)
	switch {
	case f.DataLoc:
		return types.Pointer{Elem: h.namedType(ctype), Space: types.SpaceKernel}
	case f.RelLoc:
		return types.Uint32
	case f.Array:
		return arrayType(ctype, f, h)
	case strings.HasSuffix(ctype, "*"):
		return h.pointerType(ctype, space)
	}
	return h.scalarType(ctype, f.Size, f.Signed)
}

func arrayType(ctype string, f FormatField, h *Host) types.Type {
	n := f.Len
	if n == 0 { // a length that is written as an expression
		n = f.Size / max(types.Sizeof(h.namedType(ctype)), 1)
	}
	a := types.Array{Elem: h.scalarType(ctype, f.Size/max(n, 1), f.Signed), Len: n}
	if a.Elem == types.Int8 {
		a.Text = n
	}
	return a
}

// scalarType returns the type of a value that the format describes.
func (h *Host) scalarType(ctype string, size int, signed bool) types.Type {
	keyword, name, isTagged := strings.Cut(ctype, " ")
	switch {
	case ctype == "char" && size == 1:
		return types.Int8
	case (ctype == "bool" || ctype == "_Bool") && size == 1:
		return types.Bool{}
	case isTagged && keyword == "enum":
		if t, err := h.TypeByName("enum", name); err == nil && types.Sizeof(t) == size {
			return t
		}
	case isTagged && (keyword == "struct" || keyword == "union"):
		return h.sizedStruct(keyword, name, size)
	}
	switch size {
	case 1, 2, 4, 8:
		return types.Int{Size: size, Signed: signed}
	default:
		return types.Array{Elem: types.Uint8, Len: size}
	}
}

// sizedStruct returns a struct of which the size is known before its fields are.
func (h *Host) sizedStruct(keyword, name string, size int) *types.Struct {
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	s := h.structByName(keyword, name)
	if s.Size == 0 {
		s.Size = size
	}
	return s
}

// pointerType returns the type of "T *", "T **" and so on.
func (h *Host) pointerType(ctype string, space types.Space) types.Type {
	elem := unqualified(strings.TrimSuffix(ctype, "*"))
	if strings.HasSuffix(elem, "*") {
		return types.Pointer{Elem: h.pointerType(elem, space), Space: space}
	}
	return types.Pointer{Elem: h.namedType(elem), Space: space}
}

// unqualified returns a C type without qualifiers and annotations.
func unqualified(ctype string) string {
	words := strings.Fields(strings.ReplaceAll(ctype, "*", " * "))
	out := words[:0]
	for _, w := range words {
		switch w {
		case "const", "volatile", "restrict", "__user", "__kernel", "__iomem", "__percpu", "__rcu", "__seg_gs", "__seg_fs":
		default:
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// namedType returns a C type by its name. Structs are completed when they are looked into; an unknown type is void.
func (h *Host) namedType(ctype string) types.Type {
	if t, ok := baseTypes[ctype]; ok {
		return t
	}
	keyword, name, tagged := strings.Cut(ctype, " ")
	if !tagged {
		keyword, name = "", ctype
	}
	switch keyword {
	case "struct", "union":
		return h.StructByName(keyword, name)
	}
	if t, err := h.TypeByName(keyword, name); err == nil {
		return t
	}
	return types.Void{}
}

// baseTypes are the C types that are the same on every 64-bit Linux and that need no type information.
var baseTypes = map[string]types.Type{
	"void": types.Void{}, "bool": types.Bool{}, "_Bool": types.Bool{},
	"char": types.Int8, "signed char": types.Int8, "unsigned char": types.Uint8,
	"short": types.Int16, "unsigned short": types.Uint16, "int": types.Int32, "unsigned": types.Uint32,
	"unsigned int": types.Uint32, "uint": types.Uint32, "long": types.Int64, "unsigned long": types.Uint64,
	"long long": types.Int64, "unsigned long long": types.Uint64,
	"u8": types.Uint8, "u16": types.Uint16, "u32": types.Uint32, "u64": types.Uint64,
	"s8": types.Int8, "s16": types.Int16, "s32": types.Int32, "s64": types.Int64,
	"__u8": types.Uint8, "__u16": types.Uint16, "__u32": types.Uint32, "__u64": types.Uint64,
	"__s8": types.Int8, "__s16": types.Int16, "__s32": types.Int32, "__s64": types.Int64,
	"uint8_t": types.Uint8, "uint16_t": types.Uint16, "uint32_t": types.Uint32, "uint64_t": types.Uint64,
	"int8_t": types.Int8, "int16_t": types.Int16, "int32_t": types.Int32, "int64_t": types.Int64,
	"size_t": types.Uint64, "ssize_t": types.Int64, "loff_t": types.Int64, "off_t": types.Int64,
	"pid_t": types.Int32, "uid_t": types.Uint32, "gid_t": types.Uint32, "umode_t": types.Uint16,
	"dev_t": types.Uint32, "gfp_t": types.Uint32, "key_t": types.Int32, "timer_t": types.Int32,
	"aio_context_t": types.Uint64,
}
