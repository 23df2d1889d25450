package probe

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Where struct pt_regs of an architecture has what a function is given and what it returns.
func TestRegisters(t *testing.T) {
	for _, test := range []struct {
		arch string
		args int
		want map[string]int
	}{
		{"amd64", 6, map[string]int{"arg0": 112, "arg1": 104, "arg5": 64, "retval": 80, "ip": 128}},
		{"arm64", 8, map[string]int{"arg0": 0, "arg1": 8, "arg7": 56, "retval": 0, "ip": 256}},
		{"riscv64", 0, map[string]int{"ip": 0}},
	} {
		entry, exit := functionContext("kprobe", test.arch, false), functionContext("kprobe", test.arch, true)
		got := map[string]int{"ip": entry.FuncOffset}
		for _, v := range entry.ArgN {
			if _, ok := test.want[v.Name]; ok {
				got[v.Name] = v.Offset
			}
		}
		if exit.Retval != nil {
			got["retval"] = exit.Retval.Offset
		}
		require.Equal(t, test.want, got, test.arch)
		require.Len(t, entry.ArgN, test.args)
		require.Empty(t, exit.ArgN)
	}
}
