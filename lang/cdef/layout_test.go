package cdef_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/tests/testenv"
)

func parse(t *testing.T, text string) (*cdef.Unit, *diag.List) {
	t.Helper()
	return parseWith(text, cdef.Options{})
}

func parseWith(text string, opts cdef.Options) (*cdef.Unit, *diag.List) {
	diags := &diag.List{}
	f := diag.NewFile("x.bt", text)
	return cdef.Parse([]diag.Span{{File: f, End: len(text)}}, opts, diags), diags
}

// layouts are definitions of one type each, all named X, and how gcc lays them out: size, alignment, and the byte offset
// of each member that has an address.
var layouts = []struct{ name, text, want string }{
	{"scalars", "struct X { char a; short b; int c; long d; };", "16 8 a@0 b@2 c@4 d@8"},
	{"tail padding", "struct X { long a; char b; };", "16 8 a@0 b@8"},
	{"packed behind", "struct X { char a; int b; short c; } __attribute__((packed));", "7 1 a@0 b@1 c@5"},
	{"packed before", "struct __attribute__((packed)) X { char a; long b; struct { int x; char y; }; };", "17 1 a@0 b@1 x@9 y@13"},
	{"packed member", "struct X { char a; long b __attribute__((packed)); char c; };", "10 1 a@0 b@1 c@9"},
	{"aligned", "struct X { char a; } __attribute__((aligned(16)));", "16 16 a@0"},
	{"aligned without number", "struct X { char a; } __attribute__((aligned));", "16 16 a@0"},
	{"aligned before", "struct __attribute__((aligned(32))) X { char a; int b; };", "32 32 a@0 b@4"},
	{"packed and aligned", "struct X { char a; int b; } __attribute__((packed, aligned(4)));", "8 4 a@0 b@1"},
	{"aligned member", "struct X { char a; int b __attribute__((aligned(32))); char c; };", "64 32 a@0 b@32 c@36"},
	{"packed with aligned member", "struct X { char a; int b __attribute__((aligned(4))); char c; } __attribute__((packed));", "12 4 a@0 b@4 c@8"},
	{"bits", "struct X { char a; int b:3; int c:13; int d; };", "8 4 a@0 d@4"},
	{"bits cross", "struct X { int a:20; int b:20; char c; };", "8 4 c@7"},
	{"bits of long", "struct X { char a; long b:33; char c; };", "8 8 a@0 c@6"},
	{"bits packed", "struct X { char a; int b:3; int c:13; long long d:40; char e; } __attribute__((packed));", "9 1 a@0 e@8"},
	{"bits of no width", "struct X { char a:3; int :0; char b; };", "5 1 b@4"},
	{"bits of no width packed", "struct X { char a:3; int :0; char b; } __attribute__((packed));", "5 1 b@4"},
	{"bits without name", "struct X { char a; int :5; char b; };", "3 1 a@0 b@2"},
	{"bits of char", "struct X { unsigned char a:4, b:4; unsigned short c; };", "4 2 c@2"},
	{"bits then long", "struct X { unsigned a:1; long b; };", "16 8 b@8"},
	{"bits of bool", "struct X { _Bool a:1; _Bool b:1; int c; };", "8 4 c@4"},
	{"union", "union X { char a[5]; int b; short c; };", "8 4 a@0 b@0 c@0"},
	{"union packed", "union X { char a[5]; int b; } __attribute__((packed));", "5 1 a@0 b@0"},
	{"union of bits", "union X { int a:3; long b:40; };", "8 8"},
	{"anonymous union", "struct X { int a; union { long b; char c; }; int d; };", "24 8 a@0 b@8 c@8 d@16"},
	{"nested", "struct X { char a; struct Y { short b; long c; } d; char e; };", "32 8 a@0 d@8 e@24"},
	{"arrays", "struct X { char a[3]; int b[2][3]; char c[]; };", "28 4 a@0 b@4 c@28"},
	{"array of nothing", "struct X { char a; long b[0]; };", "8 8 a@0 b@8"},
	{
		"pointers", "struct X { char a; struct Y *b; int (*c)(int, char *); void **d; char *e[2]; int (*f)[4]; };",
		"56 8 a@0 b@8 c@16 d@24 e@32 f@48",
	},
	{"floats", "struct X { char a; float b; double c; long double d; };", "32 16 a@0 b@4 c@8 d@16"},
	{"wide", "struct X { char a; __int128 b; };", "32 16 a@0 b@16"},
	{"enum", "enum E { A, B }; struct X { char a; enum E b; };", "8 4 a@0 b@4"},
	{"large enum", "enum E { A = 1L << 40 }; struct X { char a; enum E b; };", "16 8 a@0 b@8"},
	{"packed enum", "enum E { A = 200 } __attribute__((packed)); struct X { char a; enum E b; };", "2 1 a@0 b@1"},
	{"typedef", "typedef unsigned long ul; typedef struct { ul a; int b; } in; struct X { char a; in b; ul c[2]; };", "40 8 a@0 b@8 c@24"},
	{"typedef aligned", "typedef int wide __attribute__((aligned(16))); struct X { char a; wide b; };", "32 16 a@0 b@16"},
	{"multiple names", "struct X { int a, *b, c[2]; };", "24 8 a@0 b@8 c@16"},
	{
		"words in any order", "struct X { long unsigned int a; int long long b; short int c; signed char d; int unsigned e; };",
		"24 8 a@0 b@8 c@16 d@18 e@20",
	},
	{"qualifiers", "struct X { const volatile int a; char *const b; const struct X *c; };", "24 8 a@0 b@8 c@16"},
	{
		"computed bounds", "#define N (2 * 3)\nenum { K = N + 1 }; struct X { char a[N]; char b[K << 1]; short c[sizeof(long)]; };",
		"36 2 a@0 b@6 c@20",
	},
	{"empty", "struct X { };", "0 1"},
	{"typeof", "struct X { char a; __typeof__(1UL + 1) b; __typeof__(short[3]) c; };", "24 8 a@0 b@8 c@16"},
	{"sizeof a string", "#define S(x) #x\nstruct X { char a[sizeof(S(a b))]; char b[sizeof(1UL)]; char c[sizeof 4]; };", "16 1 a@0 b@4 c@12"},
	{"vector", "typedef int v __attribute__((vector_size(16))); struct X { char a; v b; short c __attribute__((vector_size(8))); };", "48 16 a@0 b@16 c@32"},
	{"atomic", "struct X { char a; _Atomic(short) b; _Atomic int c; };", "8 4 a@0 b@2 c@4"},
	{"pragma in a macro", "_Pragma(\"pack(1)\") struct X { char a; int b; };", "5 1 a@0 b@1"},
	{"sizes known beforehand", "struct X { char a[__SIZEOF_POINTER__ * __CHAR_BIT__ + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)]; };", "65 1 a@0"},
	{
		"what headers ask", "#ifdef __has_include\n#if __has_include(<stdint.h>) && !__has_include(\"nosuch.h\") && __has_attribute(packed)\n" +
			"struct X { char a; };\n#endif\n#endif", "1 1 a@0",
	},
	{
		"functions and variables", "static inline int f(int a) { return a; }\nint g(a, b) char a; int b; { return 0; }\nint h(void) __asm__(\"x\");\n" +
			"static const int n = 5, m[] = { 1, (2 + 3) };\nint (*t[2])(int) = { 0, 0 };\n__asm__(\"nop\");\n_Noreturn void z(void);\nstruct X { char a; };",
		"1 1 a@0",
	},
	{"typedef twice", "typedef int t; typedef int t; typedef struct s s; struct s { int a; }; typedef struct s s; struct X { t a; s b; };", "8 4 a@0 b@4"},
	{"pack", "#pragma pack(1)\nstruct X { char a; long b; short c; };", "11 1 a@0 b@1 c@9"},
	{"pack to 2", "#pragma pack(2)\nstruct X { char a; long b; char c[3]; int *d; };", "22 2 a@0 b@2 c@10 d@14"},
	{"pack and pop", "#pragma pack(push, 1)\n#pragma pack(pop)\nstruct X { char a; long b; };", "16 8 a@0 b@8"},
	{"pack nested", "#pragma pack(push, 4)\n#pragma pack(push)\n#pragma pack(1)\n#pragma pack(pop)\nstruct X { char a; long b; };", "12 4 a@0 b@4"},
	{
		"pack by name", "#pragma pack(push, outer, 2)\n#pragma pack(push, 1)\n#pragma pack(push, 8)\n#pragma pack(pop, outer)\nstruct X { char a; long b; };",
		"16 8 a@0 b@8",
	},
	{"pack ended", "#pragma pack(1)\n#pragma pack()\nstruct X { char a; long b; };", "16 8 a@0 b@8"},
	{"pack of 0", "#pragma pack(1)\n#pragma pack(0)\nstruct X { char a; long b; };", "16 8 a@0 b@8"},
	{"pack popped too often", "#pragma pack(2)\n#pragma pack(pop)\nstruct X { char a; long b; };", "10 2 a@0 b@2"},
	{"pack begins between", "struct Y { char a; long b; };\n#pragma pack(1)\nstruct X { char a; struct Y b; };", "17 1 a@0 b@1"},
	{"pack in a condition", "#if 0\n#pragma pack(1)\n#endif\nstruct X { char a; long b; };", "16 8 a@0 b@8"},
	{"pack larger than all", "#pragma pack(16)\nstruct X { char a; long b; };", "16 8 a@0 b@8"},
	{"pack and long double", "#pragma pack(8)\nstruct X { char a; long double b; };", "24 8 a@0 b@8"},
	{"pack and aligned member", "#pragma pack(2)\nstruct X { char a; int b __attribute__((aligned(8))); };", "6 2 a@0 b@2"},
	{"pack and aligned struct", "#pragma pack(2)\nstruct X { char a; long b; } __attribute__((aligned(16)));", "16 16 a@0 b@2"},
	{"pack and packed", "#pragma pack(2)\nstruct X { char a; long b; } __attribute__((packed));", "9 1 a@0 b@1"},
	{"pack and bits", "#pragma pack(2)\nstruct X { char a; int b:20; int c:20; char d; };", "8 2 a@0 d@6"},
	{"pack of 8 and bits", "#pragma pack(8)\nstruct X { int b:20; int c:20; char d; };", "8 4 d@5"},
	{"pack and aligned bits", "#pragma pack(2)\nstruct X { int b:20; int c:20 __attribute__((aligned(4))); char d; };", "8 2 d@7"},
	{"pack and bits over 8 bytes", "#pragma pack(1)\nstruct X { int b:20; int c:20; long e:60; char d; };", "14 1 d@13"},
	{"pack and bits of no width", "#pragma pack(1)\nstruct X { char a:3; long :0; char b; };", "9 1 b@8"},
	{"pack union", "#pragma pack(1)\nunion X { char a[5]; int b; };", "5 1 a@0 b@0"},
	{"pack anonymous", "#pragma pack(2)\nstruct X { char a; struct { char x; long y; }; };", "12 2 a@0 x@2 y@4"},
}

