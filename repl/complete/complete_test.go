package complete_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/repl/complete"
)

// TestComplete asks at the cursor, which is the | of each text (‸ where the text has a | of its own). The candidates are wanted
// exactly, or some of them and others not: "~a, b" is a list that all have to be among the candidates, "!a, b" one of which none may be.
func TestComplete(t *testing.T) {
	tests := []struct{ text, want string }{
		// attach points
		{"kpr|", "kprobe:"},
		{"k|", "~k:, kprobe:, kretprobe:"},
		{"KPR|", "KPROBE:"},
		{"BEG|", "BEGIN"},
		{"tr|", "~tracepoint:, true"},
		{"zz|", ""},
		{"kprobe:tcp_|", "tcp_connect, tcp_rcv_established, tcp_recvmsg"},
		{"kprobe:tcp_re|", "tcp_recvmsg"},
		{"k:tcp_c|", "tcp_connect"},
		{"KPROBE:tcp_c|", "tcp_connect"},
		{"kprobe:|", "do_sys_open, tcp_connect, tcp_rcv_established, tcp_recvmsg, vfs_read, vfs_readv, vfs_write, __x64_sys_read, ext4:, xfs:"},
		{"kprobe:e|", "ext4:"},
		{"kprobe:e|:x", "ext4"},
		{"kprobe:ext4:|", "ext4_file_open"},
		{"kprobe:ext4:ext4_f|", "ext4_file_open"},
		{"kprobe:tcp_*|", ""},
		{"kprobe:*tcp|", ""},
		{"kprobe:vfs_read,|", "~kprobe:, tracepoint:"},
		{"kprobe:vfs_read, |", "~kprobe:, tracepoint:"},
		{"kprobe:vfs_read, kprobe:vfs_w|", "vfs_write"},
		{"kprobe:vfs_read,\n  tracepoint:sched:sched_s|", "sched_switch"},
		{"kprobe:vfs_read |", ""},
		{"tracepoint:|", "sched:, syscalls:"},
		{"tracepoint:s|", "sched:, syscalls:"},
		{"tracepoint:sy|", "syscalls:"},
		{"t:sy|", "syscalls:"},
		{"tracepoint:sched:|", "sched_switch, sched_wakeup"},
		{"tracepoint:sched:sched_w|", "sched_wakeup"},
		{"tracepoint:nosuch:|", ""},
		{"nosuch:|", ""},
		{"interval:|", "hz:, ms:, s:, us:"},
		{"interval:s:|", ""},
		{"i:m|", "ms:"},
		{"software:|", "cpu-clock:, faults:"},
		{"s:cpu-|", "cpu-clock:"},
		{"uprobe:|", "bash:, cat:"},
		{"uprobe:b|", "bash:"},
		{"uprobe:/bin/|", "/bin/bash:, /bin/cat:"},
		{"uprobe:/bin/b|", "/bin/bash:"},
		{"uprobe:/ho|", "/home/me/"},
		{"uprobe:/bin/bash:read|", "readline, readline_internal"},
		{"uprobe:bash:main|", "main"},
		{"u:/bin/bash:m|", "main"},
		{"uprobe:\"/bin/bash\":m|", "main"},
		{"uprobe:/bin/bash:\"readl|", "readline\", readline_internal\""},
		{"uprobe:\"/bin/b|", "/bin/bash\":"},
		{"usdt:/bin/x:|", "probe1, python:"},
		{"U:/bin/x:python:function__e|", "function__entry"},
		{"name=kprobe:vfs_w|", "vfs_write"},
		{"kprobe:vfs_read { } kpr|", "kprobe:"},
		{"kprobe:vfs_read { @[pid] = count(); }\nkprobe:vfs_w|", "vfs_write"},
		{"kprobe:vfs_read /pid == 1/ { } kprobe:vfs_w|", "vfs_write"},
		{"kprobe:vfs_read < @ = count() >\nkprobe:vfs_w|", "vfs_write"},
		{"kprobe:vfs_read < @ = count(); > kprobe:vfs_w|", "vfs_write"},
		{"// kprobe:\nkprobe:vfs_w|", "vfs_write"},
		{"/* x */ kprobe:vfs_w|", "vfs_write"},
		{"#include <linux/fs.h>\nkprobe:vfs_w|", "vfs_write"},
		{"struct foo { int a; };\nkprobe:vfs_w|", "vfs_write"},
		{"config = { max_strlen = 10 } kprobe:vfs_w|", "vfs_write"},
		{"let @x = hash(10);\nkprobe:vfs_w|", "vfs_write"},
		{"macro m($x) { $x } kprobe:vfs_w|", "vfs_write"},
		{"import \"a.bt\"; kprobe:vfs_w|", "vfs_write"},
		// declarations
		{"conf|", "config = {, config"},
		{"con|", "config = {, continue, config, container_of("},
		{"mac|", "~macro, macaddr("},
		{"imp|", "import"},
		{"config = { |", "~max_strlen =, stack_mode =, missing_probes ="},
		{"config = { max_s|", "max_strlen ="},
		{"config = { max_strlen = 10; stack|", "stack_mode ="},
		{"config = { stack_mode = |", "bpftrace, raw, perf, build_id"},
		{"config = { stack_mode = p|", "perf"},
		{"config = { print_maps_on_exit = |", "false, true"},
		{"config = { max_strlen = |", ""},
		{"import \"too|", "tools/opensnoop.bt\";, tools/"},
		{"#include \"too|", "tools/opensnoop.bt\", tools/"},
		{"#inc|", "#include"},
		{"#include <lin|", ""},
		{"let @m = l|", "lruhash("},
		{"let @m = |", "hash(, lruhash(, percpuhash(, percpulruhash("},
		{"struct x { struct ta|", "task_group, task_struct"},
		{"struct x { uin|", "uint16, uint32, uint64, uint8"},
		{"fn f($a: str|", "string, struct"},
		{"fn f($a: struct ta|", "task_group, task_struct"},
		{"fn f($a: struct task_struct *) { $a->p|", "pid, prio"},
		{"macro m($v, @m) { $|", "$v"},
		{"macro m($v, @m) { @m|", "@m"},
		// fields
		{"tracepoint:syscalls:sys_enter_openat { str(args.|", "filename, flags"},
		{"tracepoint:syscalls:sys_enter_openat { str(args.fi|", "filename"},
		{"tracepoint:syscalls:sys_enter_openat { str(args->f|", "filename, flags"},
		{"tracepoint:syscalls:sys_enter_openat /args.fl|", "flags"},
		{"tracepoint:syscalls:sys_enter_openat/args.fl|", "flags"},
		{"tracepoint:syscalls:sys_exit_openat { args.|", "ret"},
		{"tracepoint:syscalls:sys_enter_* { args.|", "filename, flags"},
		{"tracepoint:sc*:*switch { args.|", "next_pid, prev_pid"},
		{"t:sched:sched_switch { printf(\"%d\\n\", args.n|", "next_pid"},
		{"t:sched:sched_switch < printf(\"%d\\n\", args.n|", "next_pid"},
		{"t:sched:sched_switch { if (args.n|", "next_pid"},
		{"t:sched:sched_switch { @[args.n|", "next_pid"},
		{"t:sched:sched_switch { @[args.next_pid, args.p|] = 1; }", "prev_pid"},
		{"t:sched:sched_switch { if (pid) { $x = 1 } else { args.p|", "prev_pid"},
		{"t:sched:sched_switch { $a = args.n|", "next_pid"},
		{"t:sched:sched_switch, t:syscalls:sys_exit_openat { args.|", "next_pid, prev_pid"},
		{"kprobe:vfs_read { args.|", ""},
		{"kprobe:vfs_read { curtask.|", "comm, mm, pid, prio, rcu_users, rcu, tasks"},
		{"kprobe:vfs_read { curtask.mm.|", "pgd, owner, mmlist"},
		{"kprobe:vfs_read { curtask->mm->owner->mm->m|", "mmlist"},
		{"kprobe:vfs_read { curtask . mm . ow|", "owner"},
		{"kprobe:nosuch { curtask.mm.o|", "owner"},
		{"nosuch:x { curtask.mm.o|", "owner"},
		{"kprobe:vfs_read /curtask.mm.o|", "owner"},
		{"kprobe:vfs_read { ((struct mm_struct *)arg0).|", "pgd, owner, mmlist"},
		{"kprobe:vfs_read { ((struct mm_struct *)arg0)->owner->c|", "comm"},
		{"kprobe:vfs_read { (*curtask).m|", "mm"},
		{"kprobe:vfs_read { $t = curtask; $t.mm.|", "pgd, owner, mmlist"},
		{"kprobe:vfs_read { let $t = curtask; $t->co|", "comm"},
		{"kprobe:vfs_read { $t = (struct own *)arg0; $t->n|", "next"},
		{"struct mine { int zero; int one; }; kprobe:vfs_read { ((struct mine *)arg0).|", "zero, one"},
		{"kprobe:vfs_read { @task[pid].|", "comm, mm, pid, prio, rcu_users, rcu, tasks"},
		{"kprobe:vfs_read { @by.|", "low, high"},
		{"kprobe:vfs_read { @x = curtask; } kprobe:vfs_write { @x.mm.p|", "pgd"},
		{"kprobe:vfs_read { $r = (aa=1, ab=\"x\"); $r.|", "aa, ab"},
		{"kprobe:vfs_read { $r = (1, \"x\"); $r.|", "0, 1"},
		{"kprobe:vfs_read { $r = (1, \"x\"); $r.1|", "1"},
		{"kprobe:vfs_read { for ($kv : @task) { $kv.1.p|", "pid, prio"},
		{"kprobe:vfs_read { for ($kv : @task) { $kv.|", "0, 1"},
		{"kprobe:vfs_read { for ($i : 0..3) { curtask.mm.o|", "owner"},
		{"kprobe:vfs_read { while (curtask.p|", "pid, prio"},
		{"kprobe:vfs_read { unroll(3) { curtask.pr|", "prio"},
		{"kprobe:vfs_read { $x = ({ $y = curtask; $y.pr|", "prio"},
		{"kprobe:vfs_read { $x = curtask.pid ? curtask.pr|", "prio"},
		{"kprobe:vfs_read { printf(\"%s\", curtask.comm); curtask.ta|", "tasks"},
		{"kprobe:vfs_read { curtask.tasks.ne|", "next"},
		{"kprobe:vfs_read { 1.|", ""},
		{"kprobe:vfs_read { nosuch.|", ""},
		{"kprobe:vfs_read { pid.|", ""},
		{"kprobe:vfs_read { broken ( ; $t = curtask; $t.pr|", "prio"},
		{"curtask.pr|", "prio"},
		{"print(curtask.pr|", "prio"},
		{"@task[1].co|", "comm"},
		{"*curtask.m|", "mm"},
		{"$t = curtask; $t.mm.ow|", "owner"},
		{"for ($kv : @task) { $kv.1.pi|", "pid"},
		{"macro me() { curtask } kprobe:vfs_read { me().pr|", "prio"},
		{"fn me(): struct task_struct * { return curtask; } kprobe:vfs_read { me().pr|", "prio"},
		// offsetof, sizeof, types
		{"kprobe:vfs_read { offsetof(struct task_struct, m|", "mm"},
		{"kprobe:vfs_read { offsetof(struct task_struct, mm.|", "pgd, owner, mmlist"},
		{"kprobe:vfs_read { offsetof(*curtask, pr|", "prio"},
		{"kprobe:vfs_read { sizeof(struct ta|", "task_group, task_struct"},
		{"kprobe:vfs_read { sizeof(struct |", "own, list_head, mm_struct, task_group, task_struct"},
		{"kprobe:vfs_read { $x = (struct l|", "list_head"},
		{"kprobe:vfs_read { $x = (union |", "sigval"},
		{"kprobe:vfs_read { $x = (enum s|", "state"},
		{"kprobe:vfs_read { $x = (uint|", "uint16, uint32, uint64, uint8"},
		{"kprobe:vfs_read { let $x: ui|", "uint16, uint32, uint64, uint8"},
		{"kprobe:vfs_read { let $x: pi|", "pid_t"},
		// variables
		{"kprobe:vfs_read { $foo = 1; $bar = 2; $|", "$bar, $foo"},
		{"kprobe:vfs_read { $foo = 1; $bar = 2; $f|", "$foo"},
		{"kprobe:vfs_read { if (1) { $in = 1; } $out = 1; $|", "$out"},
		{"kprobe:vfs_read { if (1) { $in = 1; $|", "$in"},
		{"kprobe:vfs_read { for ($kv : @task) { $|", "$kv"},
		{"kprobe:vfs_read { for ($kv : @task) { print($kv); } $|", ""},
		{"kprobe:vfs_read { $a = 1 } kprobe:vfs_write { $|", ""},
		{"$a = 1; $|", "$a"},
		// maps
		{"kprobe:vfs_read { @|", "@by, @bytes, @task"},
		{"kprobe:vfs_read { @b|", "@by, @bytes"},
		{"kprobe:vfs_read { @own[pid] = count(); } kprobe:vfs_write { clear(@o|", "@own"},
		{"kprobe:vfs_read { @a[1] = 1; print(|", "~@a, @task"},
		{"clear(|", "@by, @bytes, @task"},
		{"delete(@ta|", "@task"},
		{"@ta|", "@task"},
		// names
		{"kprobe:vfs_read { pri|", "print(, printf("},
		{"kprobe:vfs_read { pri‸(@x | 1); }", "print, printf"},
		{"kprobe:vfs_read { @ = cou|", "count("},
		{"kprobe:vfs_read { @ = |", "~count(, hist(, nsecs, pid, @task, arg0, func, curtask"},
		{"kprobe:vfs_read { |", "~printf(, if, for, let, @|"},
		{"kprobe:vfs_read { @ = l|", "~lhist("},
		{"kprobe:vfs_read { @ = p|", "!printf(, print("},
		{"kprobe:vfs_read { arg|", "arg0, arg1, arg2"},
		{"kretprobe:vfs_read { ret|", "return, retval"},
		{"kretprobe:vfs_read { arg|", ""},
		{"kprobe:vfs_read { $x = ret|", ""},
		{"tracepoint:sched:sched_switch { arg|", "args"},
		{"kprobe:vfs_read { tw|", "twice("},
		{"kprobe:vfs_read { $x = ha|", "~half("},
		{"kprobe:vfs_read { $x = LIM|", "LIMIT"},
		{"enum e { ONE, TWO }; kprobe:vfs_read { $x = TW|", "TWO"},
		{"kprobe:vfs_read { $x = AF_I|", "AF_INET, AF_INET6"},
		{"kprobe:vfs_read { $x = TASK|", "TASK_RUNNING"},
		{"kprobe:vfs_read { whi|", "while"},
		{"kprobe:vfs_read { $x = whi|", ""},
		{"kprobe:vfs_read { if (pid) { } els|", ""},
		{"kprobe:vfs_read /pi|", "pid"},
		{"kprobe:vfs_read / pid == 1 && ui|", "uid"},
		{"kprobe:vfs_read /pid/ { ui|", "uid"},
		{"kprobe:vfs_read { @[kst|", "kstack"},
		{"kprobe:vfs_read { @[kstack(|", "bpftrace, perf, raw"},
		{"kprobe:vfs_read { @[kstack(p|", "perf"},
		{"kprobe:vfs_read { @[kstack(perf, |", "!perf, raw"},
		{"kprobe:vfs_read { nsecs(m|", "monotonic"},
		{"kprobe:vfs_read { $x = pid |", ""},
		{"nse|", "nsecs"},
		{"1 + nse|", "nsecs"},
		{"print(nse|", "nsecs"},
		{"if (pid) { nse|", "nsecs"},
		// strings and comments
		{"kprobe:vfs_read { printf(\"pi|", ""},
		{"kprobe:vfs_read { printf(\"x\", \"pi|", ""},
		{"kprobe:vfs_read { // pi|", ""},
		{"kprobe:vfs_read { /* pi|", ""},
		{"// kpr|", ""},
		{"/* kpr|", ""},
		{"kprobe:vfs_read { /* x */ ui|", "uid"},
		{"kprobe:vfs_read { printf(\"// {\"); ui|", "uid"},
		{"kprobe:vfs_read { $x = kaddr(\"ji|", "jiffies\", jiffies_64\""},
		{"kprobe:vfs_read { $x = kaddr(\"ini|\")", "init_task"},
		{"kprobe:vfs_read { reg(\"|", "~ip\", sp\""},
		{"kprobe:vfs_read { signal(\"KI|", "KILL\""},
		{"kprobe:vfs_read { cgroupid(\"too|", "tools/opensnoop.bt\", tools/"},
		{"uprobe:/bin/bash:main { uaddr(\"readl|", "readline\", readline_internal\""},
		// commands
		{":|", "~:help, :list, :load"},
		{":l|", ":list, :l, :load"},
		{":lo|", ":load"},
		{"|", "~:help, watch, kprobe:, printf(, @|"},
		{"wat|", "watch"},
		{"watch @b|", "@by, @bytes"},
		{"watch = |", "~kprobe:"},
		{":load |", "/bin/bash, /bin/cat, tools/opensnoop.bt, /home/me/, tools/"},
		{":load too|", "tools/opensnoop.bt, tools/"},
		{":list |", "~kprobe:, tracepoint:"},
		{":list kprobe:tcp_c|", "tcp_connect"},
		{":l tracepoint:sched:|", "sched_switch, sched_wakeup"},
		{":maps |", "@by, @bytes, @task"},
		{":maps @by @t|", "@task"},
		{":ir |", "1, 2"},
		{":help |", ""},
		{":type st|", "struct"},
		{":type struct ta|", "task_group, task_struct"},
		{":set max_s|", "max_strlen="},
		{":set stack_mode p|", "perf"},
		{":set stack_mode=p|", "perf"},
		{":list -v kprobe:tcp_c|", "tcp_connect"},
		{":lis kprobe:tcp_c|", "tcp_connect"},
		{":lo too|", "tools/opensnoop.bt, tools/"},
		{":m @|", ""},
		{":set stack_mode = p|", "perf"},
		{":man ns|", "nsecs"},
		{":time kprobe:vfs_read { curtask.mm.o|", "owner"},
		{":nosuch |", ""},
	}
	require.Greater(t, len(tests), 120)
	c := complete.New(newFake())
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			mark := "|"
			if strings.Contains(tt.text, "‸") {
				mark = "‸"
			}
			pos := strings.Index(tt.text, mark)
			text := strings.Replace(tt.text, mark, "", 1)
			r := c.Now(text, pos)
			checkResult(t, text, pos, r)
			requireCandidates(t, tt.want, r)
		})
	}
}

