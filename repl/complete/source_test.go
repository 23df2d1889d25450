package complete_test

import (
	"errors"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/repl/complete"
	"github.com/gtrace/gtrace/stdlib"
)

// fake is a small machine.
type fake struct {
	functions []string
	prelude   string
	host      *fakeHost
	builtins  check.Builtins
}

func newFake() *fake {
	return &fake{
		functions: []string{"__x64_sys_read", "do_sys_open", "tcp_connect", "tcp_rcv_established", "tcp_recvmsg", "vfs_read", "vfs_readv", "vfs_write"},
		prelude:   "struct own { int a; struct list_head *next; };\n#define LIMIT 7\nmacro twice(x) { x * 2 }\nfn half($n: uint64): uint64 { return $n / 2; }\n",
		host:      newFakeHost(),
		builtins:  fakeBuiltins{stdlib.New()},
	}
}

func (f *fake) ProbeTypes() []complete.ProbeType {
	return []complete.ProbeType{
		{Name: "begin"},
		{Name: "end"},
		{Name: "interval", Aliases: []string{"i"}, Parts: true},
		{Name: "kprobe", Aliases: []string{"k"}, Parts: true},
		{Name: "kretprobe", Aliases: []string{"kr"}, Parts: true},
		{Name: "software", Aliases: []string{"s"}, Parts: true},
		{Name: "tracepoint", Aliases: []string{"t"}, Parts: true},
		{Name: "uprobe", Aliases: []string{"u"}, Parts: true, Files: true},
		{Name: "usdt", Aliases: []string{"U"}, Parts: true, Files: true},
	}
}

var events = map[string][]string{
	"sched":    {"sched_switch", "sched_wakeup"},
	"syscalls": {"sys_enter_open", "sys_enter_openat", "sys_exit_openat"},
}

func (f *fake) Part(kind string, before []string, prefix string) []complete.Names {
	switch n := len(before); {
	case (kind == "kprobe" || kind == "kretprobe") && n == 0:
		return []complete.Names{{List: f.functions}, {List: []string{"ext4", "xfs"}, Suffix: ":"}}
	case (kind == "kprobe" || kind == "kretprobe") && n == 1 && before[0] == "ext4":
		return []complete.Names{{List: []string{"ext4_file_open"}}}
	case kind == "tracepoint" && n == 0:
		return []complete.Names{{List: []string{"sched", "syscalls"}, Suffix: ":"}}
	case kind == "tracepoint" && n == 1:
		return []complete.Names{{List: events[before[0]]}}
	case kind == "interval" && n == 0:
		return []complete.Names{{List: []string{"hz", "ms", "s", "us"}, Suffix: ":"}}
	case kind == "software" && n == 0:
		return []complete.Names{{List: []string{"cpu-clock", "faults"}, Suffix: ":"}}
	case (kind == "uprobe" || kind == "usdt") && n == 0 && strings.Contains(prefix, "/"):
		return f.withSuffix(f.Files(prefix), ":")
	case (kind == "uprobe" || kind == "usdt") && n == 0:
		return []complete.Names{{List: []string{"bash", "cat"}, Suffix: ":"}}
	case kind == "uprobe" && n == 1 && strings.HasSuffix(before[0], "bash"):
		return []complete.Names{{List: []string{"main", "readline", "readline_internal"}}}
	case kind == "usdt" && n == 1:
		return []complete.Names{{List: []string{"probe1"}}, {List: []string{"python"}, Suffix: ":"}}
	case kind == "usdt" && n == 2:
		return []complete.Names{{List: []string{"function__entry", "function__return"}}}
	}
	return nil
}

func (f *fake) withSuffix(ns []complete.Names, suffix string) []complete.Names {
	for i := range ns {
		if ns[i].Suffix == "" {
			ns[i].Suffix = suffix
		}
	}
	return ns
}

var paths = []string{"/bin/bash", "/bin/cat", "/home/me/", "tools/opensnoop.bt", "tools/"}

func (f *fake) Files(prefix string) []complete.Names {
	files, folders := complete.Names{}, complete.Names{Suffix: "/"}
	for _, p := range paths {
		if dir, ok := strings.CutSuffix(p, "/"); ok {
			folders.List = append(folders.List, dir)
		} else {
			files.List = append(files.List, p)
		}
	}
	slices.Sort(files.List)
	slices.Sort(folders.List)
	return []complete.Names{files, folders}
}

