package cdef_test

import (
	"errors"
	"regexp"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/tests/peer"
)

func TestConst(t *testing.T) {
	u, diags := parse(t, `
#define DEC 10
#define HEX 0xffu
#define SUM (DEC + 2) /* behind */
#define NEG (-1)
#define ALL (~0UL)
#define LOW ~0U
#define CHAR 'a'
#define TEXT "a\tb" "c"
#define F(a, b) ((a) * (b))
#define CALL F(DEC, 3)
#define PASTE(a) DEC_##a
#define DEC_X 77
#define PASTED PASTE(X)
#define SELF SELF
#define CALLS printf("x")
#define ZERO (1 / 0)
#define TERNARY (1 > 2 ? 3 : 4)
#define LATER B
#define SIZE sizeof(struct two)
#define CAST ((u8)0x1ff)
#define GONE 1
#undef GONE
#define LONG \
	12
struct two { int a, b; };
enum color { A, B = 5, C, D = -1, E = 1 << 4 };
`)
	require.Empty(t, diags.All())
	for name, want := range map[string]int64{
		"DEC": 10, "HEX": 255, "SUM": 12, "NEG": -1, "LOW": 1<<32 - 1, "CHAR": 'a', "CALL": 30, "PASTED": 77, "TERNARY": 4,
		"LATER": 5, "SIZE": 8, "CAST": 255, "LONG": 12, "A": 0, "C": 6, "D": -1, "E": 16,
	} {
		k, ok := u.Const(name)
		require.True(t, ok, name)
		require.Equal(t, want, k.Int, name)
	}
	all, _ := u.Const("ALL")
	require.Equal(t, cdef.Const{Int: -1, Unsigned: true}, all)
	text, _ := u.Const("TEXT")
	require.Equal(t, cdef.Const{Str: "a\tbc", IsStr: true}, text)
	for _, name := range []string{"SELF", "CALLS", "ZERO", "GONE", "F", "BPFTRACE_HAVE_BTF", "nothing"} {
		_, ok := u.Const(name)
		require.False(t, ok, name)
	}
}

func TestConstantsOfHeaders(t *testing.T) {
	for name, want := range map[string]int64{
		"AF_INET": 2, "AF_INET6": 10, "AF_UNIX": 1, "O_CREAT": 0o100, "O_CLOEXEC": 0o2000000, "S_IFMT": 0o170000, "EPERM": 1,
		"EINPROGRESS": 115, "ERESTARTSYS": 512, "SIGKILL": 9, "PROT_EXEC": 4, "MAP_ANONYMOUS": 0x20, "IPPROTO_UDP": 17,
		"SOCK_DGRAM": 2, "SOL_SOCKET": 1, "CLONE_NEWNS": 0x20000, "ECHO": 8, "PATH_MAX": 4096, "TASK_COMM_LEN": 16,
	} {
		v, ok := cdef.Constant(name)
		require.True(t, ok, name)
		require.Equal(t, want, v, name)
	}
	_, ok := cdef.Constant("NOT_A_CONSTANT")
	require.False(t, ok)
	names := cdef.ConstantNames()
	require.Greater(t, len(names), 1500)
	require.True(t, sort.StringsAreSorted(names))
}

// TestLazy checks that types from outside are asked for when they are needed and not before.
func TestLazy(t *testing.T) {
	asked := []string{}
	outer := &types.Struct{Name: "outer", Size: 24, Align: 8}
	u, diags := parseWith("struct X { struct outer *o; struct Y *y; struct Z *z; }; struct Y { int i; };", cdef.Options{
		Types: func(keyword, name string) (types.Type, error) {
			asked = append(asked, keyword+" "+name)
			if name == "outer" {
				return outer, nil
			}
			return nil, errors.New("no such type")
		},
	})
	require.Empty(t, diags.All())
	x := find(t, u)
	require.Equal(t, 24, x.Size)
	require.Empty(t, asked)
	y, _ := u.Type("struct", "Y")
	members := x.Members()
	require.Equal(t, types.Pointer{Elem: outer}, members[0].Type)
	require.Equal(t, types.Pointer{Elem: y}, members[1].Type)
	require.Equal(t, []string{"struct outer", "struct Z"}, asked)
}

// definitions are what is in a script before its first probe.
var definitions = regexp.MustCompile(`^(?s:(\s*(?:struct|union|enum|typedef|#\w).*\n)(?:BEGIN|begin|END|end)\b)`)

// FuzzParse wants no panic and no hang, whatever the text.
func FuzzParse(f *testing.F) {
	for _, l := range layouts {
		f.Add(l.text)
	}
	f.Add("#define A(x) x x\n#if A(1)\n#else\nenum { B = A(A(2)) };\n#endif")
	cases, err := peer.ReadAll("../../tests/peer/testdata")
	require.NoError(f, err)
	for _, c := range cases {
		if m := definitions.FindStringSubmatch(c.Script); m != nil {
			f.Add(m[1])
		}
	}
	f.Fuzz(func(_ *testing.T, text string) {
		parseWith(text, cdef.Options{})
	})
}

// Each name of the table is found, with the value that its line has.
func TestConstantsAreFound(t *testing.T) {
	names := cdef.ConstantNames()
	require.Greater(t, len(names), 6000)
	require.True(t, slices.IsSorted(names))
	for _, name := range names {
		_, ok := cdef.Constant(name)
		require.True(t, ok, name)
		_, ok = cdef.Constant(name + "$")
		require.False(t, ok, name)
	}
}
