package types

import "slices"

// Members returns the fields of the struct, resolving them first where that was put off.
func (t *Struct) Members() []Field {
	if f := t.Complete; f != nil {
		t.Complete = nil
		f(t)
	}
	return t.Fields
}

// Lookup finds a member by name, also in anonymous structs and unions inside. It returns the way there, outermost
// first; offsets are relative to the struct each field is in.
func Lookup(s *Struct, name string) ([]Field, bool) {
	if name == "" {
		return nil, false
	}
	if i := s.index(name); i >= 0 {
		return []Field{s.Fields[i]}, true
	}
	for _, f := range s.Members() {
		inner, ok := f.Type.(*Struct)
		if f.Name != "" || !ok {
			continue
		}
		if rest, found := Lookup(inner, name); found {
			return append([]Field{f}, rest...), true
		}
	}
	return nil, false
}

// manyFields is from how many fields on a struct has a table of their names.
const manyFields = 32

// index returns which field of the struct itself has a name, -1 if none.
func (t *Struct) index(name string) int {
	fields := t.Members()
	if len(fields) < manyFields {
		return slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	}
	if t.byName == nil {
		t.byName = make(map[string]int, len(fields))
		for i, f := range slices.Backward(fields) {
			t.byName[f.Name] = i
		}
	}
	if i, ok := t.byName[name]; ok {
		return i
	}
	return -1
}

// FieldNames returns the names that Lookup finds, in order of declaration.
func FieldNames(s *Struct) []string {
	var out []string
	for _, f := range s.Members() {
		if f.Name != "" {
			out = append(out, f.Name)
		} else if inner, ok := f.Type.(*Struct); ok {
			out = append(out, FieldNames(inner)...)
		}
	}
	return out
}

// Holds reports whether is is true of a type, or of one of the members of a tuple or record.
func Holds(t Type, is func(Type) bool) bool {
	switch t := t.(type) {
	case Tuple:
		return slices.ContainsFunc(t.Elems, func(e Type) bool { return Holds(e, is) })
	case Record:
		return slices.ContainsFunc(t.Fields, func(f RecordField) bool { return Holds(f.Type, is) })
	default: // no other type matters here
	}
	return is(t)
}
