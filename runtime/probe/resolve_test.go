package probe_test

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/tests/testenv"
)

const recordHeader = "ID: 1\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"

const wakeupFormat = recordHeader +
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"

const openFormat = recordHeader + "\tfield:const char * filename;\toffset:16;\tsize:8;\tsigned:0;\n"

const kallsyms = `ffffffff81000000 T vfs_read
ffffffff81000100 T vfs_write
ffffffff81000200 T vfs_write.part.0
ffffffffc0000000 t vfs_ext	[ext]
ffffffff81000300 T __traceiter_sched_switch
`

// recorded are the files of a machine with kprobes and uprobes, and without type information.
var recorded = map[string]string{
	"proc/kallsyms":                                                kallsyms,
	"proc/sys/kernel/osrelease":                                    "6.12.1",
	"sys/bus/event_source/devices/kprobe/type":                     "8",
	"sys/bus/event_source/devices/uprobe/type":                     "9",
	"sys/kernel/tracing/available_events":                          "sched:sched_wakeup\nsched:sched_wakeup_new\nsyscalls:sys_enter_open\n",
	"sys/kernel/tracing/events/sched/sched_wakeup/format":          wakeupFormat,
	"sys/kernel/tracing/events/sched/sched_wakeup/id":              "1\n",
	"sys/kernel/tracing/events/sched/sched_wakeup_new/format":      wakeupFormat,
	"sys/kernel/tracing/events/sched/sched_wakeup_new/id":          "2\n",
	"sys/kernel/tracing/events/syscalls/sys_enter_open/format":     openFormat,
	"sys/kernel/tracing/events/syscalls/sys_enter_open/id":         "3\n",
	"sys/kernel/tracing/available_filter_functions_is_not_the_way": "",
}