// checkResult checks what holds for every result.
func checkResult(t *testing.T, text string, pos int, r complete.Result) {
	t.Helper()
	require.False(t, r.Pending)
	require.GreaterOrEqual(t, r.Start, 0)
	require.LessOrEqual(t, r.Start, pos)
	require.LessOrEqual(t, len(r.Candidates), complete.Limit)
	require.GreaterOrEqual(t, r.Total, len(r.Candidates))
	for _, c := range r.Candidates {
		require.True(t, strings.HasPrefix(c.Text, text[r.Start:pos]), "%q does not begin with %q", c.Text, text[r.Start:pos])
		require.True(t, strings.HasPrefix(c.Text, r.Common), "%q does not begin with %q", c.Text, r.Common)
	}
}

func requireCandidates(t *testing.T, want string, r complete.Result) {
	t.Helper()
	var got []string
	for _, c := range r.Candidates {
		got = append(got, strings.TrimSpace(c.Text))
	}
	list := func(s string) []string { return strings.Split(strings.TrimSuffix(s, ", @|"), ", ") }
	switch {
	case strings.HasPrefix(want, "~"):
		require.Subset(t, got, list(want[1:]))
	case strings.HasPrefix(want, "!"):
		for _, w := range list(want[1:]) {
			require.NotContains(t, got, w)
		}
	default:
		require.Equal(t, want, strings.Join(got, ", "))
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(got))), len(got), "doubles")
	}
}
