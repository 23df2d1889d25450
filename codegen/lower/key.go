package lower

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// smallKey is the most that a key of a hash map may take where the kernel does not have target.LargeMapKeys: it wants keys to
// fit on a program's stack.
const smallKey = 512

// keyType is the type with which the keys of a map are kept. Where the kernel takes only small keys, the longest strings in them
// are cut to what fits; one that is cut at run time has no NUL, so it is printed with the trailer that says so.
func (m *module) keyType(t types.Type) types.Type {
	if t == nil || types.Sizeof(t) <= smallKey || m.target.Has(target.LargeMapKeys) {
		return t
	}
	// A size that is no multiple of 8 would waste the rest in a tuple.
	for size := smallKey; size > 0; size -= 8 {
		if cut := cutStrings(t, size); types.Sizeof(cut) <= smallKey {
			return cut
		}
	}
	return t // no string is to blame; the kernel has the last word
}

// cutStrings returns a type with no string in it longer than size.
func cutStrings(t types.Type, size int) types.Type {
	switch t := t.(type) {
	case types.String:
		return types.String{Size: min(t.Size, size)}
	case types.Tuple:
		out := types.Tuple{Elems: make([]types.Type, len(t.Elems))}
		for i, e := range t.Elems {
			out.Elems[i] = cutStrings(e, size)
		}
		return out
	case types.Record:
		out := types.Record{Fields: make([]types.RecordField, len(t.Fields))}
		for i, f := range t.Fields {
			f.Type = cutStrings(f.Type, size)
			out.Fields[i] = f
		}
		return out
	default: // no other type matters here
	}
	return t
}