// mustRecord returns the probe types of a machine with the recorded files, less those named.
func mustRecord(t *testing.T, without ...string) *probe.Set {
	t.Helper()
	root := t.TempDir()
	for name, text := range recorded {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	for _, name := range without {
		require.NoError(t, os.RemoveAll(filepath.Join(root, name)))
	}
	return probe.New(host.NewAt(root))
}

func TestNames(t *testing.T) {
	s := mustRecord(t)
	require.Equal(t, []string{
		"begin", "bench", "end", "fentry", "fexit", "hardware", "interval", "iter", "kprobe", "kretprobe", "profile",
		"rawtracepoint", "self", "software", "test", "tracepoint", "uprobe", "uretprobe", "usdt", "watchpoint",
	}, s.Names())
	for name, want := range map[string]string{
		"BEGIN": "begin", "End": "end", "t": "tracepoint", "TracePoint": "tracepoint", "u": "uprobe", "U": "usdt", "k": "kprobe",
		"kr": "kretprobe", "ur": "uretprobe", "rt": "rawtracepoint", "i": "interval", "p": "profile", "kfunc": "fentry",
		"kretfunc": "fexit", "f": "fentry", "fr": "fexit", "s": "software", "h": "hardware", "w": "watchpoint", "it": "iter",
	} {
		p, ok := s.Provider(name)
		require.True(t, ok, name)
		require.Equal(t, want, p.Name(), name)
	}
	_, ok := s.Provider("nope")
	require.False(t, ok)
}

func TestResolveNames(t *testing.T) {
	s := mustRecord(t)
	tests := []struct {
		kind  string
		parts []string
		want  []string
	}{
		{"BEGIN", nil, []string{"begin"}},
		{"end", nil, []string{"end"}},
		{"i", []string{"s", "1"}, []string{"interval:s:1"}},
		{"i", []string{"1s"}, []string{"interval:us:1000000"}},
		{"i", []string{"2m"}, []string{"interval:us:120000000"}},
		{"p", []string{"hz", "0x10"}, []string{"profile:hz:16"}},
		{"p", []string{"us", "1e3"}, []string{"profile:us:1000"}},
		{"p", []string{"100000000"}, []string{"profile:us:100000"}},
		{"t", []string{"sched", "sched_wakeup"}, []string{"tracepoint:sched:sched_wakeup"}},
		{"t", []string{"sch*", "*wakeup*"}, []string{"tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_wakeup_new"}},
		{"t", []string{"sched", "nope*"}, nil},
		{"rt", []string{"sched_switch"}, []string{"rawtracepoint:vmlinux:sched_switch"}},
		{"rt", []string{"vmlinux", "sched_*"}, []string{"rawtracepoint:vmlinux:sched_switch"}},
		{"k", []string{"vfs_read"}, []string{"kprobe:vfs_read"}},
		{"k", []string{"vfs_read+0x10"}, []string{"kprobe:vfs_read+16"}},
		{"k", []string{"vfs_*"}, []string{"kprobe:vfs_ext", "kprobe:vfs_read", "kprobe:vfs_write"}},
		{"kr", []string{"ext", "vfs_*"}, []string{"kretprobe:ext:vfs_ext"}},
		{"kr", []string{"vmlinux", "vfs_r*"}, []string{"kretprobe:vmlinux:vfs_read"}},
		{"k", []string{"ext", "vfs_ext"}, []string{"kprobe:ext:vfs_ext"}},
	}
	for _, test := range tests {
		var names []string
		for _, m := range mustResolve(t, s, check.ResolveOptions{NeedArgs: true}, test.kind, test.parts...) {
			names = append(names, m.Probe.Name)
		}
		require.Equal(t, test.want, names, "%s %v", test.kind, test.parts)
	}
}

func TestResolveErrors(t *testing.T) {
	tests := []struct {
		kind, part, part2 string
		message, hint     string
	}{
		{"begin", "1", "", "begin probe type requires 0 arguments, found 1", ""},
		{"interval", "", "", "interval probe type requires 1 or 2 arguments, found 0", ""},
		{"interval", "s", "0", "interval frequency should be a positive integer", ""},
		{"interval", "s", "-1", "interval frequency should be a positive integer", ""},
		{"interval", "foo", "1", "foo is not an accepted unit of time", ""},
		{"interval", "s", "", "Invalid rate of interval probe: invalid integer: s", ""},
		{"profile", "hz", "x", "Invalid rate of profile probe: invalid integer: x", ""},
		{"profile", "9", "", "Invalid rate of profile probe. Minimum is 1000 or 1us. Found: 9 nanoseconds", ""},
		{
			"interval", "999999999999999999999", "",
			"Invalid rate of interval probe: overflow error, maximum value is 18446744073709551615: 999999999999999999999", "",
		},
		{"tracepoint", "sched", "", "tracepoint probe type requires 2 arguments, found 1", ""},
		{"tracepoint", "sched", "sched_wakup", "No matches for tracepoint sched:sched_wakup.", "did you mean tracepoint:sched:sched_wakeup?"},
		{"tracepoint", "syscall", "sys_enter_open", "No matches for tracepoint syscall:sys_enter_open.", "did you mean tracepoint:syscalls:sys_enter_open?"},
		{"rawtracepoint", "sched_swich", "", "No matches for rawtracepoint sched_swich.", "did you mean rawtracepoint:sched_switch?"},
		{
			"rawtracepoint", "sys_enter_open", "", "No matches for rawtracepoint sys_enter_open.",
			"system calls have no raw tracepoints of their own: use tracepoint:syscalls:sys_enter_open",
		},
		{"kprobe", "vfs_raed", "", "No matches for kprobe vfs_raed.", "did you mean kprobe:vfs_read?"},
		{"kprobe", "nope", "vfs_read", "specified module nope in probe kprobe:nope:vfs_read is not loaded.", ""},
		{"kprobe", "ext", "vfs_ex", "No matches for kprobe ext:vfs_ex.", "did you mean kprobe:ext:vfs_ext?"},
		{"kprobe", "vfs_read+x", "", "Invalid offset: invalid integer: x", ""},
		{"kretprobe", "vfs_read+1", "", "Offset not allowed", ""},
		{"uprobe", "/nope", "main", "uprobe target file '/nope' does not exist or is not executable", ""},
		{"uprobe", "/nope", "", "uprobe probe type requires 2 or 3 arguments, found 1", ""},
		{"uretprobe", "/nope", "main+1", "Offset not allowed", ""},
		{"software", "faults", "x", "Invalid count for software probe: invalid integer: x", ""},
		{"software", "faults", "-1", "software count should be a positive integer", ""},
		{"software", "fauls", "", "fauls is not a software probe", "did you mean software:faults?"},
		{"software", "*", "", "wildcards are not allowed for software probe type", ""},
		{"hardware", "faults", "", "faults is not a hardware probe", ""},
		{"watchpoint", "0x1000", "8", "watchpoint probe type requires 3 arguments, found 2", ""},
		{"U", "x", "y", "usdt target file 'x' does not exist or is not executable", ""},
		{"usdt", "x", "", "usdt probe type requires 2 or 3 arguments, found 1", ""},
		{"kprobe", "0xffffffff81000000", "", "Probing by address requires --unsafe", ""},
		{"kprobe", "0x10", "", "0x10 is not an address in the kernel", ""},
		{"kprobe", "12ab", "", "Invalid address: invalid integer: 12ab", ""},
		{"rawtracepoint", "vmlinux", "sched_swich", "No matches for rawtracepoint vmlinux:sched_swich.", "did you mean rawtracepoint:vmlinux:sched_switch?"},
		{"rawtracepoint", "ext", "sched_switch", "No matches for rawtracepoint ext:sched_switch.", ""},
		{"self", "signal", "SIGUSR2", "SIGUSR2 is not a supported signal", ""},
		{"self", "x", "SIGUSR1", "x is not a supported trigger", ""},
		{"test", "*", "", "test probe type does not support wildcards", ""},
		{"bench", "a", "b", "bench probe type requires 1 arguments, found 2", ""},
		{"iter", "task*", "", "iter probe type does not support wildcards", ""},
	}
	s := mustRecord(t)
	for _, test := range tests {
		pt := attach.Point{Type: test.kind}
		for _, part := range []string{test.part, test.part2} {
			if part != "" {
				pt.Parts = append(pt.Parts, part)
			}
		}
		p, ok := s.Provider(test.kind)
		require.True(t, ok)
		_, err := p.Resolve(pt, check.ResolveOptions{})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr, "%v", pt)
		require.Equal(t, test.message, perr.Message, "%v", pt)
		require.Equal(t, test.hint, perr.Hint, "%v", pt)
	}
}

