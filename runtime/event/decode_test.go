package event_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/value"
)

type frames map[int64][]uint64

func (f frames) Frames(_ event.StackKind, id int64) ([]uint64, []string, error) {
	if a, ok := f[id]; ok {
		return a, nil, nil
	}
	return nil, nil, event.ErrMalformed
}

// pack writes numbers in the byte order of this machine.
func pack(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case uint8:
			b = append(b, p)
		case uint16:
			b = binary.NativeEndian.AppendUint16(b, p)
		case uint32:
			b = binary.NativeEndian.AppendUint32(b, p)
		case uint64:
			b = binary.NativeEndian.AppendUint64(b, p)
		case int:
			b = binary.NativeEndian.AppendUint64(b, uint64(p))
		default:
			panic("BUG: unexpected part")
		}
	}
	return b
}

func TestValue(t *testing.T) {
	pair := types.Tuple{Elems: []types.Type{types.Uint8, types.Int64}}
	pt := &types.Struct{Name: "pt", Size: 8, Align: 4, Fields: []types.Field{
		{Name: "x", Type: types.Int32},
		{Name: "flags", Type: types.Uint32, Offset: 4, BitOffset: 4, BitSize: 3},
		{Name: "beyond", Type: types.Uint64, Offset: 4},
	}}
	packed := &types.Struct{Name: "packed", Size: 12, Align: 1, Fields: []types.Field{
		{Name: "a", Type: types.Int64, BitOffset: 5, BitSize: 62},
		{Name: "b", Type: types.Uint32, Offset: 9, BitOffset: 4, BitSize: 20},
	}}
	kstack := types.Stack{Depth: 127, Mode: "bpftrace"}
	for _, tt := range []struct {
		name string
		b    []byte
		t    types.Type
		want value.Value
	}{
		{"int8", pack(uint8(0xff)), types.Int8, value.Int{T: types.Int8, Bits: ^uint64(0)}},
		{"uint8", pack(uint8(0xff)), types.Uint8, value.Int{T: types.Uint8, Bits: 255}},
		{"int16", pack(uint16(0x8000)), types.Int16, value.Int{T: types.Int16, Bits: 0xffffffffffff8000}},
		{"int32", pack(uint32(0xfffffffe)), types.Int32, value.Int{T: types.Int32, Bits: ^uint64(1)}},
		{"uint32", pack(uint32(0xfffffffe)), types.Uint32, value.Int{T: types.Uint32, Bits: 0xfffffffe}},
		{"int64", pack(-7), types.Int64, value.Int{T: types.Int64, Bits: ^uint64(6)}},
		{"bool", pack(uint8(1)), types.Bool{}, value.Int{T: types.Bool{}, Bits: 1}},
		{"string", pack("ab\x00c"), types.String{Size: 4}, value.Bytes{T: types.String{Size: 4}, B: []byte("ab")}},
		{"cut string", pack("abcd"), types.String{Size: 4}, value.Bytes{T: types.String{Size: 4}, B: []byte("abcd"), Truncated: true}},
		{"buffer", pack(uint32(2), "ab\x00\x00"), types.Buffer{Size: 4}, value.Bytes{T: types.Buffer{Size: 4}, B: []byte("ab")}},
		{"buffer that lies", pack(uint32(99), "abcd"), types.Buffer{Size: 4}, value.Bytes{T: types.Buffer{Size: 4}, B: []byte("abcd")}},
		{"inet", pack(uint32(2), "\x7f\x00\x00\x01", 0, uint32(0)), types.Inet{}, value.Bytes{T: types.Inet{}, B: []byte{127, 0, 0, 1}, Family: 2}},
		{"mac", pack("abcdef"), types.MacAddr{}, value.Bytes{T: types.MacAddr{}, B: []byte("abcdef")}},
		{"usym", pack(5, uint32(7), uint32(0)), types.Usym{}, value.Usym{Addr: 5, PID: 7}},
		{"stack", pack(3, 0), kstack, value.Stack{T: kstack, Addrs: []uint64{1, 2}}},
		{"failed stack", pack(-14, 0), kstack, value.Stack{T: kstack, Err: 14}},
		{"lost stack", pack(4, 0), kstack, value.Stack{T: kstack, Err: 2}},
		{"tuple", pack(1, 2), pair, value.Seq{T: pair, Elems: []value.Value{
			value.Int{T: types.Uint8, Bits: 1}, value.Int{T: types.Int64, Bits: 2},
		}}},
		{"struct", pack(uint32(5), uint32(0x5f)), pt, value.Seq{T: pt, Elems: []value.Value{
			value.Int{T: types.Int32, Bits: 5}, value.Int{T: types.Uint32, Bits: 5}, value.Null{T: types.Uint64},
		}}},
		{"packed bitfields", pack(uint64(3)<<5, uint32(0x12345204)), packed, value.Seq{T: packed, Elems: []value.Value{
			value.Int{T: types.Int64, Bits: 3 | 1<<61 | 3<<62}, value.Int{T: types.Uint32, Bits: 0x12345},
		}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := event.Decoder{Stacks: frames{3: {1, 2}}}
			got, err := d.Value(tt.b, tt.t)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			_, err = d.Value(tt.b[:len(tt.b)-1], tt.t)
			require.ErrorIs(t, err, event.ErrMalformed)
		})
	}
}

