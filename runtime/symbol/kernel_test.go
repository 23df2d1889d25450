package symbol_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/symbol"
)

const kallsyms = `ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81002000 t second
ffffffff81001000 T first
ffffffff82000000 D data
not a line
ffffffffc0000000 t ext_fn	[ext]
ffffffffc0000100 t first	[ext]
`

func mustReadKernel(t *testing.T, text string) *symbol.KernelTable {
	t.Helper()
	k, err := symbol.ReadKernel(strings.NewReader(text))
	require.NoError(t, err)
	return k
}

func TestKernelLookup(t *testing.T) {
	k := mustReadKernel(t, kallsyms)
	require.Equal(t, 7, k.Len())
	tests := []struct {
		addr   uint64
		name   string
		offset uint64
		module string
	}{
		{0xffffffff81000000, "_text", 0, ""}, // the last of those at an address
		{0xffffffff81000fff, "_text", 0xfff, ""},
		{0xffffffff81001000, "first", 0, ""},
		{0xffffffff81002010, "second", 0x10, ""},
		{0xffffffff82000010, "second", 0xffe010, ""}, // data is no function
		{0xffffffffc0000001, "ext_fn", 1, "ext"},
		{0xffffffffffffffff, "first", 0x3ffffeff, "ext"},
	}
	for _, test := range tests {
		s, offset, ok := k.Lookup(test.addr)
		require.True(t, ok, "%x", test.addr)
		require.Equal(t, test.name, s.Name, "%x", test.addr)
		require.Equal(t, test.offset, offset, "%x", test.addr)
		require.Equal(t, test.module, s.Module, "%x", test.addr)
	}
	_, _, ok := k.Lookup(0x10)
	require.False(t, ok)
}

// The offsets in per-CPU memory are symbols, too, below everything else.
func TestKernelLookupBelowAllFunctions(t *testing.T) {
	k := mustReadKernel(t, "0000000000001000 A fixed\n000000000002b000 A __per_cpu_end\n"+kallsyms)
	for _, addr := range []uint64{0x1000, 0x1234, 0x7fff00001234, 0xffff888001234000} {
		_, _, ok := k.Lookup(addr)
		require.False(t, ok, "%x", addr)
	}
	s, _, ok := k.Lookup(0xffffffff81001000)
	require.True(t, ok)
	require.Equal(t, "first", s.Name)
}

func TestKernelByName(t *testing.T) {
	k := mustReadKernel(t, kallsyms)
	s, ok := k.ByName("first")
	require.True(t, ok)
	require.Equal(t, symbol.KernelSymbol{Name: "first", Addr: 0xffffffff81001000, Kind: 'T'}, s)
	require.True(t, s.IsFunction())
	s, ok = k.ByName("data")
	require.True(t, ok)
	require.False(t, s.IsFunction())
	_, ok = k.ByName("missing")
	require.False(t, ok)
}

func TestKernelHiddenAddresses(t *testing.T) {
	k := mustReadKernel(t, "0000000000000000 T a\n0000000000000000 T b\n")
	_, _, ok := k.Lookup(0xffffffff81000000)
	require.False(t, ok, "kernel.kptr_restrict hides all addresses")
	_, ok = k.ByName("b")
	require.True(t, ok, "names are known nevertheless")
}

func FuzzReadKernel(f *testing.F) {
	f.Add(kallsyms)
	f.Add("ffffffffffffffffff T x\nf T \n")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := symbol.ReadKernel(strings.NewReader(text))
		if err != nil {
			return
		}
		for s := range k.All {
			k.Lookup(s.Addr)
			k.ByName(s.Name)
		}
	})
}

func BenchmarkReadKernel(b *testing.B) {
	text := strings.Repeat("ffffffff81001000 T some_function_name\n", 120_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := symbol.ReadKernel(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
