package codegen_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
)

// TestSharedMaps checks which additions to a CPU's own values are one instruction: those that another program may interrupt that adds to
// the same map.
func TestSharedMaps(t *testing.T) {
	for _, c := range []struct {
		name, script string
		atomic       int
	}{
		{"one program", `rawtracepoint:a { @ = count(); }`, 0},
		{"programs that keep each other out", `kprobe:a { @ = count(); } tracepoint:a:b { @ = count(); } interval:hz:99 { @ = count(); }`, 0},
		{"maps of their own", `rawtracepoint:a { @a = count(); } interval:hz:99 { @b = count(); }`, 0},
		{"raw tracepoint and interrupt", `rawtracepoint:a { @ = count(); } interval:hz:99 { @ = count(); }`, 2},
		{"two functions", `uprobe:a:b { @ = sum(2); } uprobe:a:c { @ = sum(2); }`, 2},
		{"several numbers", `rawtracepoint:a { @ = stats(2); } rawtracepoint:b { @ = stats(2); @b = count(); }`, 4},
		{"in a function of the script", `fn add($n: int64): void { @ = sum($n); } rawtracepoint:a { add(2); } kprobe:a { add(2); }`, 2},
		{"begin and end", `begin { @ = count(); } rawtracepoint:a { @ = count(); } end { @ = count(); }`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			mustCompile(t, c.script, oldest, codegen.Options{Dump: func(stage string) io.Writer {
				if stage != "opt" {
					return nil
				}
				return &out
			}})
			require.Equal(t, c.atomic, strings.Count(out.String(), "atomic"), out.String())
		})
	}
}
