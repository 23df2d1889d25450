package vm_test

import (
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// taskCases ask the kernel for other tasks by their ids.
func taskCases() []vm.Case {
	either := func(name, program, want string) vm.Case { // where programs of the kind may not ask, or no program may, that is said
		return vm.Case{
			Case: wire.Case{Name: name, Run: []string{"sh", "-c", `gtrace -e '` + program + `' 2>&1 | grep -v Attached; true`}},
			Stdout: vm.Match(`(` + want + `|\S+: ERROR: Syntax comm\(PID\) is not supported in this probe type yet\. Type: \w+\n.*` +
				`|\S+: ERROR: comm\(pid\) needs bpf_task_from_pid, which kernels have from 6\.2 on\n.*)`),
		}
	}
	const print = `{ print((comm(2), comm(2) == "kthreadd")); exit(); }`
	const want = `\(kthreadd, true\)`
	return []vm.Case{
		from(6, 2, traced("comm of another task", `fentry:__x64_sys_getpgid /comm == "worker"/ { @[comm(2), comm(pid), comm(curtask->real_parent->tgid) != comm] = count(); }`,
			"getpgid 100", vm.Exact("@[kthreadd, worker, true]: 100"))),
		from(6, 2, traced("comm of another task at the return", `fexit:__x64_sys_getpgid /comm == "worker"/ { @[comm(tid)] = count(); }`,
			"getpgid 100", vm.Exact("@[worker]: 100"))),
		from(6, 2, traced("comm of no task", `fentry:__x64_sys_getpgid /comm == "worker"/ { @[comm(-1)] = count(); }`, "getpgid 2", vm.Exact("@[N/A]: 2"))),
		from(6, 2, alone("comm of all tasks", `iter:task { if (ctx.task->pid == 2) { print(comm(ctx.task->pid)); } }`, vm.Exact("kthreadd"))),
		either("comm of another task in an interval", `interval:ms:10 `+print, want),
		either("comm of another task in a profile", `profile:hz:99 `+print, want),
		either("comm of another task in a tracepoint", `tracepoint:sched:sched_switch `+print, want),
		either("comm of another task in a kprobe", `kprobe:vfs_read `+print, want),
		either("comm of another task in a kretprobe", `kretprobe:vfs_read `+print, want),
		either("comm of another task in a raw tracepoint", `rawtracepoint:sched_switch `+print, want),
		either("comm of another task at the begin", `BEGIN `+print, want),
	}
}