func (f *fake) TypeNames(keyword string) []string { return f.host.TypeNames(keyword) }
func (f *fake) Constants() []string {
	return []string{"AF_INET", "AF_INET6", "AF_UNIX", "TASK_RUNNING"}
}

func (f *fake) Symbols() []string        { return []string{"init_task", "jiffies", "jiffies_64"} }
func (f *fake) Builtins() check.Builtins { return f.builtins }
func (f *fake) Prelude() string          { return f.prelude }

func (f *fake) Maps() []*check.Map {
	task := types.Pointer{Elem: f.host.task, Space: types.SpaceKernel}
	return []*check.Map{
		{Name: "@by", Value: types.Record{Fields: []types.RecordField{{Name: "low", Type: types.Uint64}, {Name: "high", Type: types.Uint64}}}},
		{Name: "@bytes", Key: types.Tuple{Elems: []types.Type{types.Uint32, types.String{Size: 16}}}, Value: types.Hist{}},
		{Name: "@task", Key: types.Uint32, Value: task},
	}
}

func (f *fake) Commands() []complete.Command {
	return []complete.Command{
		{Name: ":help", Short: []string{":h"}, Doc: "help"},
		{Name: ":ir", Doc: "show the IR", Args: []complete.Arg{{Words: []complete.Candidate{{Text: "1"}, {Text: "2"}}}}},
		{Name: ":list", Short: []string{":l"}, Doc: "list probes", Args: []complete.Arg{{Kind: complete.ArgProbe}}},
		{Name: ":load", Doc: "load a script", Args: []complete.Arg{{Kind: complete.ArgFile}}},
		{Name: ":man", Args: []complete.Arg{{Kind: complete.ArgBuiltin}}},
		{Name: ":maps", Doc: "show maps", Args: []complete.Arg{{Kind: complete.ArgMap}}},
		{Name: ":set", Args: []complete.Arg{{Kind: complete.ArgConfig}}},
		{Name: ":time", Args: []complete.Arg{{Kind: complete.ArgScript}}},
		{Name: ":type", Args: []complete.Arg{{Kind: complete.ArgType}}},
		{Name: "watch", Args: []complete.Arg{{Kind: complete.ArgMap}}},
	}
}

func (f *fake) Check(text string, wrap func(check.Providers) check.Providers) *check.Info {
	diags := &diag.List{}
	tree := parser.Parse(diag.NewFile("input", text), diags)
	expand.Program(tree, expand.Options{Builtin: func(name string) bool {
		_, ok := f.builtins.Signature(name)
		return ok
	}}, diags)
	info, err := check.Check(tree, check.Options{
		Builtins: f.builtins, Providers: wrap(fakeProviders{f}), Host: f.host, Maps: f.Maps(),
	}, diags)
	if err != nil {
		return nil
	}
	return info
}

// fakeBuiltins are the builtins, with one that names a symbol of the program.
type fakeBuiltins struct{ *stdlib.Catalog }

func (b fakeBuiltins) Signature(name string) (*types.Signature, bool) {
	if name == "uaddr" {
		return &types.Signature{Name: name, Params: []types.Param{{Kind: types.ParamLitString, Names: types.NamesUserSymbol}}, Call: true}, true
	}
	return b.Catalog.Signature(name)
}

// fakeProviders resolve names that the machine has.
type fakeProviders struct{ f *fake }

func (p fakeProviders) Provider(name string) (check.Provider, bool) {
	for _, t := range p.f.ProbeTypes() {
		if t.Name == strings.ToLower(name) || slices.Contains(t.Aliases, name) {
			return fakeProvider{p.f, t.Name}, true
		}
	}
	return nil, false
}

func (p fakeProviders) Names() []string { return nil }

type fakeProvider struct {
	f    *fake
	name string
}

func (p fakeProvider) Name() string { return p.name }

