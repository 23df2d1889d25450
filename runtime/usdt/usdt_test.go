package usdt

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseArgs(t *testing.T) {
	tests := []struct {
		arch, text string
		want       []Arg
		err        string
	}{
		{"amd64", "", nil, ""},
		{"amd64", "8@%rdi  -4@%eax", []Arg{{Size: 8, Kind: ArgReg, Reg: "rdi"}, {Size: 4, Signed: true, Kind: ArgReg, Reg: "eax"}}, ""},
		{"amd64", "-4@$-5 1@$0x10 8@$18446744073709551615", []Arg{
			{Size: 4, Signed: true, Kind: ArgConst, Const: -5}, {Size: 1, Kind: ArgConst, Const: 16}, {Size: 8, Kind: ArgConst, Const: -1},
		}, ""},
		{"amd64", "2@(%rsp) 8@-16(%rbp)", []Arg{
			{Size: 2, Kind: ArgMemory, Reg: "rsp", Scale: 1}, {Size: 8, Kind: ArgMemory, Reg: "rbp", Scale: 1, Offset: -16},
		}, ""},
		{"amd64", "8@8(%rax,%rbx,4) 1@(%rax,%r9)", []Arg{
			{Size: 8, Kind: ArgMemory, Reg: "rax", Index: "rbx", Scale: 4, Offset: 8}, {Size: 1, Kind: ArgMemory, Reg: "rax", Index: "r9", Scale: 1},
		}, ""},
		{"amd64", "8@counter 4@counter+8(%rip) -2@8+_x.1-4(%rip) 8@table(%rdi)", []Arg{
			{Size: 8, Kind: ArgMemory, Symbol: "counter", Scale: 1},
			{Size: 4, Kind: ArgMemory, Symbol: "counter", Reg: "rip", Scale: 1, Offset: 8},
			{Size: 2, Signed: true, Kind: ArgMemory, Symbol: "_x.1", Reg: "rip", Scale: 1, Offset: 4},
			{Size: 8, Kind: ArgMemory, Symbol: "table", Reg: "rdi", Scale: 1},
		}, ""},
		{"amd64", "%rdi", []Arg{{Size: 8, Kind: ArgReg, Reg: "rdi"}}, ""},
		{"arm64", "8@x0 -4@[sp, 12] 4@5 8@[x1] 8@[x1, x2]", []Arg{
			{Size: 8, Kind: ArgReg, Reg: "x0"},
			{Size: 4, Signed: true, Kind: ArgMemory, Reg: "sp", Scale: 1, Offset: 12},
			{Size: 4, Kind: ArgConst, Const: 5},
			{Size: 8, Kind: ArgMemory, Reg: "x1", Scale: 1},
			{Size: 8, Kind: ArgMemory, Reg: "x1", Index: "x2", Scale: 1},
		}, ""},
		{"amd64", "8@", nil, `argument "8@" has an operand that is not supported`},
		{"amd64", "3@%rax", nil, `argument "3@%rax" has a size that is not supported`},
		{"amd64", "8f@%xmm0", nil, `argument "8f@%xmm0" has a size that is not supported`},
		{"amd64", "8@8(%rax,%rbx,3)", nil, `argument "8@8(%rax,%rbx,3)" has an operand that is not supported`},
		{"amd64", "8@$99999999999999999999", nil, `argument "8@$99999999999999999999" has an operand that is not supported`},
		{"amd64", "8@counter+99999999999999999999", nil, `argument "8@counter+99999999999999999999" has an operand that is not supported`},
		{"amd64", "8@table(,%rdi,8)", nil, `argument "8@table(,%rdi,8)" has an operand that is not supported`},
		{"s390x", "8@%r2", nil, `argument "8@%r2" has an operand that is not supported`},
	}
	for _, test := range tests {
		got, err := ParseArgs(test.text, test.arch)
		if test.err != "" {
			require.EqualError(t, err, test.err, test.text)
			continue
		}
		require.NoError(t, err, test.text)
		require.Equal(t, test.want, got, test.text)
	}
}

// newNote returns the bytes of a note.
func newNote(owner string, kind uint32, desc []byte) []byte {
	order := binary.LittleEndian
	name := append([]byte(owner), 0)
	b := order.AppendUint32(nil, uint32(len(name)))
	b = order.AppendUint32(b, uint32(len(desc)))
	b = order.AppendUint32(b, kind)
	return append(pad(append(b, pad(name)...)), pad(desc)...)
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func newDesc(pc, base, semaphore uint64, text string) []byte {
	order := binary.LittleEndian
	b := order.AppendUint64(nil, pc)
	b = order.AppendUint64(b, base)
	return append(order.AppendUint64(b, semaphore), text...)
}

func TestParseSection(t *testing.T) {
	first := newNote("stapsdt", 3, newDesc(1, 2, 3, "prov\x00name\x008@%rax\x00"))
	other := newNote("GNU", 1, []byte("whatever"))
	second := newNote("stapsdt", 3, newDesc(4, 5, 0, "a\x00b\x00\x00"))
	got, err := parseSection(append(append(append([]byte{}, first...), other...), second...), binary.LittleEndian)
	require.NoError(t, err)
	require.Equal(t, []rawNote{
		{pc: 1, base: 2, semaphore: 3, provider: "prov", name: "name", args: "8@%rax"},
		{pc: 4, base: 5, provider: "a", name: "b"},
	}, got)
	for name, bad := range map[string][]byte{
		"header cut":    first[:11],
		"name cut":      first[:14],
		"note cut":      first[:30],
		"huge size":     append([]byte{8, 0, 0, 0, 255, 255, 255, 255}, first[8:]...),
		"no addresses":  newNote("stapsdt", 3, []byte("short")),
		"text cut":      newNote("stapsdt", 3, newDesc(1, 2, 3, "prov\x00name\x00")),
		"trailing byte": append(append([]byte{}, first...), 1),
	} {
		_, err := parseSection(bad, binary.LittleEndian)
		require.Error(t, err, name)
	}
}

func TestReadOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	_, err := Read(path)
	require.ErrorIs(t, err, ErrNotELF)
	_, err = Read(path + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
	self, err := os.Executable()
	require.NoError(t, err)
	notes, err := Read(self)
	require.NoError(t, err)
	require.Empty(t, notes, "Go programs have none")
}

func FuzzParseSection(f *testing.F) {
	f.Add(newNote("stapsdt", 3, newDesc(1, 2, 3, "prov\x00name\x008@%rax\x00")))
	f.Add(newNote("GNU", 1, []byte("whatever")))
	f.Fuzz(func(t *testing.T, data []byte) {
		notes, err := parseSection(data, binary.LittleEndian)
		if err != nil {
			return
		}
		require.LessOrEqual(t, 40*len(notes), len(data), "more notes than there is room for")
	})
}

func FuzzParseArgs(f *testing.F) {
	for _, text := range []string{"8@%rdi -4@$-5", "8@8(%rax,%rbx,4)", "-4@[sp, 12] 8@x0", "8@[", "@", "-9223372036854775808@%rax"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, arch := range []string{"amd64", "arm64"} {
			args, err := ParseArgs(text, arch)
			if err != nil {
				continue
			}
			for _, a := range args {
				require.Contains(t, []int{1, 2, 4, 8}, a.Size)
				require.NotZero(t, a.Kind)
				require.Equal(t, a.Kind == ArgConst, a.Reg == "")
			}
		}
	})
}