func TestLayout(t *testing.T) {
	for _, tt := range layouts {
		t.Run(tt.name, func(t *testing.T) {
			u, diags := parse(t, tt.text)
			require.False(t, diags.HasErrors())
			require.Equal(t, tt.want, describe(t, find(t, u)))
		})
	}
}

func find(t *testing.T, u *cdef.Unit) *types.Struct {
	for _, k := range []string{"struct", "union"} {
		if x, ok := u.Type(k, "X"); ok {
			return x.(*types.Struct)
		}
	}
	t.Fatal("no type X")
	return nil
}

func describe(t *testing.T, s *types.Struct) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d", s.Size, s.Align)
	for _, name := range types.FieldNames(s) {
		path, ok := types.Lookup(s, name)
		require.True(t, ok)
		if path[len(path)-1].BitSize > 0 {
			continue
		}
		offset := 0
		for _, f := range path {
			offset += f.Offset
		}
		fmt.Fprintf(&b, " %s@%d", name, offset)
	}
	return b.String()
}

// TestLayoutByGCC asks gcc whether the table is right.
func TestLayoutByGCC(t *testing.T) {
	testenv.Program(t, "gcc")
	for _, tt := range layouts {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			keyword := "struct"
			if strings.Contains(tt.text, "union X") {
				keyword = "union"
			}
			source := tt.text + "\n"
			words := strings.Fields(tt.want)
			source += fmt.Sprintf("_Static_assert(sizeof(%[1]s X) == %[2]s, \"size\");\n_Static_assert(_Alignof(%[1]s X) == %[3]s, \"align\");\n",
				keyword, words[0], words[1])
			for _, w := range words[2:] {
				name, offset, _ := strings.Cut(w, "@")
				source += fmt.Sprintf("_Static_assert(__builtin_offsetof(%s X, %s) == %s, %q);\n", keyword, name, offset, name)
			}
			cmd := exec.Command("gcc", "-x", "c", "-c", "-w", "-o", filepath.Join(t.TempDir(), "x.o"), "-")
			cmd.Stdin = strings.NewReader(source)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
		})
	}
}

