package host

import (
	"fmt"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/types"
)

// structTable holds the one types.Struct and types.Enum that there is for each C type.
type structTable struct {
	mu sync.Mutex
	// named are structs and unions by keyword and name; bound says which BTF type each is, once that is known.
	named map[string]*types.Struct
	bound map[*types.Struct]btf.Type
	// others are anonymous types and those whose name another type has taken.
	others map[btf.Type]*types.Struct
	enums  map[btf.Type]*types.Enum
	// ofObject are structs that an object file defines, and the kernel does not; inObject is set while one is converted.
	ofObject map[*types.Struct]bool
	inObject bool
}

// StructByName returns the struct or union of a name without a look at the kernel's types: size and fields are found when the
// struct is completed. It has no fields if the kernel has no such type.
func (h *Host) StructByName(keyword, name string) *types.Struct {
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	return h.structByName(keyword, name)
}

func (h *Host) structByName(keyword, name string) *types.Struct {
	key := keyword + " " + name
	if s, ok := h.structs.named[key]; ok {
		return s
	}
	s := &types.Struct{Name: name, Union: keyword == "union"}
	s.Complete = h.completer(func() btf.Type {
		if t := h.structs.bound[s]; t != nil {
			return t
		}
		k, err := h.btf()
		if err != nil {
			return nil
		}
		return k.find(keyword, name)
	})
	if h.structs.named == nil {
		h.structs.named = map[string]*types.Struct{}
	}
	h.structs.named[key] = s
	return s
}

// completer returns a function that fills a struct in, once, with the members of the type that find returns.
func (h *Host) completer(find func() btf.Type) func(*types.Struct) {
	var once sync.Once
	return func(s *types.Struct) {
		once.Do(func() {
			h.structs.mu.Lock()
			defer h.structs.mu.Unlock()
			if t := find(); t != nil {
				h.bind(s, t)
				h.structs.inObject = h.structs.ofObject[s]
				s.Fields = h.convertMembers(membersOf(t))
				h.structs.inObject = false
			}
		})
	}
}

// bind sets what is known of a struct without its members' types.
func (h *Host) bind(s *types.Struct, t btf.Type) {
	if h.structs.bound == nil {
		h.structs.bound = map[*types.Struct]btf.Type{}
	}
	h.structs.bound[s] = t
	switch t := t.(type) {
	case *btf.Struct:
		s.Size = int(t.Size)
	case *btf.Union:
		s.Size = int(t.Size)
	default:
		panic(fmt.Sprintf("BUG: host: %T is no struct", t))
	}
	s.Align = alignOf(t, 0)
}

func membersOf(t btf.Type) []btf.Member {
	switch t := t.(type) {
	case *btf.Struct:
		return t.Members
	case *btf.Union:
		return t.Members
	default:
		panic(fmt.Sprintf("BUG: host: %T has no members", t))
	}
}

// maxNesting bounds the recursion through types, which are read from a file.
const maxNesting = 64

// alignOf returns the alignment of a type: BTF does not record it, so it is that of the most aligned member.
func alignOf(t btf.Type, depth int) int {
	if depth > maxNesting {
		return 1
	}
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		return clampAlign(int(t.Size))
	case *btf.Enum:
		return clampAlign(int(t.Size))
	case *btf.Pointer:
		return 8
	case *btf.Array:
		return alignOf(t.Type, depth+1)
	case *btf.Struct:
		return membersAlign(t.Members, t.Size, depth)
	case *btf.Union:
		return membersAlign(t.Members, t.Size, depth)
	default:
		return 1
	}
}

func membersAlign(members []btf.Member, size uint32, depth int) int {
	align := 1
	for _, m := range members {
		a := alignOf(m.Type, depth+1)
		if m.BitfieldSize == 0 && int(m.Offset.Bytes())%a == 0 && int(size)%a == 0 {
			align = max(align, a)
		}
	}
	return align
}

func clampAlign(size int) int { return min(max(size, 1), 8) }

// ObjectType returns the script type of a type that a BPF object file describes. What the kernel has under the same name counts: the
// file may hold but a part of it.
func (h *Host) ObjectType(t btf.Type) types.Type {
	h.structs.mu.Lock()
	defer h.structs.mu.Unlock()
	h.structs.inObject = true
	defer func() { h.structs.inObject = false }()
	return h.convert(t)
}

