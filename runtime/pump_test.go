package runtime

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// BenchmarkRecord decodes and prints the event of printf("%s %d\n", comm, pid).
func BenchmarkRecord(b *testing.B) {
	p := output.NewText(output.Options{Out: io.Discard})
	s, err := New(Options{Printer: p})
	require.NoError(b, err)
	o := &object.Object{}
	o.Manifest.Events = []object.Event{{
		Kind: object.EventPrintf, Format: "%s %d\n", FixedSize: 8,
		Fields: []object.EventField{{Type: types.String{Size: 16}, Var: true}, {Type: types.Uint32, Offset: 4}},
	}}
	g := &Group{s: s, o: o, formats: []*output.Format{output.NewFormat("%s %d\n")}}
	raw := binary.NativeEndian.AppendUint32(nil, 0)
	raw = binary.NativeEndian.AppendUint32(raw, 20)
	raw = binary.NativeEndian.AppendUint32(raw, 4)
	raw = binary.NativeEndian.AppendUint32(raw, 1234)
	raw = append(raw, "bash"...)
	dec := s.decoder()
	var vals []value.Value
	b.ReportAllocs()
	for b.Loop() {
		if vals, err = g.record(dec, raw, vals[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
