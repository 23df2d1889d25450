package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/host"
)

const openatFormat = `name: sys_enter_openat
ID: 782
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:int __syscall_nr;	offset:8;	size:4;	signed:1;
	field:int dfd;	offset:16;	size:8;	signed:0;
	field:const char * filename;	offset:24;	size:8;	signed:0;

print fmt: "dfd: 0x%08lx", ((unsigned long)(REC->dfd))
`

func TestParseFormat(t *testing.T) {
	f, err := host.ParseFormat(openatFormat)
	require.NoError(t, err)
	require.Equal(t, 782, f.ID)
	require.Len(t, f.Fields, 5)
	require.Equal(t, []host.FormatField{
		{Decl: "int __syscall_nr", Type: "int", Name: "__syscall_nr", Offset: 8, Size: 4, Signed: true},
		{Decl: "int dfd", Type: "int", Name: "dfd", Offset: 16, Size: 8},
		{Decl: "const char * filename", Type: "const char *", Name: "filename", Offset: 24, Size: 8},
	}, f.Args())
}

func TestParseFormatDeclarations(t *testing.T) {
	tests := []struct {
		decl string
		want host.FormatField
	}{
		{"char comm[16]", host.FormatField{Type: "char", Name: "comm", Array: true, Len: 16}},
		{"__data_loc char[] filename", host.FormatField{Type: "char", Name: "filename", Array: true, DataLoc: true}},
		{"__rel_loc char[] filename", host.FormatField{Type: "char", Name: "filename", Array: true, RelLoc: true}},
		{"__data_loc cpumask_t mask", host.FormatField{Type: "cpumask_t", Name: "mask", DataLoc: true}},
		{"const void* ptr", host.FormatField{Type: "const void*", Name: "ptr"}},
		{"const char *const * argv", host.FormatField{Type: "const char *const *", Name: "argv"}},
		{"unsigned long args[MAX]", host.FormatField{Type: "unsigned long", Name: "args", Array: true}},
		{"struct iocb * * iocbpp", host.FormatField{Type: "struct iocb * *", Name: "iocbpp"}},
		{"enum skb_drop_reason reason", host.FormatField{Type: "enum skb_drop_reason", Name: "reason"}},
	}
	for _, test := range tests {
		t.Run(test.decl, func(t *testing.T) {
			f, err := host.ParseFormat("\tfield:" + test.decl + ";\toffset:8;\tsize:8;\tsigned:0;\n")
			require.NoError(t, err)
			test.want.Decl, test.want.Offset, test.want.Size = test.decl, 8, 8
			require.Equal(t, []host.FormatField{test.want}, f.Fields)
		})
	}
}

func TestParseFormatRefuses(t *testing.T) {
	for _, text := range []string{"ID: x\n", "\tfield:int a;\toffset:x;\tsize:4;\tsigned:0;\n"} {
		_, err := host.ParseFormat(text)
		require.Error(t, err, text)
	}
}

func FuzzParseFormat(f *testing.F) {
	f.Add(openatFormat)
	f.Add("field:char[ a;field:]b;field:;")
	f.Fuzz(func(t *testing.T, text string) {
		format, err := host.ParseFormat(text)
		if err == nil {
			_ = format.Args()
		}
	})
}