func TestKernelWithoutKprobes(t *testing.T) {
	s := mustRecord(t, "sys/bus/event_source/devices/kprobe")
	p, _ := s.Provider("kprobe")
	_, err := p.Resolve(attach.Point{Type: "kprobe", Parts: []string{"sched_wakeup"}}, check.ResolveOptions{})
	var perr *check.PointError
	require.ErrorAs(t, err, &perr)
	require.EqualValues(t, "unsupported", perr.Code)
	require.Contains(t, perr.Message, "needs a kernel with kprobes")
	require.Equal(t, "there is a tracepoint of that name: tracepoint:sched:sched_wakeup", perr.Hint)
}

func TestTracepointContexts(t *testing.T) {
	s := mustRecord(t)
	all := mustResolve(t, s, check.ResolveOptions{}, "t", "*", "*")
	require.Len(t, all, 3)
	require.Equal(t, all[0].Context.ID, all[2].Context.ID, "without arguments all look the same")
	require.Nil(t, all[0].Context.Args)

	all = mustResolve(t, s, check.ResolveOptions{NeedArgs: true}, "t", "*", "*")
	wakeup, wakeupNew, open := all[0].Context, all[1].Context, all[2].Context
	require.Equal(t, wakeup.ID, wakeupNew.ID)
	require.NotEqual(t, wakeup.ID, open.ID)
	require.Equal(t, 28, wakeup.Size)
	require.False(t, wakeup.UserSpace)
	require.True(t, open.UserSpace)
	require.Equal(t, types.Pointer{Elem: types.Int8, Space: types.SpaceUser}, open.Args.Fields[0].Type)
	require.Equal(t, "body", open.PIDFilter)
}

func TestFunctionContexts(t *testing.T) {
	s := mustRecord(t)
	entry := mustResolve(t, s, check.ResolveOptions{}, "k", "vfs_read")[0]
	require.Len(t, entry.Context.ArgN, map[string]int{"amd64": 6, "arm64": 8}[host.New().Arch()])
	require.Equal(t, types.Type(types.Uint64), entry.Context.ArgN[0].Type)
	require.Nil(t, entry.Context.Retval)
	ret := mustResolve(t, s, check.ResolveOptions{}, "kr", "vfs_read")[0]
	require.Empty(t, ret.Context.ArgN)
	require.NotNil(t, ret.Context.Retval)
	require.True(t, ret.Probe.Return)
	require.NotEqual(t, entry.Context.ID, ret.Context.ID)
	require.Equal(t, "ip", ret.Context.Func)
	for _, v := range append(entry.Context.ArgN, *ret.Context.Retval) {
		require.LessOrEqual(t, v.Offset+v.Size, entry.Context.Size, v.Name)
	}
}

