package vm_test

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
)

func iterCases() []vm.Case {
	since := func(major, minor int, c vm.Case) vm.Case {
		c.Since = target.Version{Major: major, Minor: minor}
		return c
	}
	return []vm.Case{
		alone("iter of tasks", `iter:task { if (ctx.task.pid == 1) { printf("%s %d %s\n", ctx->task->comm, ctx.task.tgid, probe); } @ = count(); }`,
			vm.Match(`init 1 iter:task\n\s*@: \d+`)),
		alone("iter without an end", `iter:task { if (ctx.task == 0) { printf("null\n"); } }`, vm.Exact("")),
		alone("iter of files", `iter:task_file { if (ctx.task.comm == "gtrace" && ctx.file.f_path.dentry.d_name.len > 0) { @[ctx.fd > 2] = count(); } }`, vm.Match(`(?s)@\[.*`)),
		since(5, 12, alone("path of a file in an iter", `iter:task_file { if (ctx.task.pid == 1 && ctx.fd == 0) { print(path(ctx.file->f_path)); } }`, vm.Match(`/dev/\w+`))),
		since(5, 12, alone("path of variables in an iter", `iter:task_file { if (ctx.task.pid == 1 && ctx.fd == 0) { $f = ctx.file; $p = $f->f_path; print((path($f->f_path) == path($p), path($p))); } }`,
			vm.Match(`\(true, /dev/\w+\)`))),
		since(5, 12, alone("path of nothing in an iter", `iter:task { if (ctx.task.pid == 2) { print((ctx.task.pid, path(ctx.task->mm->exe_file->f_path))); } }`, vm.Exact("(2, )"))),
		since(6, 1, alone("iter of mappings", `iter:task_vma { if (ctx.task.pid == 1 && ctx.vma.vm_start < ctx.vma.vm_end) { @ = count(); } }`, vm.Match(`@: [1-9]\d*`))),
		alone("iter of maps", `iter:bpf_map { if (ctx.map.max_entries == 77) { printf("%s %d\n", ctx.map.name, ctx.map.max_entries); } }`, vm.Exact("")),
		with(alone("iter counts tasks", "", nil), func(c *vm.Case) {
			// Only kernel threads, of which none comes or goes in between.
			c.Run = []string{"sh", "-c", `gtrace -q -e 'iter:task { if (ctx.task.comm == "kthreadd") { @ = count(); } }'; cat /proc/2/comm`}
			c.Stdout = vm.Exact("@: 1\nkthreadd")
		}),
		since(5, 12, with(alone("iter of paths", "", vm.Has{"/etc/passwd\n"}), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", `exec gtrace -q -e 'iter:task_file { if (ctx.task.comm == "gtrace" && ctx.fd == 9) { printf("%s\n", path(ctx.file.f_path)); } }' 9</etc/passwd`}
		})),
		alone("iter of objects in a loop", `iter:task { for ($i : 0..2) { if (ctx.task.pid == 1) { printf("%s %d\n", ctx.task.comm, ctx.task.in_execve); } } }`, vm.Exact("init 0\ninit 0")),
		failing("iter of nothing", `iter:tsk { }`, "ERROR: iter tsk not available for your kernel version.", "HINT: did you mean iter:task?"),
	}
}
