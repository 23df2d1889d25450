package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// mustRecord returns a machine with the given files.
func mustRecord(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return host.NewAt(root)
}

const kallsyms = `ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81001000 t vfs_read
ffffffff81001010 t __pfx_vfs_write
ffffffff81001020 T vfs_write
ffffffff81001030 T refused
ffffffff82000000 D some_data
ffffffffc0000000 t ext_fn	[ext]
ffffffff81001040 T __traceiter_sched_switch
`

func TestKernel(t *testing.T) {
	tests := []struct {
		release string
		want    target.Version
	}{
		{"6.12.9-amd64\n", target.Version{Major: 6, Minor: 12}},
		{"5.10.0-46-cloud-amd64", target.Version{Major: 5, Minor: 10}},
		{"nonsense", target.Version{}},
	}
	for _, test := range tests {
		h := mustRecord(t, map[string]string{"proc/sys/kernel/osrelease": test.release})
		require.Equal(t, test.want, h.Kernel(), test.release)
	}
}

func TestHasGoesByVersionOfRecordedKernels(t *testing.T) {
	h := mustRecord(t, map[string]string{"proc/sys/kernel/osrelease": "5.15.1"})
	for _, f := range target.All() {
		require.Equal(t, !h.Kernel().Before(f.Since()), h.Has(f), f.String())
	}
	err := h.HaveFeature(target.KprobeMulti)
	require.ErrorIs(t, err, host.ErrNotSupported)
	var missing *host.Unsupported
	require.ErrorAs(t, err, &missing)
	require.Equal(t, target.Version{Major: 5, Minor: 18}, missing.Since)
}

func TestCPUs(t *testing.T) {
	h := mustRecord(t, map[string]string{
		"sys/devices/system/cpu/possible": "0-7\n",
		"sys/devices/system/cpu/online":   "0-2,5\n",
	})
	require.Equal(t, 8, h.NumCPU())
	cpus, err := h.OnlineCPUs()
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 5}, cpus)
}

func TestFunctions(t *testing.T) {
	t.Run("symbols", func(t *testing.T) {
		h := mustRecord(t, map[string]string{
			"proc/kallsyms":                      kallsyms,
			"sys/kernel/debug/kprobes/blacklist": "0xffffffff81001030-0xffffffff81001040\trefused\n",
		})
		fns, err := h.Functions()
		require.NoError(t, err)
		require.Equal(t, []host.Function{
			{Name: "__traceiter_sched_switch"},
			{Name: "_stext"},
			{Name: "_text"},
			{Name: "vfs_read"},
			{Name: "vfs_write"},
			{Name: "ext_fn", Module: "ext"},
		}, fns)
	})
	t.Run("filter functions", func(t *testing.T) {
		h := mustRecord(t, map[string]string{
			"sys/kernel/tracing/events/enable":              "",
			"sys/kernel/tracing/available_filter_functions": "vfs_write\nvfs_read\nvfs_read\n__ftrace_invalid_address___64\next_fn [ext]\n",
		})
		fns, err := h.Functions()
		require.NoError(t, err)
		require.Equal(t, []host.Function{{Name: "vfs_read"}, {Name: "vfs_write"}, {Name: "ext_fn", Module: "ext"}}, fns)
	})
}

func TestKernelFunction(t *testing.T) {
	h := mustRecord(t, map[string]string{"proc/kallsyms": kallsyms})
	tests := []struct {
		module, name string
		want         host.Function
		ok           bool
	}{
		{"", "vfs_read", host.Function{Name: "vfs_read"}, true},
		{"vmlinux", "vfs_read", host.Function{Name: "vfs_read"}, true},
		{"ext", "vfs_read", host.Function{}, false},
		{"ext", "ext_fn", host.Function{Name: "ext_fn", Module: "ext"}, true},
		{"", "some_data", host.Function{}, false},
		{"", "nothing", host.Function{}, false},
	}
	for _, test := range tests {
		got, ok, err := h.KernelFunction(test.module, test.name)
		require.NoError(t, err)
		require.Equal(t, test.ok, ok, test.name)
		require.Equal(t, test.want, got, test.name)
	}
}

func TestTracepoints(t *testing.T) {
	h := mustRecord(t, map[string]string{
		"sys/kernel/debug/tracing/available_events":                        "syscalls:sys_enter_openat\nsched:sched_switch\n",
		"sys/kernel/debug/tracing/events/syscalls/sys_enter_openat/format": openatFormat,
		"sys/kernel/debug/tracing/events/syscalls/sys_enter_openat/id":     "782\n",
	})
	events, err := h.Tracepoints()
	require.NoError(t, err)
	require.Equal(t, []host.Event{{"sched", "sched_switch"}, {"syscalls", "sys_enter_openat"}}, events)
	id, err := h.TracepointID("syscalls", "sys_enter_openat")
	require.NoError(t, err)
	require.EqualValues(t, 782, id)
	for name, want := range map[string]bool{"sys_enter_openat": true, "sys_enter_opan": false, "../syscalls/sys_enter_openat": false} {
		ok, err := h.HasTracepoint("syscalls", name)
		require.NoError(t, err)
		require.Equal(t, want, ok, name)
	}
}

