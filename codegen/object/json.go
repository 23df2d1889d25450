package object

import (
	"encoding/json"

	"github.com/gtrace/gtrace/lang/types"
)

// The aliases have the fields of their types and none of their methods. A field of the outer struct goes before one of
// the same name in the embedded alias, so that types are written boxed.
type (
	mapAlias   Map
	fieldAlias EventField
)

type mapJSON struct {
	*mapAlias
	Key   types.Boxed
	Value types.Boxed
}

type fieldJSON struct {
	*fieldAlias
	Type types.Boxed
}

// MarshalJSON writes the map with its types.
func (m Map) MarshalJSON() ([]byte, error) {
	return json.Marshal(mapJSON{(*mapAlias)(&m), types.Boxed{Type: m.Key}, types.Boxed{Type: m.Value}})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Map) UnmarshalJSON(data []byte) error {
	j := mapJSON{mapAlias: (*mapAlias)(m)}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	m.Key, m.Value = j.Key.Type, j.Value.Type
	return nil
}

// MarshalJSON writes the field with its type.
func (f EventField) MarshalJSON() ([]byte, error) {
	return json.Marshal(fieldJSON{(*fieldAlias)(&f), types.Boxed{Type: f.Type}})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *EventField) UnmarshalJSON(data []byte) error {
	j := fieldJSON{fieldAlias: (*fieldAlias)(f)}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	f.Type = j.Type.Type
	return nil
}
