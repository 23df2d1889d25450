package vm_test

import "github.com/gtrace/gtrace/tests/vm"

// sizesHist is the histogram of the writes of 1, 2, 4, 8, 16 and 100 bytes.
const sizesHist = `@h:
[1]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[2, 4)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[8, 16)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[16, 32)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[32, 64)               0 |                                                    |
[64, 128)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`

const sizesLhist = `@:
[0, 10)                4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[10, 20)               1 |@@@@@@@@@@@@@                                       |
[20, 30)               0 |                                                    |
[30, 40)               0 |                                                    |
[40, 50)               0 |                                                    |
[50, ...)              1 |@@@@@@@@@@@@@                                       |
`

func kprobeCases() []vm.Case {
	return []vm.Case{
		traced("kprobe count", `kprobe:__x64_sys_getpgid /comm == "worker"/ { @ = count(); }`, "getpgid 1000", vm.Exact("@: 1000")),
		with(traced("kprobe of a real retransmission", `kprobe:tcp_retransmit_skb < @[comm] = count(); >`, "retransmit 3", vm.Has{"@["}),
			func(c *vm.Case) { c.Also = total(3, 3) }),
		traced("kprobe on two CPUs at once", `kprobe:__x64_sys_getpgid /comm == "worker"/ { @ = count(); @s = sum(2); }`, "getpgid 500 4",
			vm.Exact("@: 2000\n@s: 4000")),
		traced("kprobe arguments", `kprobe:vfs_write /comm == "worker"/ { @n = count(); @sum = sum(arg2); @max = max(arg2); @min = min(arg2); @avg = avg(arg2); @all = stats(arg2); }`,
			"write 1 2 4 8 16 100", vm.Exact("@all: { .count = 6, .average = 21, .total = 131 }\n@avg: 21\n@max: 100\n@min: 1\n@n: 6\n@sum: 131")),
		traced("kprobe hist", `kprobe:vfs_write /comm == "worker"/ { @h = hist(arg2); }`, "write 1 2 4 8 16 100", vm.Exact(sizesHist)),
		traced("kprobe lhist", `kprobe:vfs_write /comm == "worker"/ { @ = lhist(arg2, 0, 50, 10); }`, "write 1 2 4 8 16 100", vm.Exact(sizesLhist)),
		traced("kretprobe value", `kretprobe:vfs_write /comm == "worker"/ { @[retval] = count(); }`, "write 5 5 70", vm.Lines{"@[70]: 1", "@[5]: 2"}),
		traced("kretprobe error number", `kretprobe:__x64_sys_openat /comm == "worker" && (int64)retval == -20/ { @[(int64)retval] = count(); }`, "open 25",
			vm.Exact("@[-20]: 25")),
		traced("kprobe and kretprobe", `kprobe:__x64_sys_getpgid /comm == "worker"/ { @start[tid] = nsecs; }
			kretprobe:__x64_sys_getpgid /@start[tid]/ { @n = count(); if (nsecs - @start[tid] > 1000000000) { @slow = count(); } delete(@start, tid); }
			END { clear(@start); }`, "getpgid 500", vm.Match(`(@slow: \d+\n)?@n: 500`)),
		traced("kprobe wildcard", `kprobe:__x64_sys_getpgi* /comm == "worker"/ { @ = count(); }`, "getpgid 100", vm.Exact("@: 100")),
		// The kernel lists this function under another of its names: it has one for each of the 64-bit and 32-bit tables.
		traced("kprobe of a second name", `kprobe:__x64_sys_getppid, kprobe:vfs_write /comm == "worker"/ { @ = count(); }`, "write 1 2", vm.Exact("@: 2")),
		traced("kprobe wildcard of many", `kprobe:vfs_* /comm == "worker"/ { @[func] = count(); }`, "write 1 2 3", vm.Has{"@[vfs_write]: 3\n"}),
		traced("kprobe list", `kprobe:__x64_sys_getpgid, kprobe:__x64_sys_nosuch*, kprobe:vfs_write /comm == "worker"/ { @[probe] = count(); }`, "getpgid 50",
			vm.Has{"@[kprobe:__x64_sys_getpgid]: 50\n"}),
		traced("kprobe stack", `kprobe:__x64_sys_getpgid /comm == "worker"/ { @[kstack(1)] = count(); }`, "getpgid 10",
			vm.Match(`@\[\n\s+__x64_sys_getpgid\+\d+\n\]: 10`)),
		traced("kprobe of a wildcard and a module", `kprobe:vmlinux:__x64_sys_getpgi*, kprobe:nosuch* /comm == "worker"/ { @ = count(); }`, "getpgid 10", vm.Exact("@: 10")),
		traced("kernel stack and symbol", `kprobe:vfs_write /comm == "worker"/ { printf("%s|%s|%s\n", kstack(3), func, ksym(arg0)); exit(); }`, "write 1",
			vm.Match(`vfs_write\+\d+\n\s+(ksys_write|__x64_sys_write)\+\d+\n.*\n\|vfs_write\|0x[0-9a-f]+`)),
		traced("symbol of a function pointer", `tracepoint:timer:hrtimer_start /comm == "worker"/ { @[ksym(args.function)] = count(); }`, "sleep 20", vm.Has{"@[hrtimer_wakeup]: "}),
		traced("kprobe builtins", `kprobe:__x64_sys_getpgid /comm == "worker"/ { @[uid, gid, pid > 1, cpu < 2, curtask != 0, comm, func] = count(); }`, "getpgid 10",
			vm.Exact("@[0, 0, true, true, true, worker, __x64_sys_getpgid]: 10")),
	}
}

func tracepointCases() []vm.Case {
	return []vm.Case{
		traced("tracepoint count", `tracepoint:syscalls:sys_enter_getpgid /comm == "worker"/ { @[comm] = count(); }`, "getpgid 1000", vm.Exact("@[worker]: 1000")),
		traced("tracepoint string argument", `tracepoint:syscalls:sys_enter_openat /str(args.filename) == "/etc/passwd/gtrace"/ { @[str(args.filename)] = count(); }`,
			"open 25", vm.Exact("@[/etc/passwd/gtrace]: 25")),
		traced("tracepoint data location", `tracepoint:sched:sched_process_exec /comm == "worker"/ { @[str(args.filename)] = count(); }`, "sleep 1",
			vm.Exact("@[/bin/worker]: 1")),
		traced("tracepoint wildcard", `tracepoint:syscalls:sys_*_getpgid /comm == "worker"/ { @[probe] = count(); }`, "getpgid 200",
			vm.Lines{"@[tracepoint:syscalls:sys_enter_getpgid]: 200", "@[tracepoint:syscalls:sys_exit_getpgid]: 200"}),
		traced("tracepoint signed argument", `tracepoint:syscalls:sys_exit_openat /comm == "worker" && args.ret == -20/ { @ = sum(args.ret); }`, "open 5",
			vm.Exact("@: -100")),
		with(traced("rawtracepoint", `rawtracepoint:sys_enter /comm == "worker" && arg1 == 121/ { @ = count(); }`, "getpgid 300", nil), counted(300)),
	}
}