func TestTracepointArgs(t *testing.T) {
	const format = `ID: 1
	field:int common_pid;	offset:4;	size:4;	signed:1;
	field:char comm[16];	offset:8;	size:16;	signed:0;
	field:bool ok;	offset:24;	size:1;	signed:0;
	field:pid_t pid;	offset:28;	size:4;	signed:1;
	field:umode_t mode;	offset:32;	size:8;	signed:0;
	field:struct file * f;	offset:40;	size:8;	signed:0;
	field:const char *const * argv;	offset:48;	size:8;	signed:0;
	field:__data_loc char[] name;	offset:56;	size:4;	signed:0;
	field:unsigned long args[6];	offset:64;	size:48;	signed:0;
	field:u8 v6[16];	offset:112;	size:16;	signed:0;
`
	h := mustRecord(t, map[string]string{"sys/kernel/tracing/events/a/b/format": format})
	s, err := h.TracepointArgs("a", "b", types.SpaceUser)
	require.NoError(t, err)
	require.Equal(t, "struct tracepoint:a:b_args", s.String())
	require.Equal(t, 128, s.Size)
	file := h.StructByName("struct", "file")
	user := func(t types.Type) types.Type { return types.Pointer{Elem: t, Space: types.SpaceUser} }
	require.Equal(t, []types.Field{
		{Name: "comm", Type: types.Array{Elem: types.Int8, Len: 16, Text: 16}, Offset: 8},
		{Name: "ok", Type: types.Bool{}, Offset: 24},
		{Name: "pid", Type: types.Int32, Offset: 28},
		{Name: "mode", Type: types.Uint64, Offset: 32},
		{Name: "f", Type: user(file), Offset: 40},
		{Name: "argv", Type: user(user(types.Int8)), Offset: 48},
		{Name: "name", Type: types.Pointer{Elem: types.Int8, Space: types.SpaceKernel}, Offset: 56, DataLoc: true},
		{Name: "args", Type: types.Array{Elem: types.Uint64, Len: 6}, Offset: 64},
		{Name: "v6", Type: types.Array{Elem: types.Uint8, Len: 16}, Offset: 112},
	}, s.Fields)
	file.Complete(file)
	require.Empty(t, file.Fields, "a kernel without type information")
}

func TestPrivileges(t *testing.T) {
	const lockdown = "sys/kernel/security/lockdown"
	tests := []struct {
		name, caps, lockdown, want string
	}{
		{"root", "000001ffffffffff", "", ""},
		{"bpf and perfmon", "000000c000000000", "none [integrity] confidentiality", ""},
		{"bpf only", "0000008000000000", "", "not permitted: tracing needs CAP_PERFMON; run as root or grant the capability"},
		{"none", "0", "", "not permitted: tracing needs CAP_BPF and CAP_PERFMON; run as root or grant the capability"},
		{
			"lockdown", "000001ffffffffff", "none integrity [confidentiality]",
			"not permitted: the kernel is locked down (confidentiality), which forbids reading its memory",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := mustRecord(t, map[string]string{"proc/self/status": "Name:\tx\nCapEff:\t" + test.caps + "\n", lockdown: test.lockdown})
			err := h.CheckPrivileges()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, host.ErrPrivilege)
			require.EqualError(t, err, test.want)
		})
	}
}

func TestWithoutBTF(t *testing.T) {
	h := mustRecord(t, map[string]string{"proc/kallsyms": kallsyms + "ffffffffc0000010 T __traceiter_ext_tick\t[ext]\n"})
	_, err := h.TypeByName("struct", "task_struct")
	require.ErrorIs(t, err, check.ErrNoType)
	_, err = h.RawTracepointArgs("", "sched_switch")
	require.ErrorIs(t, err, host.ErrNoBTF)
	names, err := h.RawTracepoints()
	require.NoError(t, err)
	require.Equal(t, []host.RawTracepoint{{Name: "sched_switch"}, {Module: "ext", Name: "ext_tick"}}, names)
	addr, ok := h.SymbolAddress("vfs_read")
	require.True(t, ok)
	require.Equal(t, uint64(0xffffffff81001000), addr)
}

func TestSharedNames(t *testing.T) {
	h := mustRecord(t, map[string]string{"proc/kallsyms": `ffffffff81000000 T read_it
ffffffff81000100 t twice_in_the_kernel
ffffffff81000200 t twice_in_the_kernel
ffffffff81000300 D read_data
ffffffffc0000000 t read_it	[a]
ffffffffc0000100 t in_two	[a]
ffffffffc0000200 t read_data	[a]
ffffffffc0000300 t alone	[a]
ffffffffc0001000 t in_two	[b]
`})
	shared, err := h.SharedNames()
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"read_it": true, "in_two": true}, shared)
}
