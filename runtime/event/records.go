package event

import (
	"encoding/binary"
	"fmt"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// headerSize is the size of the event id and the record's length.
const headerSize = 8

// Record decodes a record of the ring buffer in the format documented at object.Event. It returns the
// event, its id, and its values, appended to vals; they alias raw: they hold until raw is overwritten.
func (d *Decoder) Record(raw []byte, events []object.Event, vals []value.Value) (*object.Event, int, []value.Value, error) {
	if len(raw) < headerSize {
		return nil, 0, vals, fmt.Errorf("%w: %d bytes", ErrMalformed, len(raw))
	}
	id, size := binary.NativeEndian.Uint32(raw), binary.NativeEndian.Uint32(raw[4:])
	if uint64(id) >= uint64(len(events)) {
		return nil, 0, vals, fmt.Errorf("%w: unknown event %d", ErrMalformed, id)
	}
	if size < headerSize || uint64(size) > uint64(len(raw)) {
		return nil, 0, vals, fmt.Errorf("%w: length %d in %d bytes", ErrMalformed, size, len(raw))
	}
	e := &events[id]
	vals, err := d.fields(raw[headerSize:size], e, vals)
	return e, int(id), vals, err
}

func (d *Decoder) fields(body []byte, e *object.Event, vals []value.Value) ([]value.Value, error) {
	if len(body) < e.FixedSize {
		return vals, fmt.Errorf("%w: %d bytes for a fixed part of %d", ErrMalformed, len(body), e.FixedSize)
	}
	fixed, rest := body[:e.FixedSize], body[e.FixedSize:]
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Offset < 0 || f.Offset > len(fixed) {
			return vals, fmt.Errorf("%w: field %d outside of the fixed part", ErrMalformed, i)
		}
		var v value.Value
		var err error
		if f.Var {
			v, rest, err = variable(fixed[f.Offset:], rest, f.Type)
		} else {
			v, err = d.Value(fixed[f.Offset:], f.Type)
		}
		if err != nil {
			return vals, err
		}
		vals = append(vals, v)
	}
	return vals, nil
}

// variable takes the bytes of a field that is sent with its actual length, and returns what follows them.
func variable(fixed, rest []byte, typ types.Type) (value.Value, []byte, error) {
	if len(fixed) < 4 {
		return nil, rest, fmt.Errorf("%w: no room for a length", ErrMalformed)
	}
	n := binary.NativeEndian.Uint32(fixed)
	if uint64(n) > uint64(len(rest)) {
		return nil, rest, fmt.Errorf("%w: %d of %d bytes of a %s", ErrMalformed, len(rest), n, typ)
	}
	b, rest := rest[:n], rest[n:]
	switch t := typ.(type) {
	case types.String:
		v := String(b, typ)
		v.Truncated = v.Truncated && len(b) >= t.Size
		return v, rest, nil
	case types.Buffer:
		return value.Bytes{T: typ, B: b}, rest, nil
	default: // no other type matters here
	}
	return nil, rest, fmt.Errorf("%w: a %s has no variable length", ErrMalformed, typ)
}
