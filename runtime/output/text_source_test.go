package output_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/runtime/value"
)

// sources knows the source of one function, into which another one was compiled.
type sources struct{ symbols }

func (sources) UserSource(pid int, addr uint64) []symbol.Frame {
	switch {
	case pid != 7 || addr > 0x2000:
		return nil
	case addr == 0x1004:
		return []symbol.Frame{{Func: "tiny", File: "/src/a.c", Line: 3}, {Func: "small"}, {Func: "ufn", File: "/src/b.c", Line: 20}}
	}
	return []symbol.Frame{{Func: "ufn", File: "/src/b.c", Line: 9}}
}

func (sources) KernelSource(addr uint64) []symbol.Frame {
	return []symbol.Frame{{Func: "fn", File: "kernel/fn.c", Line: int(addr)}}
}

func TestSource(t *testing.T) {
	tests := []struct {
		name  string
		stack value.Value
		want  string
	}{
		{
			"called first", ustack("bpftrace", 0x1003, 0x1005, 0x3000),
			"\n        ufn+3@/src/b.c:9\n        [inlined] tiny@/src/a.c:3\n        [inlined] small\n        ufn+5@/src/b.c:20\n        ufn+8192\n",
		},
		{"innermost", ustack("bpftrace", 0x1004), "\n        [inlined] tiny@/src/a.c:3\n        [inlined] small\n        ufn+4@/src/b.c:20\n"},
		{
			"perf", ustack("perf", 0x1003, 0x1005),
			"\n\t1003 ufn+3 (/bin/x)\n\t1005 tiny (inlined)\n\t1005 small (inlined)\n\t1005 ufn+5 (/bin/x)\n",
		},
		{"raw", ustack("raw", 0x1004), "\n1004\n"},
		{"kernel", kstack("bpftrace", 0x1003, 0x1005), "\n        fn+3@kernel/fn.c:4099\n        fn+5@kernel/fn.c:4100\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for show, want := range map[bool]string{true: test.want, false: ""} {
				var out bytes.Buffer
				p := output.NewText(output.Options{Out: &out, Err: &out, Symbols: sources{}})
				p.Configure(output.Config{StrTrunc: "..", ShowSource: show})
				p.Value(test.stack)
				require.NoError(t, p.Flush())
				if show {
					require.Equal(t, want+"\n", out.String())
				} else {
					require.NotContains(t, out.String(), "@")
					require.NotContains(t, out.String(), "inlined")
				}
			}
		})
	}
}