// convert returns the script type of a BTF type. The caller holds structs.mu.
func (h *Host) convert(t btf.Type) types.Type {
	switch t := t.(type) {
	case *btf.Void, *btf.FuncProto, *btf.Func, *btf.Datasec, *btf.Var:
		return types.Void{}
	case *btf.Int:
		return convertInt(t)
	case *btf.Float:
		return types.Array{Elem: types.Uint8, Len: int(t.Size)}
	case *btf.Pointer:
		return types.Pointer{Elem: h.convert(t.Target), Space: spaceOf(t.Target)}
	case *btf.Array:
		a := types.Array{Elem: h.convert(t.Type), Len: int(t.Nelems)}
		if i, ok := a.Elem.(types.Int); ok && i.Size == 1 {
			a.Text = a.Len // whatever its sign is, as in bpftrace
		}
		return a
	case *btf.Struct:
		return h.convertStruct("struct", t)
	case *btf.Union:
		return h.convertStruct("union", t)
	case *btf.Fwd:
		if t.Kind == btf.FwdUnion {
			return h.structByName("union", t.Name)
		}
		return h.structByName("struct", t.Name)
	case *btf.Enum:
		return h.convertEnum(t)
	case *btf.Typedef:
		return h.convert(t.Type)
	case *btf.Const:
		return h.convert(t.Type)
	case *btf.Volatile:
		return h.convert(t.Type)
	case *btf.Restrict:
		return h.convert(t.Type)
	case *btf.TypeTag:
		return h.convert(t.Type)
	default:
		return types.Void{} // a kind that is newer than we are
	}
}

// convertInt returns the type of a C integer. A plain char is signed for scripts, whatever the kernel was compiled with.
func convertInt(t *btf.Int) types.Type {
	switch {
	case t.Encoding == btf.Bool && t.Size == 1:
		return types.Bool{}
	case t.Name == "char":
		return types.Int8
	}
	switch t.Size {
	case 1, 2, 4, 8:
		return types.Int{Size: int(t.Size), Signed: t.Encoding == btf.Signed}
	case 16:
		return types.Array{Elem: types.Uint64, Len: 2}
	default:
		return types.Array{Elem: types.Uint8, Len: int(t.Size)}
	}
}

// spaceOf returns the address space of pointers to t: user memory if t is tagged so, as the kernel does with __user.
func spaceOf(t btf.Type) types.Space {
	for range maxNesting {
		switch q := t.(type) {
		case *btf.TypeTag:
			if q.Value == "user" {
				return types.SpaceUser
			}
			t = q.Type
		case *btf.Const:
			t = q.Type
		case *btf.Volatile:
			t = q.Type
		default:
			return types.SpaceKernel
		}
	}
	return types.SpaceKernel
}

// convertStruct returns the one struct that stands for t.
func (h *Host) convertStruct(keyword string, t btf.Type) *types.Struct {
	if name := t.TypeName(); name != "" {
		s := h.structByName(keyword, name)
		if h.structs.inObject && h.structs.bound[s] == nil {
			if k := h.sameInKernel(keyword, t); k != nil {
				h.bind(s, k)
				return s
			}
			if h.structs.ofObject == nil {
				h.structs.ofObject = map[*types.Struct]bool{}
			}
			h.structs.ofObject[s] = true
		}
		if b := h.structs.bound[s]; b == nil || b == t {
			h.bind(s, t)
			return s
		}
	}
	if s, ok := h.structs.others[t]; ok {
		return s
	}
	s := &types.Struct{Name: t.TypeName(), Union: keyword == "union"}
	h.bind(s, t)
	s.Complete = h.completer(func() btf.Type { return t })
	if h.structs.others == nil {
		h.structs.others = map[btf.Type]*types.Struct{}
	}
	h.structs.others[t] = s
	return s
}

// sameInKernel returns the kernel's type of which a type of an object file is a version or a part: all its members are there.
func (h *Host) sameInKernel(keyword string, t btf.Type) btf.Type {
	k, err := h.btf()
	if err != nil {
		return nil
	}
	found := k.find(keyword, t.TypeName())
	if found == nil {
		return nil
	}
	names := map[string]bool{}
	for _, m := range membersOf(found) {
		names[m.Name] = true
	}
	for _, m := range membersOf(t) {
		if !names[m.Name] {
			return nil
		}
	}
	return found
}

func (h *Host) convertEnum(t *btf.Enum) *types.Enum {
	if e, ok := h.structs.enums[t]; ok {
		return e
	}
	e := &types.Enum{Name: t.Name, Size: int(t.Size), Signed: t.Signed, Values: make([]types.EnumValue, len(t.Values))}
	for i, v := range t.Values {
		e.Values[i] = types.EnumValue{Name: v.Name, Value: int64(v.Value)}
	}
	if h.structs.enums == nil {
		h.structs.enums = map[btf.Type]*types.Enum{}
	}
	h.structs.enums[t] = e
	return e
}

func (h *Host) convertMembers(members []btf.Member) []types.Field {
	out := make([]types.Field, len(members))
	for i, m := range members {
		f := types.Field{Name: m.Name, Type: h.convert(m.Type), Offset: int(m.Offset.Bytes())}
		if m.BitfieldSize > 0 {
			f.Offset, f.BitOffset = placeBitfield(int(m.Offset), int(m.BitfieldSize), types.Sizeof(f.Type))
			f.BitSize = int(m.BitfieldSize)
		}
		out[i] = f
	}
	return out
}

// placeBitfield returns the byte from which to load a unit of size bytes that holds all bits of a field, and the field's place
// in it.
func placeBitfield(bit, bits, size int) (offset, bitOffset int) {
	unit := 8 * max(size, 1)
	if start := bit / unit * unit; bit+bits <= start+unit {
		return start / 8, bit - start
	}
	return bit / 8, bit % 8
}
