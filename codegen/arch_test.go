package codegen_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
)

// TestArchitectures compiles what differs from one architecture to the next.
func TestArchitectures(t *testing.T) {
	tests := []struct {
		arch, script string
		want         []string // in the optimised code
		err          string
	}{
		{"amd64", `uprobe:f { @ = reg("di") + reg("ip"); }`, []string{"load u64 [%2 + 112]", "load u64 [%2 + 128]"}, ""},
		{"arm64", `uprobe:f { @ = reg("r0") + reg("pc"); }`, []string{"load u64 [%2]", "load u64 [%2 + 256]"}, ""},
		{"arm64", `uprobe:f { @ = reg("r29") + reg("sp"); }`, []string{"load u64 [%2 + 232]", "load u64 [%2 + 248]"}, ""},
		{"amd64", `uprobe:f { @ = reg("r29"); }`, nil, "'r29' is not a valid register on this architecture (amd64)"},
		{"arm64", `uprobe:f { @ = reg("di"); }`, nil, "'di' is not a valid register on this architecture (arm64)"},
		{"amd64", `kprobe:f { @ = usermode; }`, []string{"load u64 [%2 + 136]"}, ""},
		{"arm64", `kprobe:f { @ = usermode; }`, nil, "usermode is known on amd64 only"},
		{"arm64", `uprobe:f { @[ustack] = count(); @k[kstack] = count(); }`, []string{"call get_stack"}, ""},
		{"arm64", `config = { unstable_dw_ustack = enable } uprobe:f { @[dw_ustack] = count(); }`, nil, "dw_ustack needs tables that there are for x86-64 only; ustack walks by frame pointers"},
	}
	for _, test := range tests {
		t.Run(test.arch+" "+test.script, func(t *testing.T) {
			on := newest
			on.Architecture = test.arch
			var code bytes.Buffer
			_, err := codegen.Compile(mustCheck(t, test.script), on, codegen.Options{Dump: func(stage string) io.Writer {
				if stage == "opt" {
					return &code
				}
				return nil
			}})
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			for _, piece := range test.want {
				require.Contains(t, code.String(), piece)
			}
		})
	}
}

// System calls have numbers of their own on each architecture.
func TestSyscallNames(t *testing.T) {
	for arch, number := range map[string]int{"amd64": 39, "arm64": 172} {
		on := newest
		on.Architecture = arch
		obj := mustCompile(t, `begin { print(syscall_name(pid)); }`, on, codegen.Options{})
		entry := obj.Spec.Maps["gt_syscall_name"].Contents[number]
		require.Equal(t, uint32(number), entry.Key)
		require.Contains(t, string(entry.Value.([]byte)), "getpid\x00", arch)
	}
}
