package probe

import (
	"debug/dwarf"
	"sync"

	"github.com/gtrace/gtrace/lang/types"
)

// maxNesting bounds how deep types are followed, which are read from a file.
const maxNesting = 32

// cTypes makes script types of the types that debug information describes. Pointers are those of processes.
type cTypes struct {
	mu      sync.Mutex
	structs map[*dwarf.StructType]*types.Struct
}

// convert returns the script type of a type; Void where it has none.
func (c *cTypes) convert(t dwarf.Type) types.Type { return c.at(t, 0) }

func (c *cTypes) at(t dwarf.Type, depth int) types.Type {
	if depth > maxNesting {
		return types.Void{}
	}
	size := int(t.Size())
	switch t := t.(type) {
	case *dwarf.QualType:
		return c.at(t.Type, depth+1)
	case *dwarf.TypedefType:
		return c.at(t.Type, depth+1)
	case *dwarf.PtrType:
		if t.Type == nil {
			return types.Pointer{Elem: types.Void{}, Space: types.SpaceUser}
		}
		return types.Pointer{Elem: c.at(t.Type, depth+1), Space: types.SpaceUser}
	case *dwarf.BoolType:
		return cInt(size, false)
	case *dwarf.CharType, *dwarf.IntType:
		return cInt(size, true)
	case *dwarf.UcharType, *dwarf.UintType, *dwarf.AddrType:
		return cInt(size, false)
	case *dwarf.EnumType:
		return cEnum(t)
	case *dwarf.ArrayType:
		a := types.Array{Elem: c.at(t.Type, depth+1), Len: max(0, int(t.Count))}
		if isChar(t.Type) {
			a.Text = a.Len
		}
		return a
	case *dwarf.StructType:
		return c.structure(t)
	case *dwarf.FloatType, *dwarf.ComplexType:
		return types.Array{Elem: types.Uint8, Len: max(0, size)}
	default: // a function, or a type of another language
		return types.Void{}
	}
}

// isChar reports whether t is char, signed char or unsigned char. A number of one byte under another name is none.
func isChar(t dwarf.Type) bool {
	switch t.(type) {
	case *dwarf.CharType, *dwarf.UcharType:
		return true
	default: // no other type matters here
	}
	return false
}

func cInt(size int, signed bool) types.Type {
	switch size {
	case 1, 2, 4, 8:
		return types.Int{Size: size, Signed: signed}
	}
	return types.Array{Elem: types.Uint8, Len: max(0, size)}
}

// cEnum returns the number that an enumeration is: it has no names in scripts, as in bpftrace.
func cEnum(t *dwarf.EnumType) types.Type {
	signed := false
	for _, v := range t.Val {
		signed = signed || v.Val < 0
	}
	return cInt(int(t.ByteSize), signed)
}

// structure returns the one struct that stands for a type. Its members are looked at when they are asked for, since it may point to itself.
func (c *cTypes) structure(t *dwarf.StructType) *types.Struct {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.structs[t]; ok {
		return s
	}
	s := &types.Struct{Name: t.StructName, Union: t.Kind == "union", Size: max(0, int(t.ByteSize)), Align: cAlign(t, 0)}
	var once sync.Once
	s.Complete = func(s *types.Struct) {
		once.Do(func() {
			for _, f := range t.Field {
				s.Fields = append(s.Fields, c.field(f))
			}
		})
	}
	if c.structs == nil {
		c.structs = map[*dwarf.StructType]*types.Struct{}
	}
	c.structs[t] = s
	return s
}

func (c *cTypes) field(f *dwarf.StructField) types.Field {
	out := types.Field{Name: f.Name, Type: c.convert(f.Type), Offset: int(f.ByteOffset)}
	if f.BitSize == 0 {
		return out
	}
	size := max(1, types.Sizeof(out.Type))
	bit := int(f.DataBitOffset)
	if bit == 0 && f.BitOffset != 0 { // counted from the highest bit, before DWARF 4
		bit = int(f.ByteOffset)*8 + size*8 - int(f.BitOffset) - int(f.BitSize)
	} else if bit == 0 {
		bit = int(f.ByteOffset) * 8
	}
	out.Offset = bit / (size * 8) * size
	out.BitOffset, out.BitSize = bit-out.Offset*8, int(f.BitSize)
	return out
}

// cAlign returns the alignment of a type: that of its most aligned member.
func cAlign(t dwarf.Type, depth int) int {
	if depth > maxNesting {
		return 1
	}
	switch t := t.(type) {
	case *dwarf.QualType:
		return cAlign(t.Type, depth+1)
	case *dwarf.TypedefType:
		return cAlign(t.Type, depth+1)
	case *dwarf.ArrayType:
		return cAlign(t.Type, depth+1)
	case *dwarf.StructType:
		align := 1
		for _, f := range t.Field {
			if a := cAlign(f.Type, depth+1); f.BitSize == 0 && f.ByteOffset%int64(a) == 0 && t.ByteSize%int64(a) == 0 {
				align = max(align, a)
			}
		}
		return align
	default: // a number or a pointer
		size := int(t.Size())
		if size < 1 || size > 8 || size&(size-1) != 0 {
			return 1
		}
		return size
	}
}
