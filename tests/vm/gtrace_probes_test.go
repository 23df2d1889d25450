package vm_test

import (
	"strings"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
)

// probeFormCases are forms of attach points that name something rare: functions of BPF programs, addresses, places that the kernel
// refuses.
func probeFormCases() []vm.Case {
	since61 := func(c vm.Case) vm.Case {
		c.Since = target.Version{Major: 6, Minor: 1}
		return c
	}
	since64 := func(c vm.Case) vm.Case { // older kernels take the kernel's function of that name
		c.Since = target.Version{Major: 6, Minor: 4}
		return c
	}
	cases := []vm.Case{
		ofProgram("A", "fentry of a BPF program", `fentry:bpf:*halfA* { @[args.a0 == tid, comm] = count(); }`, "getpgid 100", vm.Exact("@[true, worker]: 100")),
		ofProgram("B", "fentry of a BPF program by its number", `fentry:bpf:ID:ID_NAME { @[strcontains(probe, "half"), func] = count(); }`, "getpgid 10", vm.Match(`@\[true, gt_0_halfB_0\]: 10`)),
		since61(ofProgram("C", "fexit of a BPF program", `fexit:bpf:ID:*halfC* { @[retval == tid / 2, args.a0 - 2 * retval] = count(); }`, "getpgid 100",
			vm.Match(`@\[true, [01]\]: 100`))),
		since61(ofProgram("D", "fexit of a BPF program itself", `fexit:bpf:ID:tracepoint_syscalls_sys_enter_getpgid_1 { @[retval] = count(); @ctx[args.ctx != 0] = count(); }`, "getpgid 10",
			vm.Has{"@[0]: 10", "@ctx[true]: 10"})),
		with(traced("kprobe by address", "", "getpgid 100", vm.Exact("@[__x64_sys_getpgid, kprobe]: 100\n@[__x64_sys_getpgid, kretprobe]: 100")), func(c *vm.Case) {
			c.Since = target.Version{Major: 6, Minor: 1} // kretprobes do not know their function before
			c.Run = byAddress(`kprobe:0x$a, kretprobe:0x$a /comm == "worker"/ { @[func, probetype] = count(); }`)
		}),
		with(traced("kprobe by address and offset", "", "getpgid 100", vm.Exact("@: 100")), func(c *vm.Case) {
			c.Run = byAddress(`kprobe:0x$a+0 /comm == "worker"/ { @ = count(); }`)
		}),
		failing("kprobe by address is unsafe", `kprobe:0xffffffff81000000 { }`, "ERROR: Probing by address requires --unsafe"),
		with(notAttached("kprobe at no instruction", "", "0xffffffffff000000 is not traceable"), func(c *vm.Case) {
			c.Run = []string{"gtrace", "--unsafe", "-e", `kprobe:0xffffffffff000000 { }`}
		}),
		notAttached("kprobe within an instruction", `kprobe:do_sys_openat2+3 { }`, "do_sys_openat2+3 is not traceable (not the beginning of an instruction, or one that the kernel does not let be probed)"),
		since61(with(traced("rawtracepoint of a module", "", "", vm.Exact("@[auth.unix.ip, rawtracepoint:sunrpc:cache_entry_update]: 1")), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", insertModule + `exec gtrace -e 'rawtracepoint:cache_entry_update { @[str(args.cd.name), probe] = count(); }'`}
			c.Work = []string{"sh", "-c", "echo 'nfsd 192.0.2.1 2147483647 gtrace' >/proc/net/rpc/auth.unix.ip/channel"}
		})),
		since61(with(alone("rawtracepoints of a module listed", "", vm.Exact("rawtracepoint:sunrpc:cache_entry_update\n    const struct cache_detail * cd\n    const struct cache_head * h")), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", insertModule + `exec gtrace -lv 'rawtracepoint:sunrpc:cache_entry_upd*'`}
		})),
		since64(with(traced("fentry of a module's function that the kernel has one of the name of", "", "", vm.Exact("@[fentry:msr:msr_read, 8, 16, dd]: 1")), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", insertMSR + `exec gtrace -e 'fentry:msr:msr_read { @[probe, args.count, *args.ppos, comm] = count(); }'`}
			c.Work = []string{"sh", "-c", readMSR}
		})),
		since64(with(traced("fexit of functions of a module, of which the kernel has one of the name of", "", "", vm.Has{"@[fexit:msr:msr_read, true]: 1", "@s[fexit:msr:msr_open]:"}), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", insertMSR + `exec gtrace -e 'fexit:msr:msr_read { @[probe, retval == 8] = count(); } fexit:msr:msr_o* { @s[probe] = hist(strlen(comm)); }'`}
			c.Work = []string{"sh", "-c", readMSR}
		})),
		with(failing("fentry of a module's function that the kernel would take another for", "", "needs Linux 6.4, since other functions of the kernel have its name"), func(c *vm.Case) {
			c.Run = []string{"sh", "-c", insertMSR + `exec gtrace -e 'fentry:msr:msr_read { }'`}
			c.Since, c.Until = target.Version{Major: 6, Minor: 1}, target.Version{Major: 6, Minor: 4}
		}),
		failing("fentry of no BPF program", `fentry:bpf:nosuch { }`, "ERROR: No matches for fentry bpf:nosuch."),
		failing("fentry of the BPF program of no number", `fentry:bpf:99999999:nosuch { }`, "ERROR: No matches for fentry bpf:nosuch.", "HINT: there is no BPF program 99999999"),
	}
	for i := range cases {
		cases[i].Seconds = 400 // they start several programs
	}
	return cases
}

