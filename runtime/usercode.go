package runtime

import (
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
)

// namesUserCode reports whether a script keeps or prints addresses of processes that are to be named.
func namesUserCode(m *object.Manifest) bool {
	for _, sm := range m.Maps {
		if holdsUserCode(sm.Key) || holdsUserCode(sm.Value) {
			return true
		}
	}
	for _, e := range m.Events {
		for _, f := range e.Fields {
			if holdsUserCode(f.Type) {
				return true
			}
		}
	}
	return false
}

// holdsUserCode reports whether addresses of processes that have names are in a value of a type, which may be nil.
func holdsUserCode(t types.Type) bool {
	switch t := t.(type) {
	case types.Usym:
		return true
	case types.Stack:
		return t.User && t.Mode != "raw" && t.Mode != "build_id"
	case types.Tuple:
		return anyUserCode(t.Elems)
	case types.Record:
		return anyUserCode(t.Types())
	case types.Array:
		return holdsUserCode(t.Elem)
	default: // no other type matters here
		return false
	}
}

func anyUserCode(ts []types.Type) bool {
	for _, t := range ts {
		if holdsUserCode(t) {
			return true
		}
	}
	return false
}
