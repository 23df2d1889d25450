package link_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/link"
	"github.com/gtrace/gtrace/lang/types"
)

// convert stands for the host's conversion of C types, as far as the functions of the test object need it.
func convert(t btf.Type) types.Type {
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		if t.Encoding == btf.Bool {
			return types.Bool{}
		}
		return types.Int{Size: int(t.Size), Signed: t.Encoding == btf.Signed}
	case *btf.Enum:
		return &types.Enum{Name: t.Name, Size: int(t.Size), Signed: t.Signed}
	case *btf.Pointer:
		return types.Pointer{Elem: convert(t.Target)}
	case *btf.Struct:
		return &types.Struct{Name: t.Name, Size: int(t.Size)}
	default:
		return types.Void{}
	}
}

func object(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/calls.bpf.o")
	require.NoError(t, err)
	return data
}

func loaded(t *testing.T) *link.Set {
	t.Helper()
	s := link.NewSet(convert)
	require.NoError(t, s.Add("calls.bpf.o", object(t)))
	return s
}

func TestSignatures(t *testing.T) {
	s := loaded(t)
	tests := []struct{ name, params, result, problem string }{
		{"add", "a int32, b int32", "int32", ""},
		{"next", "c uint8", "uint8", ""},
		{"negative", "", "int64", ""},
		{"even", "n int32", "bool", ""},
		{"color_of", "n int32", "uint32", ""},
		{"ignore", "n int32", "void", ""},
		{"tally", "key uint32, n uint64", "uint64", ""},
		{"sum_point", "p struct point *", "int32", ""},
		{"of_wide", "w struct wide", "int32", "it takes a struct wide by value, which no register holds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, ok := s.External(test.name)
			require.True(t, ok)
			var params []string
			for _, p := range f.Params {
				params = append(params, p.Name+" "+p.Type.String())
			}
			require.Equal(t, test.params, strings.Join(params, ", "))
			require.Equal(t, test.result, f.Result.String())
			require.Equal(t, test.problem, f.Problem)
		})
	}
}

func TestNames(t *testing.T) {
	s := loaded(t)
	for _, name := range []string{"thrice", "add_to", "a_program", "nope"} {
		_, ok := s.External(name)
		require.False(t, ok, "%s is static, a program, or not there", name)
	}
	require.Contains(t, s.ExternalNames(), "triple")
	point, ok := s.ExternalType("struct", "point")
	require.True(t, ok)
	require.Equal(t, 8, types.Sizeof(point))
	_, ok = s.ExternalType("union", "point")
	require.False(t, ok)
	var none *link.Set
	_, ok = none.External("add")
	require.False(t, ok)
}

// TestExtent counts what calls take: thrice() is inside of triple(), and much_stack() has 300 bytes.
func TestExtent(t *testing.T) {
	s := loaded(t)
	triple, _ := s.External("triple")
	require.Equal(t, [2]int{2, 64}, [2]int{triple.Depth, triple.Stack})
	much, _ := s.External("much_stack")
	require.Equal(t, 1, much.Depth)
	require.Equal(t, 320, much.Stack)
}

func TestBadObjects(t *testing.T) {
	good := object(t)
	foreign := bytes.Clone(good)
	foreign[18] = 62 // an object for x86-64
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "no BPF object file of this byte order"},
		{"text", []byte(strings.Repeat("int main;\n", 20)), "no BPF object file of this byte order"},
		{"another machine", foreign, "no BPF object file of this byte order"},
		{"cut", good[:len(good)/2], "the file is cut short"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.EqualError(t, link.NewSet(convert).Add("x.o", test.data), test.want)
		})
	}
}

// TestBrokenObjects changes one byte here and there: whatever the object says then, it is read or refused.
func TestBrokenObjects(t *testing.T) {
	good := object(t)
	for i := 0; i < len(good); i += 23 {
		bad := bytes.Clone(good)
		bad[i] ^= 0xff
		_ = link.NewSet(convert).Add("x.o", bad)
	}
}

func TestClash(t *testing.T) {
	s := loaded(t)
	require.EqualError(t, s.Add("other.o", object(t)), `it defines add(), as "calls.bpf.o" does`)
	for name, want := range map[string]string{
		"larger.bpf.o": `it defines the map seen in another way than "calls.bpf.o" does`,
		"total.bpf.o":  `it defines the variable total, as "calls.bpf.o" does: make it static, or define it once`,
	} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		require.NoError(t, link.NewSet(convert).Add(name, data), "by itself it is right")
		require.EqualError(t, s.Add(name, data), want)
	}
}

func TestLink(t *testing.T) {
	s := loaded(t)
	symbol := func(name string) string {
		f, ok := s.External(name)
		require.True(t, ok)
		return f.Symbol
	}
	spec := &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{}, Programs: map[string]*ebpf.ProgramSpec{}}
	p := &ebpf.ProgramSpec{Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}}
	s.Link(spec, p, []string{symbol("triple"), symbol("six_times"), symbol("tally"), symbol("count_up")})
	var functions []string
	for i := range p.Instructions {
		in := &p.Instructions[i]
		if name := in.Symbol(); name != "" {
			functions = append(functions, name)
			require.Equal(t, btf.StaticFunc, btf.FuncMetadata(in).Linkage)
		}
	}
	require.Equal(t, []string{
		"lib0.triple", "lib0.thrice", "lib0.six_times", "lib0.tally", "lib0.add_to", "lib0.count_up",
	}, functions, "each once")
	require.Len(t, spec.Maps, 2)
	require.Equal(t, ebpf.Hash, spec.Maps["lib0.seen"].Type)
	require.Equal(t, ebpf.Array, spec.Maps["lib0..bss"].Type)
}
