package codegen_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/lower"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/tests/testenv"
)

// scripts returns the golden scripts by name.
func scripts(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.gt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		out[strings.TrimSuffix(filepath.Base(f), ".gt")] = string(text)
	}
	return out
}

// TestGolden compares the IR before and after optimisation and the events of every script.
func TestGolden(t *testing.T) {
	for name, script := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			obj := mustCompile(t, script, newest, codegen.Options{Dump: func(stage string) io.Writer {
				if stage == "asm" {
					return nil
				}
				fmt.Fprintf(&out, "-- %s --\n", stage)
				return &out
			}})
			fmt.Fprintf(&out, "-- events --\n")
			for i, e := range obj.Manifest.Events {
				fmt.Fprintf(&out, "%d: %s %q map %q fixed %d", i, e.Kind, e.Format+e.Message, e.Map, e.FixedSize)
				for _, f := range e.Fields {
					fmt.Fprintf(&out, " %v@%d var %v", f.Type, f.Offset, f.Var)
				}
				out.WriteString("\n")
			}
			out.WriteString("-- maps --\n")
			for _, n := range slices.Sorted(maps.Keys(obj.Spec.Maps)) {
				m := obj.Spec.Maps[n]
				fmt.Fprintf(&out, "%s: %v key %d value %d entries %d flags %d\n", n, m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Flags)
			}
			testenv.Golden(t, "testdata/"+name+".golden", out.String())
		})
	}
}

// bytesOf is everything in an object that could differ from one compilation to the next.
func bytesOf(t *testing.T, obj *object.Object) string {
	t.Helper()
	var out bytes.Buffer
	for _, n := range slices.Sorted(maps.Keys(obj.Spec.Programs)) {
		p := obj.Spec.Programs[n]
		fmt.Fprintf(&out, "%s %v %v %s\n", n, p.Type, p.AttachType, p.License)
		require.NoError(t, p.Instructions.Marshal(&out, binary.LittleEndian))
		fmt.Fprintf(&out, "%v\n", p.Instructions)
	}
	for _, n := range slices.Sorted(maps.Keys(obj.Spec.Maps)) {
		fmt.Fprintf(&out, "%v\n", obj.Spec.Maps[n])
	}
	fmt.Fprintf(&out, "%+v", obj.Manifest.Events)
	return out.String()
}

func TestSameInputSameBytes(t *testing.T) {
	for name, script := range scripts(t) {
		want := bytesOf(t, mustCompile(t, script, newest, codegen.Options{}))
		for range 10 {
			require.Equal(t, want, bytesOf(t, mustCompile(t, script, newest, codegen.Options{})), name)
		}
	}
}

// TestInstructionCounts compares with what clang -O2 makes of the same programs written in C. Ours count what is lost, too.
func TestInstructionCounts(t *testing.T) {
	for _, c := range []struct {
		name, script string
		clang        int
	}{
		{"count", `tracepoint:a:b { @ = count() }`, 21},
		{"hist", `tracepoint:a:b { @ = hist(args.id) }`, 57},
		{"count by pid", `tracepoint:a:b { @[pid] = count() }`, 29},
		{"latency", `tracepoint:a:b { @start[tid] = nsecs }
			tracepoint:a:c /@start[tid]/ { @usecs = hist((nsecs - @start[tid]) / 1000); delete(@start, tid) }`, 90},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, on := range []struct{ obj *object.Object }{
				{mustCompile(t, c.script, newest, codegen.Options{})},
				{mustCompile(t, c.script, oldest, codegen.Options{})},
			} {
				require.LessOrEqual(t, instructions(on.obj), c.clang*3/2)
			}
		})
	}
}

func TestOldKernelsAreToldWhatTheyLack(t *testing.T) {
	_, err := codegen.Compile(mustCheck(t, `BEGIN { @c = count(); if (@c > 5) { exit() } }`), oldest, codegen.Options{})
	var lack *lower.Error
	require.ErrorAs(t, err, &lack)
	require.Equal(t, "reading @c needs bpf_map_lookup_percpu_elem, which kernels have from 5.19 on", lack.Error())
	require.Equal(t, "@c", lack.Diags[0].Span.Text())
}

func TestLicense(t *testing.T) {
	obj := mustCompile(t, `BEGIN { exit() }`, newest, codegen.Options{})
	require.Equal(t, "GPL", obj.Spec.Programs["gt_0"].License)
}

// TestNames checks the names by which perf and bpftool show programs, and the kernel in stacks.
func TestNames(t *testing.T) {
	obj := mustCompile(t, `BEGIN { exit() } kprobe:f, kprobe:f { } tracepoint:a:`+strings.Repeat("b", 300)+` { }`, newest, codegen.Options{})
	for program, want := range map[string]string{
		"gt_0": "begin_1", "gt_1": "kprobe_f_2", "gt_3": "tracepoint_a_" + strings.Repeat("b", 100-len("tracepoint_a_")) + "_4",
	} {
		spec := obj.Spec.Programs[program]
		require.Equal(t, want, spec.Name)
		require.Equal(t, want, btf.FuncMetadata(&spec.Instructions[0]).Name)
	}
}

// TestSharedEvents checks that the clones of a body for several attach points share their events.
func TestSharedEvents(t *testing.T) {
	obj := mustCompile(t, `tracepoint:a:b, tracepoint:a:c, kprobe:f { printf("%d\n", pid); }`, newest, codegen.Options{})
	require.Len(t, obj.Manifest.Events, 1)
}

func TestFilterByPID(t *testing.T) {
	plain := mustCompile(t, `tracepoint:a:b { @ = count() }`, newest, codegen.Options{})
	filtered := mustCompile(t, `tracepoint:a:b { @ = count() }`, newest, codegen.Options{PID: 77})
	require.Greater(t, instructions(filtered), instructions(plain))
	begin := mustCompile(t, `BEGIN { @ = count() }`, newest, codegen.Options{PID: 77})
	require.Equal(t, instructions(plain), instructions(begin))
}

// TestSmallKeys checks that keys fit into what old kernels take: the long strings in them give way, all else stays.
func TestSmallKeys(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{`str(args.filename)`, "string[512]"},
		{`str(args.filename), pid`, "(string[504],uint32)"},
		{`str(args.filename), comm, str(args.filename)`, "(string[248],string[16],string[248])"},
		{`comm, pid`, "(string[16],uint32)"},
	} {
		t.Run(c.key, func(t *testing.T) {
			script := fmt.Sprintf(`tracepoint:a:b { @[%s] = count(); }`, c.key)
			obj := mustCompile(t, script, oldest, codegen.Options{})
			require.Equal(t, c.want, obj.Manifest.Maps[0].Key.String())
			require.LessOrEqual(t, obj.Spec.Maps["at_"].KeySize, uint32(512))
			require.Equal(t, types.Sizeof(obj.Manifest.Maps[0].Key), int(obj.Spec.Maps["at_"].KeySize))
			if os.Getuid() == 0 {
				mustLoad(t, obj)
			}
			large := mustCompile(t, script, newest, codegen.Options{})
			require.GreaterOrEqual(t, large.Spec.Maps["at_"].KeySize, obj.Spec.Maps["at_"].KeySize)
		})
	}
}
