package object_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
)

func TestManifestRoundTrip(t *testing.T) {
	m := object.Manifest{
		Programs: []object.Program{{Name: "gt_0", Probes: []attach.Probe{
			{Provider: "kprobe", Name: "kprobe:f", Kind: attach.KindKprobe, Func: "f", Offset: 16, Return: true},
		}}},
		Maps: []object.Map{
			{Name: "@", Spec: "gt_m0", Value: types.Count{}, PerCPU: true, Presence: true},
			{Name: "@x", Spec: "gt_m1", Key: types.Tuple{Elems: []types.Type{types.String{Size: 16}, types.Int64}}, Value: types.Hist{Bits: 3}},
		},
		Events: []object.Event{{
			Kind: object.EventPrintf, Format: "%s %d\n", FixedSize: 16, Map: "@x", Top: 3, Div: 2, Message: "m", Helper: "h",
			Place:  object.Place{Source: 0, Start: 3, End: 9},
			Fields: []object.EventField{{Type: types.String{Size: 64}, Offset: 0, Var: true}, {Type: types.Uint32, Offset: 8}},
		}},
		Config:  object.Config{PrintMapsOnExit: true, StrTruncTrailer: "..", MaxMapKeys: 4096, MaxStrlen: 1024, LogSize: 7},
		Sources: []object.Source{{Name: "stdin", Text: "BEGIN {}"}},
	}
	data, err := json.Marshal(m)
	require.NoError(t, err)
	var back object.Manifest
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, m, back)

	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
}

func TestManifestRejectsUnknownType(t *testing.T) {
	var m object.Map
	require.ErrorContains(t, json.Unmarshal([]byte(`{"Name":"@x","Value":{"kind":"nope"}}`), &m), "unknown kind")
	var f object.EventField
	require.ErrorContains(t, json.Unmarshal([]byte(`{"Type":{"kind":"nope"}}`), &f), "unknown kind")
}