// insertModule loads the module sunrpc, unless that is done.
const insertModule = `test -d /sys/module/sunrpc || { test -e /sunrpc.ko || unxz /sunrpc.ko.xz; insmod /sunrpc.ko; }; `

// insertMSR loads the module msr, whose msr_read has the name of another function of the kernel, and other arguments; readMSR calls it once.
const (
	insertMSR = `test -d /sys/module/msr || { test -e /msr.ko || unxz /msr.ko.xz; insmod /msr.ko; }; `
	readMSR   = "dd if=/dev/cpu/0/msr bs=8 skip=2 count=1 of=/dev/null"
)

// byAddress runs an unsafe program with $a for the address of the system call getpgid.
func byAddress(program string) []string {
	return []string{"sh", "-c", `test -s /tmp/getpgid || grep ' __x64_sys_getpgid$' /proc/kallsyms | cut -d ' ' -f 1 >/tmp/getpgid
		a=$(cat /tmp/getpgid); exec gtrace --unsafe -e "$(printf %s "$1" | sed -e "s/\$a/$a/g")"`, "sh", program}
}

// ofProgram is a case whose program traces one that gtrace itself has loaded, at the system call getpgid: its subprogram half and a letter
// gets the thread's number. It is there as long as what traces it.
func ofProgram(letter, name, program, work string, stdout vm.Want) vm.Case {
	return with(traced(name, "", work, stdout), func(c *vm.Case) {
		c.Run = []string{"sh", "-c", strings.ReplaceAll(strings.TrimSpace(`
			gtrace -q -e 'fn HALF($a: int64): int64 { return $a / 2; }
				tracepoint:syscalls:sys_enter_getpgid /comm == "worker"/ { @ = sum(HALF(tid)); }' >/dev/null 2>&1 &
			(while kill -0 $$; do sleep 0.2; done; kill $!) >/dev/null 2>&1 &
			while true; do set -- $(gtrace -l 'fentry:bpf:*HALF*' 2>/dev/null | tail -n 1 | tr : ' '); test -n "$4" && break; sleep 0.2; done
			exec gtrace -e "$(printf %s "$PROGRAM" | sed -e "s/ID_NAME/$4/; s/ID/$3/")"`), "HALF", "half"+letter)}
		c.Run[2] = "PROGRAM='" + program + "'\n" + c.Run[2]
	})
}
