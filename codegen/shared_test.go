package codegen_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/target"
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
			mustCompile(t, c.script, newest, codegen.Options{Dump: func(stage string) io.Writer {
				if stage != "opt" {
					return nil
				}
				return &out
			}})
			require.Equal(t, c.atomic, strings.Count(out.String(), "atomic"), out.String())
		})
	}
}

// TestInterruptedPrograms checks which programs take memory of their own at each run: those that the kernel starts again while they run.
func TestInterruptedPrograms(t *testing.T) {
	kernel := func(minor int) target.Recorded {
		return target.Recorded{Version: target.Version{Major: 5, Minor: minor}, CPUs: 4}
	}
	between := kernel(15)
	for _, c := range []struct {
		script  string
		on      target.Recorded
		entries uint32
	}{
		{`rawtracepoint:a`, oldest, 4},
		{`rawtracepoint:a`, between, 4},
		{`rawtracepoint:a`, newest, 1},
		{`fentry:a`, oldest, 4},
		{`fexit:a`, oldest, 4},
		{`fentry:a`, kernel(11), 4},
		{`fentry:a`, kernel(12), 1},
		{`fexit:a`, kernel(12), 1},
		{`fentry:a`, newest, 1},
		{`kprobe:a`, oldest, 1},
		{`kprobe:a`, newest, 1},
		{`uprobe:a:b`, between, 1},
		{`uprobe:a:b`, newest, 4},
	} {
		obj := mustCompile(t, c.script+` { @[str(nsecs)] = str(tid); }`, c.on, codegen.Options{})
		scratch := obj.Spec.Maps["gt_scratch_0"]
		require.NotNil(t, scratch)
		require.Equal(t, c.entries, scratch.MaxEntries, "%s %v", c.script, c.on.Version)
	}
}