func TestBitfields(t *testing.T) {
	u, diags := parse(t, "struct X { char a; int b:3; unsigned c:13; unsigned char d:1, e:2; long f:50; };")
	require.Empty(t, diags.All())
	var got []string
	for _, f := range find(t, u).Members() {
		got = append(got, fmt.Sprintf("%s@%d+%d:%d", f.Name, f.Offset, f.BitOffset, f.BitSize))
	}
	require.Equal(t, []string{"a@0+0:0", "b@0+8:3", "c@0+11:13", "d@3+0:1", "e@3+1:2", "f@8+0:50"}, got)
}

// TestBracketAttributes has attributes that clang takes in C17, and gcc not before C23.
func TestBracketAttributes(t *testing.T) {
	u, diags := parse(t, "struct [[gnu::packed]] X { char a; int b [[gnu::aligned(16)]]; char c[2] [[deprecated]]; };")
	require.Empty(t, diags.All())
	require.Equal(t, "32 16 a@0 b@16 c@20", describe(t, find(t, u)))
}

// TestPackBesideGCC has what clang takes and gcc does not.
func TestPackBesideGCC(t *testing.T) {
	const body = "\nstruct X { char a; long b; };"
	for _, tt := range []struct{ name, text, want, warning string }{
		{"pop to a number", "#pragma pack(push, 1)\n#pragma pack(pop, 4)", "12 4 a@0 b@4", ""},
		{"macro", "#define N 2\n#pragma pack(N)", "10 2 a@0 b@2", ""},
		{"show", "#pragma pack(1)\n#pragma pack(show)", "9 1 a@0 b@1", ""},
		{"no power of 2", "#pragma pack(1)\n#pragma pack(3)", "9 1 a@0 b@1", "takes 1, 2, 4, 8 or 16, not '3'"},
		{"push of a wrong number", "#pragma pack(push, 32)", "16 8 a@0 b@8", "not '32'"},
		{"no parentheses", "#pragma pack 1", "16 8 a@0 b@8", "malformed"},
		{"no comma", "#pragma pack(push 1)", "16 8 a@0 b@8", "malformed"},
		{"nothing behind a comma", "#pragma pack(push,)", "16 8 a@0 b@8", "malformed"},
		{"nothing pushed", "#pragma pack(1)\n#pragma pack(pop)", "9 1 a@0 b@1", "without a #pragma pack(push)"},
		{"nothing pushed by that name", "#pragma pack(push, a, 1)\n#pragma pack(pop, b)", "9 1 a@0 b@1", "without a #pragma pack(push)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, diags := parse(t, tt.text+body)
			require.False(t, diags.HasErrors())
			require.Equal(t, tt.want, describe(t, find(t, u)))
			if tt.warning == "" {
				require.Empty(t, diags.All())
				return
			}
			require.Len(t, diags.All(), 1)
			require.Contains(t, diags.All()[0].Message, tt.warning)
		})
	}
}