func TestRawTracepointWithoutTypes(t *testing.T) {
	m := mustResolve(t, mustRecord(t), check.ResolveOptions{NeedArgs: true}, "rt", "sched_switch")[0]
	require.Equal(t, attach.KindRawTracepoint, m.Probe.Kind)
	require.Nil(t, m.Context.Args)
	require.Len(t, m.Context.ArgN, 12)
}

func TestUprobe(t *testing.T) {
	path := mustBuildTarget(t)
	s := mustRecord(t)
	ms := mustResolve(t, s, check.ResolveOptions{PID: 7}, "u", path, "*_of_two")
	require.Len(t, ms, 2)
	require.Equal(t, attach.Probe{
		Provider: "uprobe", Name: "uprobe:" + path + ":first_of_two", Kind: attach.KindKprobe, Target: path, Func: "first_of_two", PID: 7,
	}, ms[0].Probe)
	require.True(t, ms[0].Context.UserSpace)
	require.Equal(t, "attach", ms[0].Context.PIDFilter)

	p, _ := s.Provider("u")
	_, err := p.Resolve(attach.Point{Type: "u", Parts: []string{path, "frist_of_two"}}, check.ResolveOptions{})
	var perr *check.PointError
	require.ErrorAs(t, err, &perr)
	require.Equal(t, "No matches for uprobe "+path+":frist_of_two.", perr.Message)
	require.Equal(t, "did you mean uprobe:"+path+":first_of_two?", perr.Hint)

	_, err = p.Resolve(attach.Point{Type: "u", Parts: []string{path, "first_of_two+4096"}}, check.ResolveOptions{})
	require.ErrorContains(t, err, "Offset outside the function bounds")
}

// A probe in the middle of an instruction would overwrite part of it.
func TestUprobePlaces(t *testing.T) {
	path := mustBuildTarget(t)
	s := mustRecord(t)
	if host.New().Arch() != "amd64" {
		testenv.Skip(t, testenv.Host, "needs amd64, whose instructions are tested")
	}
	bin, err := symbol.OpenBinary(path)
	require.NoError(t, err)
	sym, ok := bin.ByName("placed")
	require.True(t, ok)
	for _, test := range []struct {
		kind, place, message string
	}{
		{"u", "placed+1", ""},
		{"u", "placed+2", "Could not add uprobe into middle of instruction: " + path + ":placed+2"},
		{"u", "placed+3", "Could not add uprobe into middle of instruction: " + path + ":placed+3"},
		{"u", "placed+4", ""},
		{"u", "placed+7", "Could not determine instruction boundary for uprobe:" + path + ":placed+7 (an instruction before it is not known)."},
		{"u", fmt.Sprint(sym.Addr), ""},
		{"u", fmt.Sprint(sym.Addr + 1), ""},
		{"u", fmt.Sprint(sym.Addr + 2), "Could not add uprobe into middle of instruction: " + path + ":placed+2"},
		{"ur", fmt.Sprint(sym.Addr), ""},
		{"ur", fmt.Sprint(sym.Addr + 1), "uretprobes cannot be attached at function offset. (address resolved to: placed+1)"},
	} {
		p, ok := s.Provider(test.kind)
		require.True(t, ok)
		at := attach.Point{Type: test.kind, Parts: []string{path, test.place}}
		_, err := p.Resolve(at, check.ResolveOptions{})
		if test.message == "" {
			require.NoError(t, err, test.place)
			continue
		}
		var perr *check.PointError
		require.ErrorAs(t, err, &perr, test.place)
		require.Equal(t, test.message, perr.Message)
		forced, err := p.Resolve(at, check.ResolveOptions{Unsafe: true})
		if test.kind != "u" {
			continue
		}
		require.NoError(t, err)
		middle, ok := strings.CutPrefix(test.message, "Could not add uprobe into middle of instruction: ")
		if ok {
			middle = "Unsafe uprobe in the middle of the instruction: " + middle
		} else {
			middle = ""
		}
		require.Equal(t, middle, forced[0].Warning)
	}
}