func (p fakeProvider) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	full := p.name + ":" + strings.Join(pt.Parts, ":")
	ctx := &attach.Context{ID: full, Stack: true}
	last := ""
	if n := len(pt.Parts); n > 0 {
		last = pt.Parts[n-1]
	}
	switch p.name {
	case "kprobe", "kretprobe":
		if !slices.Contains(p.f.functions, last) {
			return nil, &check.PointError{Message: "no such function"}
		}
		ctx.Func = "ip"
		if p.name == "kretprobe" {
			ctx.Retval = &attach.Value{Name: "retval", Type: types.Int64, Size: 8}
			break
		}
		for i := range 3 {
			ctx.ArgN = append(ctx.ArgN, attach.Value{Name: "arg", Type: types.Uint64, Offset: 8 * i, Size: 8})
		}
	case "tracepoint":
		if len(pt.Parts) != 2 || !slices.Contains(events[pt.Parts[0]], last) {
			return nil, errors.New("no such event")
		}
		ctx.Args = p.f.host.args(pt.Parts[0], last)
	}
	return []attach.Match{{Probe: attach.Probe{Provider: p.name, Name: full, Kind: attach.KindKprobe, Func: last}, Context: ctx}}, nil
}

// fakeHost knows a few types.
type fakeHost struct {
	task, mm, list *types.Struct
	state          *types.Enum
}

func newFakeHost() *fakeHost {
	h := &fakeHost{
		task: &types.Struct{Name: "task_struct", Size: 64, Align: 8}, mm: &types.Struct{Name: "mm_struct", Size: 24, Align: 8},
		list:  &types.Struct{Name: "list_head", Size: 16, Align: 8},
		state: &types.Enum{Name: "state", Size: 4, Values: []types.EnumValue{{Name: "TASK_RUNNING"}}},
	}
	h.list.Fields = []types.Field{{Name: "next", Type: pointer(h.list)}, {Name: "prev", Type: pointer(h.list), Offset: 8}}
	h.mm.Fields = []types.Field{{Name: "pgd", Type: types.Uint64}, {Name: "owner", Type: pointer(h.task), Offset: 8}, {Name: "mmlist", Type: h.list, Offset: 8}}
	inner := &types.Struct{Size: 8, Align: 8, Union: true, Fields: []types.Field{{Name: "rcu_users", Type: types.Int32}, {Name: "rcu", Type: types.Uint64}}}
	h.task.Fields = []types.Field{
		{Name: "comm", Type: types.Array{Elem: types.Int8, Len: 16, Text: 16}},
		{Name: "mm", Type: pointer(h.mm), Offset: 16},
		{Name: "pid", Type: types.Int32, Offset: 24},
		{Name: "prio", Type: types.Int32, Offset: 28},
		{Type: inner, Offset: 32},
		{Name: "tasks", Type: h.list, Offset: 40},
	}
	return h
}

func pointer(s *types.Struct) types.Type { return types.Pointer{Elem: s, Space: types.SpaceKernel} }

func (h *fakeHost) args(category, event string) *types.Struct {
	s := &types.Struct{Name: "args", Size: 40, Align: 8}
	switch {
	case event == "sys_enter_openat" || event == "sys_enter_open":
		s.Fields = []types.Field{
			{Name: "filename", Type: types.Pointer{Elem: types.Int8, Space: types.SpaceUser}, Offset: 16},
			{Name: "flags", Type: types.Int64, Offset: 24},
		}
	case category == "syscalls":
		s.Fields = []types.Field{{Name: "ret", Type: types.Int64, Offset: 16}}
	default:
		s.Fields = []types.Field{{Name: "next_pid", Type: types.Int32, Offset: 16}, {Name: "prev_pid", Type: types.Int32, Offset: 20}}
	}
	return s
}

func (h *fakeHost) TypeByName(keyword, name string) (types.Type, error) {
	for _, s := range []*types.Struct{h.task, h.mm, h.list} {
		if keyword == "struct" && s.Name == name {
			return s, nil
		}
	}
	if keyword == "" && name == "pid_t" {
		return types.Int32, nil
	}
	return nil, check.ErrNoType
}

func (h *fakeHost) EnumValue(name string) (int64, types.Type, bool) {
	return 0, h.state, name == "TASK_RUNNING"
}

func (h *fakeHost) TypeNames(keyword string) []string {
	switch keyword {
	case "struct":
		return []string{"list_head", "mm_struct", "task_group", "task_struct"}
	case "union":
		return []string{"sigval"}
	case "enum":
		return []string{"pid_type", "state"}
	}
	return []string{"pid_t", "pte_t"}
}

func (h *fakeHost) SymbolAddress(string) (uint64, bool) { return 0x1000, true }
