package stdlib_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

func TestSkbOutputType(t *testing.T) {
	sig, ok := stdlib.New().Signature("skboutput")
	require.True(t, ok)
	pointer := func(name string) types.Arg { return types.Arg{Type: types.Pointer{Elem: &types.Struct{Name: name}}} }
	text := func(s string) types.Arg { return types.Arg{Type: types.String{Size: len(s) + 1}, Const: true, Str: s} }
	konst := func(n int64) types.Arg { return types.Arg{Type: types.Int64, Const: true, Int: n} }
	skb, file := pointer("sk_buff"), text("a.pcap")
	for _, c := range []struct {
		name, provider string
		args           []types.Arg
		want           string
	}{
		{"fentry", "fentry", []types.Arg{file, skb, konst(10), konst(0)}, ""},
		{"fexit", "fexit", []types.Arg{file, skb, {Type: types.Uint32}, konst(14)}, ""},
		{"rawtracepoint", "rawtracepoint", []types.Arg{file, skb, konst(10), konst(65535)}, ""},
		{"begin", "begin", []types.Arg{file, skb, konst(10), konst(0)}, `skboutput can not be used with "begin" probes`},
		{"kprobe", "kprobe", []types.Arg{file, skb, konst(10), konst(0)}, `skboutput can not be used with "kprobe" probes`},
		{"number", "fentry", []types.Arg{file, konst(1), konst(10), konst(0)}, "skboutput() only supports pointer arguments (int provided)"},
		{"text", "fentry", []types.Arg{file, text("a"), konst(10), konst(0)}, "skboutput() only supports pointer arguments (string provided)"},
		{"truth", "fentry", []types.Arg{file, {Type: types.Bool{}}, konst(10), konst(0)}, "skboutput() only supports pointer arguments (bool provided)"},
		{"sock", "fentry", []types.Arg{file, pointer("sock"), konst(10), konst(0)}, "skboutput() only supports pointer arguments of 'struct sk_buff *' (struct sock * provided)"},
		{"no file", "fentry", []types.Arg{text(""), skb, konst(10), konst(0)}, "skboutput() needs the name of a file"},
		{"negative offset", "fentry", []types.Arg{file, skb, konst(10), konst(-1)}, "skboutput() leaves out 0 to 65535 bytes (-1 provided)"},
		{"large offset", "fentry", []types.Arg{file, skb, konst(10), konst(65536)}, "skboutput() leaves out 0 to 65535 bytes (65536 provided)"},
	} {
		got, err := sig.ResultOf(c.args, types.Env{Provider: c.provider})
		if c.want != "" {
			require.EqualError(t, err, c.want, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		require.Equal(t, types.Int32, got, c.name)
	}
}
