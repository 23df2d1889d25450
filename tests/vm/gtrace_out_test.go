package vm_test

import (
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// taskCases ask the kernel for other tasks by their ids.
func taskCases() []vm.Case {
	// A program may run on several CPUs before the exit takes effect. Where programs of a kind may not ask, or no program may, that is said.
	either := func(name, program, want string) vm.Case {
		return vm.Case{
			Case: wire.Case{Name: name, Run: []string{"sh", "-c", `gtrace -e '` + program + `' 2>&1 | grep -v -e Attached -e "` + missed + `"; true`}},
			Stdout: vm.Match(`(` + want + `(\n` + want + `)*|\S+: ERROR: Syntax comm\(PID\) is not supported in this probe type yet\. Type: \w+\n.*` +
				`|\S+: ERROR: comm\(pid\) needs bpf_task_from_pid, which kernels have from 6\.2 on\n.*)`),
		}
	}
	const print = `{ print((comm(2), comm(2) == "kthreadd")); exit(); }`
	const want = `\(kthreadd, true\)`
	noTask := traced("comm of no task", `fentry:__x64_sys_getpgid /comm == "worker"/ { @[comm(-1)] = count(); }`, "getpgid 2", vm.Exact("@[N/A]: 2"))
	noTask.Stderr = vm.Match(`Attached 1 probe(\nstdin:\S+ WARNING: No such process \(pid=-1\)){2}`)
	return []vm.Case{
		from(6, 2, traced("comm of another task", `fentry:__x64_sys_getpgid /comm == "worker"/ { @[comm(2), comm(pid), comm(curtask->real_parent->tgid) != comm] = count(); }`,
			"getpgid 100", vm.Exact("@[kthreadd, worker, true]: 100"))),
		from(6, 2, traced("comm of another task at the return", `fexit:__x64_sys_getpgid /comm == "worker"/ { @[comm(tid)] = count(); }`,
			"getpgid 100", vm.Exact("@[worker]: 100"))),
		from(6, 2, noTask),
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

// packetCases write packets of the loopback device to files. Of what is in a file, the times and what the kernel chooses, an id, a port
// and a checksum, may be anything.
func packetCases() []vm.Case {
	const (
		head   = `d4 c3 b2 a1 02 00 04 00 00 00 00 00 00 00 00 00 ff ff 00 00 65 00 00 00 `
		any    = `(?:[0-9a-f]{2} )`
		ip     = `45 00 00 20 ` + any + `{2}40 00 40 11 ` + any + `{2}7f 00 00 01 7f 00 00 01 `
		udp    = any + `{2}00 09 00 0c ` + any + `{2}`
		packet = any + `{8}20 00 00 00 20 00 00 00 ` + ip + udp
	)
	dump := func(name, program, work, printed, file string) vm.Case {
		return vm.Case{
			Case: wire.Case{
				Name: name, Work: []string{"worker", "udp", work}, Again: missed,
				Run: []string{"sh", "-c", `rm -f /tmp/p.pcap; gtrace -e '` + program + `'; busybox od -An -v -tx1 /tmp/p.pcap | busybox tr -s " \n" " "; echo`},
			},
			Stdout: vm.Match(printed + `\s+` + file),
			Stderr: vm.Match(`(.*\n)?Attached \d+ probes?`),
		}
	}
	return []vm.Case{
		dump("packets that arrive", `fentry:ip_rcv /args.skb->len == 32 && @n < 3/ { @[skboutput("/tmp/p.pcap", args.skb, args.skb->len, 0)] = count(); @n++; if (@n == 3) { clear(@n); exit(); } }`,
			"3", `@\[0\]: 3`, head+packet+`67 74 72 30 `+packet+`67 74 72 31 `+packet+`67 74 72 32`),
		dump("packets that leave", `fentry:__dev_queue_xmit /args.skb->len == 46/ { $r = skboutput("/tmp/p.pcap", args.skb, args.skb->len, 14); print($r); exit(); }`,
			"1", `0`, head+packet+`67 74 72 30`),
		dump("beginning of a packet", `fexit:eth_type_trans /args.skb->len == 32/ { print((skboutput("/tmp/p.pcap", args.skb, 4, 0), skboutput("/tmp/p.pcap", args.skb, 33, 0))); exit(); }`,
			"1", `\(0, -14\)`, head+any+`{8}04 00 00 00 20 00 00 00 45 00 00 20`),
		dump("packets of a raw tracepoint", `rawtracepoint:netif_receive_skb /args.skb->len == 32/ { print(skboutput("/tmp/p.pcap", args.skb, args.skb->len, 28)); exit(); }`,
			"1", `0`, head+any+`{8}04 00 00 00 04 00 00 00 67 74 72 30`),
		failing("packets in a kprobe", `kprobe:ip_rcv { $r = skboutput("/tmp/p.pcap", (struct sk_buff*)arg0, 10, 0); }`, `skboutput can not be used with "kprobe" probes`),
		notAttached("packets to no folder", `fentry:ip_rcv { $r = skboutput("/no/p.pcap", args.skb, 10, 0); }`, "ERROR: skboutput(): open /no/p.pcap: no such file or directory"),
	}
}
