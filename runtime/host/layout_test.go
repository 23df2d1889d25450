package host_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/tests/testenv"
)

func TestTypeText(t *testing.T) {
	char := &btf.Int{Name: "char", Size: 1, Encoding: btf.Signed}
	long := &btf.Int{Name: "long unsigned int", Size: 8}
	u8 := &btf.Typedef{Name: "u8", Type: &btf.Int{Name: "unsigned char", Size: 1}}
	file := &btf.Struct{Name: "file", Size: 8}
	ptr := func(to btf.Type) btf.Type { return &btf.Pointer{Target: to} }
	call := &btf.FuncProto{Return: ptr(file), Params: []btf.FuncParam{{Type: ptr(&btf.Const{Type: char})}, {Type: long}}}
	whole := &btf.Struct{Name: "foo", Size: 72, Members: []btf.Member{
		{Name: "name", Type: &btf.Array{Type: char, Nelems: 8}},
		{Name: "next", Type: ptr(file), Offset: 64},
		{Name: "path", Type: &btf.Const{Type: ptr(&btf.Const{Type: char})}, Offset: 128},
		{Name: "op", Type: ptr(call), Offset: 192},
		{Name: "ops", Type: ptr(&btf.Array{Type: long, Nelems: 2}), Offset: 256},
		{Name: "a", Type: u8, Offset: 320, BitfieldSize: 3},
		{Name: "b", Type: u8, Offset: 323, BitfieldSize: 5},
		{Type: &btf.Union{Size: 8, Members: []btf.Member{
			{Name: "x", Type: long},
			{Name: "none", Type: &btf.Struct{}},
			{Name: "y", Type: &btf.Struct{Size: 2, Members: []btf.Member{{Name: "z", Type: u8, Offset: 8}}}},
		}}, Offset: 384},
		{Name: "mode", Type: &btf.Enum{Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "BAD", Value: ^uint64(0)}}}, Offset: 448},
		{Name: "grid", Type: &btf.Array{Type: &btf.Array{Type: &btf.Const{Type: u8}, Nelems: 2}, Nelems: 2}, Offset: 480},
		{Name: "end", Type: &btf.Volatile{Type: long}, Offset: 512},
	}}
	tests := []struct {
		name    string
		typ     btf.Type
		offsets bool
		want    string
	}{
		{"C", whole, false, `struct foo {
	char name[8];
	struct file *next;
	const char * const path;
	struct file * (*op)(const char *, long unsigned int);
	long unsigned int (*ops)[2];
	u8 a: 3;
	u8 b: 5;
	union {
		long unsigned int x;
		struct {} none;
		struct {
			u8 z;
		} y;
	};
	enum {
		BAD = -1,
	} mode;
	const u8 grid[2][2];
	volatile long unsigned int end;
};
`},
		{"offsets", whole, true, `struct foo {
	char name[8];                                   /*     0     8 */
	struct file *next;                              /*     8     8 */
	const char * const path;                        /*    16     8 */
	struct file * (*op)(const char *, long unsigned int); /*    24     8 */
	long unsigned int (*ops)[2];                    /*    32     8 */
	u8 a: 3;                                        /*    40.0: 3 bits */
	u8 b: 5;                                        /*    40.3: 5 bits */
	union {
		long unsigned int x;                    /*    48     8 */
		struct {} none;                         /*    48     0 */
		struct {
			u8 z;                           /*    49     1 */
		} y;                                    /*    48     2 */
	};                                              /*    48     8 */
	enum {
		BAD = -1,
	} mode;                                         /*    56     4 */
	const u8 grid[2][2];                            /*    60     4 */
	volatile long unsigned int end;                 /*    64     8 */
};
/* size 72, alignment 8 */
`},
		{"packed", &btf.Struct{Name: "p", Size: 5, Members: []btf.Member{
			{Name: "a", Type: u8},
			{Name: "b", Type: &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}, Offset: 8},
		}}, false, "struct p {\n\tu8 a;\n\tint b;\n} __attribute__((packed));\n"},
		{"enum", &btf.Enum{Name: "e", Size: 1, Values: []btf.EnumValue{{Name: "A", Value: 7}}}, true, "enum e {\n\tA = 7,\n} __attribute__((mode(byte)));\n/* size 1 */\n"},
		{"typedef", &btf.Typedef{Name: "fn_t", Type: ptr(&btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{{Type: char}, {Type: &btf.Void{}}}})}, false, "typedef void (*fn_t)(char, ...);\n"},
		{"no parameters", &btf.Typedef{Name: "f", Type: ptr(&btf.FuncProto{Return: char})}, true, "typedef char (*f)(void);\n/* size 8 */\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, host.TypeText(tt.typ, host.LayoutOptions{Offsets: tt.offsets}))
		})
	}
}

// TestWriteType checks the offsets of a type of the running kernel against those that scripts get.
func TestWriteType(t *testing.T) {
	testenv.Privileged(t)
	h := host.New()
	if !h.HasBTF() {
		testenv.Skip(t, testenv.Host, "needs a kernel that describes its types")
	}
	var b bytes.Buffer
	require.NoError(t, h.WriteType(&b, "struct", "task_struct", host.LayoutOptions{Offsets: true}))
	require.Regexp(t, `(?m)^\tchar comm\[16\]; +/\* +\d+ +16 \*/$`, b.String())
	require.Regexp(t, `(?m)^\tstruct mm_struct \*mm; +/\* +\d+ +8 \*/$`, b.String())
	require.True(t, strings.HasPrefix(b.String(), "struct task_struct {\n"))
	require.ErrorIs(t, h.WriteType(&b, "struct", "no_such_struct", host.LayoutOptions{}), host.ErrNoType)
	require.ErrorIs(t, h.WriteType(&b, "struct", "", host.LayoutOptions{}), host.ErrNoType)
	require.NotEmpty(t, h.EnumeratorNames())
	require.NotEmpty(t, h.SymbolNames())
}
