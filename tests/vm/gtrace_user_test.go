package vm_test

import "github.com/gtrace/gtrace/tests/vm"

func uprobeCases() []vm.Case {
	return []vm.Case{
		traced("uprobe arguments", `uprobe:/bin/worker:gtrace_target { @n = count(); @a = sum(arg0); @b = max(arg1); }`, "call 100 7",
			vm.Exact("@a: 4950\n@b: 7\n@n: 100")),
		traced("uprobe by the program's name", `uprobe:worker:gtrace_target /comm == "worker"/ { @ = count(); }`, "call 20 1", vm.Exact("@: 20")),
		traced("uprobe wildcard", `uprobe:/bin/worker:gtrace_targ* { @[probe] = count(); }`, "call 20 1",
			vm.Exact("@[uprobe:/bin/worker:gtrace_target]: 20")),
		traced("uretprobe value", `uretprobe:/bin/worker:gtrace_target { @[retval] = count(); }`, "call 3 10",
			vm.Lines{"@[10]: 1", "@[11]: 1", "@[12]: 1"}),
	}
}

func timerCases() []vm.Case {
	return []vm.Case{
		alone("interval", `interval:ms:100 { @n++; if (@n == 3) { printf("three\n"); exit(); } }`, vm.Match(`three\s+@n: \d+`)),
		with(traced("profile", `profile:hz:99 /comm == "worker"/ { @ = count(); }`, "spin 1000", nil), func(c *vm.Case) {
			c.Also = total(5, 200) // one for each tick, if the machine had the time
		}),
	}
}

func eventCases() []vm.Case {
	return []vm.Case{
		traced("printf in order", `tracepoint:syscalls:sys_exit_write /comm == "worker"/ { printf("%s wrote %d\n", comm, args.ret); }`, "write 1 20 300",
			vm.Exact("worker wrote 1\nworker wrote 20\nworker wrote 300")),
		with(traced("printf of many", `BEGIN { @i = 0; } tracepoint:syscalls:sys_enter_getpgid /comm == "worker"/ { printf("%d\n", @i); @i += 1; } END { clear(@i); }`, "getpgid 5000", nil),
			func(c *vm.Case) { c.Also = sequence(5000) }),
		traced("condition and printf", `tracepoint:syscalls:sys_enter_getpgid /comm == "worker"/ { @n += 1; if (@n == 10) { printf("ten: %d\n", @n); } }`,
			"getpgid 15", vm.Match(`ten: 10\s+@n: 15`)),
	}
}
