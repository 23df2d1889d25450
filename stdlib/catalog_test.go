package stdlib_test

import (
	"fmt"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

var _ check.Builtins = (*stdlib.Catalog)(nil)

func TestEveryBuiltinIsComplete(t *testing.T) {
	c := stdlib.New()
	names := c.Names()
	require.True(t, sort.StringsAreSorted(names))
	for _, name := range names {
		b, ok := c.Lookup(name)
		require.True(t, ok, name)
		require.Equal(t, name, b.Name)
		require.NotEmpty(t, b.Doc, name)
		require.True(t, (b.Result == nil) != (b.ResultOf == nil), "%s: one of Result and ResultOf", name)
		require.True(t, (b.Lower == nil) == b.Aggregate, "%s: Lower", name)
		require.True(t, (b.Update != nil) == b.Aggregate, "%s: Update", name)
		require.False(t, len(b.Params) > 0 && !b.Call, "%s: parameters without a call", name)
		optional := false
		for _, p := range b.Params {
			require.False(t, optional && !p.Optional, "%s: a required parameter after an optional one", name)
			optional = p.Optional
		}
	}
}

// The names of the language, by hand from its manual: a name that is missing here would be "unknown" to a script.
func TestEveryNameOfTheLanguageIsKnown(t *testing.T) {
	c := stdlib.New()
	for _, name := range []string{
		"pid", "tid", "ppid", "pcomm", "leader_tid", "leader_comm", "comm", "uid", "gid", "username", "cpu", "numaid", "ncpus",
		"cgroup", "cgroupid", "cgroup_path", "curtask", "ctx", "cpid", "has_cpid", "nsecs", "elapsed", "jiffies", "rand", "retval",
		"arg0", "arg9", "arg255", "args", "func", "reg", "probe", "probetype", "usermode", "str", "strlen", "strncmp", "strstr",
		"buf", "ntop", "pton", "macaddr", "bswap", "path", "ksym", "usym", "kstack", "ustack", "kaddr", "uaddr", "kptr", "uptr", "len",
		"strftime", "delete", "clear", "zero", "printf", "print", "cat", "join", "system", "time", "exit", "signal", "override",
		"count", "sum", "min", "max", "avg", "stats", "hist", "lhist", "tseries",
	} {
		_, ok := c.Signature(name)
		require.True(t, ok, name)
	}
	for _, name := range []string{"arg", "arg256", "arg01", "argx", "nothing", ""} {
		_, ok := c.Signature(name)
		require.False(t, ok, name)
	}
}

func TestResultTypes(t *testing.T) {
	env := types.Env{MaxStrlen: 1024, StackMode: "bpftrace", Provider: "tracepoint"}
	konst := func(n int64) types.Arg { return types.Arg{Type: types.Int64, Const: true, Int: n} }
	signed, unsigned := types.Arg{Type: types.Int32}, types.Arg{Type: types.Uint64}
	text := types.Arg{Type: types.String{Size: 64}}
	pointer := types.Arg{Type: types.Pointer{Elem: types.Int8}}
	for _, c := range []struct {
		name string
		args []types.Arg
		want string
	}{
		{"count", nil, "count_t"},
		{"sum", []types.Arg{signed}, "sum_t"},
		{"sum", []types.Arg{unsigned}, "usum_t"},
		{"min", []types.Arg{signed}, "min_t"},
		{"stats", []types.Arg{unsigned}, "ustats_t"},
		{"hist", []types.Arg{signed}, "hist_t"},
		{"hist", []types.Arg{signed, konst(6)}, "hist: bits 6 must be 0..5"},
		{"lhist", []types.Arg{signed, konst(0), konst(10), konst(2)}, "lhist_t"},
		{"lhist", []types.Arg{signed, konst(10), konst(0), konst(2)}, "lhist() min must be less than max (provided min 10 and max 0)"},
		{"lhist", []types.Arg{signed, konst(0), konst(5000), konst(1)}, "lhist() too many buckets, must be <= 1000 (would need 5000)"},
		{"str", []types.Arg{pointer}, "string[1024]"},
		{"str", []types.Arg{pointer, konst(8)}, "string[9]"},
		{"str", []types.Arg{pointer, konst(-1)}, "str cannot use negative length (-1)"},
		{"str", []types.Arg{pointer, konst(4096)}, "string[1024]"},
		{"strstr", []types.Arg{{Type: types.String{Size: 5000}}, {Type: types.String{Size: 4000}}}, "strstr() looks for and in at most 8192 bytes (9000 provided); str(p, n) makes strings of at most n"},
		{"buf", []types.Arg{pointer, konst(8)}, "buffer[8]"},
		{"buf", []types.Arg{pointer, konst(4096)}, "buffer[1024]"},
		{"pton", []types.Arg{{Type: text.Type, Const: true, Str: "::1"}}, "uint8[16]"},
		{"pton", []types.Arg{{Type: text.Type, Const: true, Str: "1.2.3"}}, "pton() expects a valid IPv4/IPv6 address, got 1.2.3"},
		{"macaddr", []types.Arg{{Type: types.Array{Elem: types.Uint8, Len: 4}}}, "macaddr() argument must be at least 6 bytes in size"},
		{"fail", []types.Arg{{Const: true, Str: "100%% of %s"}, {Const: true, Str: "it"}}, "100% of it"},
		{"assert", []types.Arg{signed, text}, "void"},
		{"assert", []types.Arg{signed, unsigned}, "void"},
		{"assert", []types.Arg{signed, pointer}, "assert() expects a text or a number as its message (int8 * provided)"},
		{"static_assert", []types.Arg{konst(0), {Const: true, Str: "no"}}, "no"},
		{"signal", []types.Arg{{Type: text.Type, Const: true, Str: "FOO"}}, "Invalid string for signal: FOO"},
		{"signal", []types.Arg{{Type: text.Type, Const: true, Str: "SIGKILL"}}, "void"},
		{"signal", []types.Arg{text}, "signal() accepts a string literal or an integer"},
		{"signal", []types.Arg{konst(65)}, "signal() accepts a string literal or an integer between 1 and 64 (inclusive)"},
		{"override", []types.Arg{konst(65)}, "override() can not be used with 'tracepoint' probes"},
		{"ppid", nil, "ppid needs the types of the kernel (BTF)"},
		{"kaddr", []types.Arg{{Const: true, Str: "x"}}, "Failed to resolve kernel symbol: x"},
		{"reg", []types.Arg{{Const: true, Str: "x9z"}}, "'x9z' is not a valid register on this architecture"},
		{"reg", []types.Arg{{Const: true, Str: "ip"}}, "The reg builtin can not be used with 'tracepoint' probes"},
		{"quantile", []types.Arg{signed, konst(50), konst(999)}, "quantile_t"},
		{"quantile", []types.Arg{signed, konst(0), konst(5), konst(100), {Const: true, Str: "99.95"}, {Const: true, Str: "count"}}, "quantile_t"},
		{"quantile", []types.Arg{signed, konst(-1)}, `quantile() takes literal percentages: 50 is 50%, 999 or "99.9" is 99.9%, "min", "max" and "count" (-1 provided)`},
		{"quantile", []types.Arg{signed, {Const: true, Str: "p50"}}, `quantile() takes literal percentages: 50 is 50%, 999 or "99.9" is 99.9%, "min", "max" and "count" ("p50" provided)`},
		{"quantile", []types.Arg{signed, konst(999), {Const: true, Str: "99.9"}}, "quantile() prints each percentage once (99.9 provided twice)"},
		{"llhist", []types.Arg{signed}, "llhist_t"},
		{"kstack", nil, "kstack_bpftrace_127"},
		{"kstack", []types.Arg{{Name: "nonsense"}}, "Error parsing stack mode: kstack: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id."},
		{"kstack", []types.Arg{konst(-1)}, "a stack's depth must not be negative (-1 provided)"},
	} {
		t.Run(fmt.Sprintf("%s %d", c.name, len(c.args)), func(t *testing.T) {
			sig, _ := stdlib.New().Signature(c.name)
			got, err := sig.ResultOf(c.args, env)
			if err != nil {
				require.Equal(t, c.want, err.Error())
				return
			}
			require.Equal(t, c.want, got.String())
		})
	}
}