func testEvents() []object.Event {
	str := types.String{Size: 16}
	return []object.Event{
		{Kind: object.EventPrintf, FixedSize: 16, Fields: []object.EventField{
			{Type: str, Offset: 8, Var: true}, {Type: types.Int64}, {Type: types.Buffer{Size: 8}, Offset: 12, Var: true},
		}},
		{Kind: object.EventExit},
		{Kind: object.EventPrintValue, FixedSize: 4, Fields: []object.EventField{{Type: types.Uint64}}},
		{Kind: object.EventPrintValue, FixedSize: 8, Fields: []object.EventField{{Type: types.Uint64, Var: true}}},
		{Kind: object.EventPrintValue, FixedSize: 16, Fields: []object.EventField{{Type: types.Stack{Depth: 3}}}},
	}
}

func TestRecord(t *testing.T) {
	raw := pack(uint32(0), uint32(8+16+3+2), 42, uint32(3), uint32(2), "abcxy", "padding")
	e, id, vals, err := new(event.Decoder).Record(raw, testEvents(), nil)
	require.NoError(t, err)
	require.Zero(t, id)
	require.Equal(t, object.EventPrintf, e.Kind)
	require.Equal(t, []value.Value{
		value.Bytes{T: types.String{Size: 16}, B: []byte("abc")},
		value.Int{T: types.Int64, Bits: 42},
		value.Bytes{T: types.Buffer{Size: 8}, B: []byte("xy")},
	}, vals)
}

func TestMalformedRecord(t *testing.T) {
	for _, tt := range []struct {
		name string
		raw  []byte
	}{
		{"empty", nil},
		{"half a header", pack(uint32(0))},
		{"unknown event", pack(uint32(5), uint32(8))},
		{"too short a length", pack(uint32(1), uint32(7))},
		{"too long a length", pack(uint32(1), uint32(9))},
		{"no fixed part", pack(uint32(0), uint32(8))},
		{"string beyond the end", pack(uint32(0), uint32(24), 1, uint32(1), uint32(0))},
		{"field beyond the fixed part", pack(uint32(2), uint32(12), uint32(0))},
		{"variable integer", pack(uint32(3), uint32(16), 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := new(event.Decoder).Record(tt.raw, testEvents(), nil)
			require.ErrorIs(t, err, event.ErrMalformed)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(pack(uint32(0), uint32(29), 42, uint32(3), uint32(2), "abcxy"))
	f.Add(pack(uint32(4), uint32(24), 3, 0))
	f.Add(pack(uint32(1), uint32(8)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _, vals, err := (&event.Decoder{Stacks: frames{3: {1}}}).Record(raw, testEvents(), nil)
		if err != nil {
			require.ErrorIs(t, err, event.ErrMalformed)
		}
		for _, v := range vals {
			require.NotNil(t, v)
		}
	})
}