func TestUprobeInStrippedBinary(t *testing.T) {
	path := mustBuild(t, targetSource, "-s")
	p, _ := mustRecord(t).Provider("uprobe")
	f, err := elf.Open(path)
	require.NoError(t, err)
	at := attach.Point{Type: "uprobe", Parts: []string{path, fmt.Sprint(f.Entry)}}
	require.NoError(t, f.Close())
	_, err = p.Resolve(at, check.ResolveOptions{})
	require.ErrorContains(t, err, "(binary appears stripped).")
	_, err = p.Resolve(at, check.ResolveOptions{Unsafe: true})
	require.NoError(t, err)
}

func TestConfigure(t *testing.T) {
	s := mustRecord(t)
	tests := []struct {
		kind  string
		parts []string
		want  ebpf.ProgramSpec
	}{
		{"begin", nil, ebpf.ProgramSpec{Type: ebpf.RawTracepoint}},
		{"i", []string{"1s"}, ebpf.ProgramSpec{Type: ebpf.PerfEvent}},
		{"s", []string{"faults"}, ebpf.ProgramSpec{Type: ebpf.PerfEvent}},
		{"w", []string{"4096", "8", "w"}, ebpf.ProgramSpec{Type: ebpf.PerfEvent}},
		{"t", []string{"sched", "*"}, ebpf.ProgramSpec{Type: ebpf.TracePoint}},
		{"rt", []string{"sched_switch"}, ebpf.ProgramSpec{Type: ebpf.RawTracepoint}},
		{"k", []string{"vfs_read"}, ebpf.ProgramSpec{Type: ebpf.Kprobe}},
		{"k", []string{"vfs_*"}, ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti}},
	}
	for _, test := range tests {
		var spec ebpf.ProgramSpec
		ps := probesOf(mustResolve(t, s, check.ResolveOptions{}, test.kind, test.parts...))
		for i := range ps {
			ps[i].Wildcard = len(ps) > 1
		}
		require.NoError(t, s.Configure(&spec, ps))
		require.Equal(t, test.want, spec, "%s %v", test.kind, test.parts)
	}
}

func TestListOfWhatTheKernelLacks(t *testing.T) {
	s := mustRecord(t, "sys/bus/event_source/devices/kprobe")
	_, err := s.List("kprobe:vfs_*", probe.ListOptions{})
	require.EqualError(t, err, "this kernel has no probes of the type kprobe; gtrace --info shows what it has")
	found, err := s.List("vfs_*", probe.ListOptions{})
	require.NoError(t, err, "in a listing of all types it is left out")
	require.Empty(t, found)
}

func TestList(t *testing.T) {
	s := mustRecord(t)
	tests := []struct {
		text    string
		verbose bool
		want    []probe.Listed
	}{
		{"t:sched:*", false, []probe.Listed{{Name: "tracepoint:sched:sched_wakeup"}, {Name: "tracepoint:sched:sched_wakeup_new"}}},
		{"sched_wakeup", true, []probe.Listed{{Name: "tracepoint:sched:sched_wakeup", Args: []string{"char comm[16]", "pid_t pid"}}}},
		{"*vfs_e*", false, []probe.Listed{{Name: "kprobe:ext:vfs_ext"}, {Name: "kretprobe:ext:vfs_ext"}}[:1]},
		{"rt:*", false, []probe.Listed{{Name: "rawtracepoint:vmlinux:sched_switch"}}},
		{"interval:*", false, []probe.Listed{{Name: "interval:hz:"}, {Name: "interval:ms:"}, {Name: "interval:s:"}, {Name: "interval:us:"}}},
		{"interval", false, nil},
		{"software:*faults:", false, []probe.Listed{
			{Name: "software:alignment-faults:"},
			{Name: "software:emulation-faults:"},
			{Name: "software:faults:"},
			{Name: "software:major-faults:"},
			{Name: "software:minor-faults:"},
			{Name: "software:page-faults:"},
		}},
		{"hardware:cpu*", false, []probe.Listed{{Name: "hardware:cpu-cycles:"}}},
		{"watchpoint:*", false, nil},
		{"nope:*", false, nil},
		{"t*:sys*:*", false, []probe.Listed{{Name: "tracepoint:syscalls:sys_enter_open"}}},
	}
	for _, test := range tests {
		got, err := s.List(test.text, probe.ListOptions{Verbose: test.verbose})
		require.NoError(t, err)
		require.Equal(t, test.want, got, test.text)
	}
}
