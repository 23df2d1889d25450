package vm_test

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// from is a case for kernels from a version on.
func from(major, minor int, c vm.Case) vm.Case {
	c.Since = target.Version{Major: major, Minor: minor}
	return c
}

// builtinCases are builtins whose code the verifier of every kernel has to follow: loops, tables, copies of variable length.
func builtinCases() []vm.Case {
	return []vm.Case{
		alone("search in text", `BEGIN { $h = str("the quick brown fox jumps over the lazy dog"); $n = str("lazy"); print(strstr($h, $n)); print(strstr($h, "cat"));
			print(strcontains($h, $n)); print(strcontains(comm, "trac")); print(strlen($h)); print(strcap($n)); }`, vm.Exact("35\n-2\ntrue\ntrue\n43\n5")),
		alone("search of a long text", `BEGIN { $h = str("the quick brown fox jumps over the lazy dog"); $n = str("over the la"); print(strstr($h, $n)); print(strcontains($n, $h));
			print(strstr($h, "the quick brown fox jumps over the lazy dog, which sleeps in the sun and does not care")); }`, vm.Exact("26\nfalse\n-2")),
		alone("compare text and memory", `BEGIN { $a = str("abcdef"); $b = str("abcdxf"); print(strncmp($a, $b, 4)); print(strncmp($a, $b, 5) != 0); print(memcmp($a, $b, 4));
			print(memcmp($b, $a, 6) > 0); print($a == $b); print(memcmp(buf($a, 6), buf($a, 6), 6)); }`, vm.Exact("0\ntrue\n0\ntrue\nfalse\n0")),
		alone("join text", `BEGIN { $a = str("one"); $b = str("two"); $c = str_concat($a, $b); print($c); print(str_concat($c, comm)); print(str_concat(comm, "!")); }`,
			vm.Exact("onetwo\nonetwogtrace\ngtrace!")),
		alone("names of numbers", `BEGIN { for ($i : 1..4) { printf("%s|%s|%s\n", strerror($i), signal_name($i), syscall_name($i)); } print(strerror(9999)); print(signal_name(64)); }`,
			vm.Has{"Operation not permitted|Hangup|write\n", "No such file or directory|Interrupt|open\n", "No such process|Quit|close\n"}),
		alone("addresses of networks", `BEGIN { print(ntop(0x0100007f)); print(ntop(pton("fe80::1"))); print(ntop(10, pton("::1"))); print(bswap((uint32)0x12345678)); }`,
			vm.Exact("127.0.0.1\nfe80::1\n::1\n2018915346")),
		alone("bytes", `BEGIN { $n = 3; $s = str("a\x01bcd"); printf("%r %rx %rh\n", buf($s, $n), buf($s, 3), buf($s, 2)); }`, vm.Exact(`a\x01b \x61\x01\x62 61 01`)),
		{
			Case: wire.Case{Name: "join of arguments", Run: []string{"sh", "-c", `
				rm -f /tmp/join; gtrace -e 'tracepoint:syscalls:sys_enter_execve { join(args.argv); join(args.argv, ","); exit(); }' 2>/tmp/join &
				until grep -q Attached /tmp/join; do sleep 0.2; done
				worker getpgid 1; wait $!`}},
			Stdout: vm.Match(`.*(sleep 0.2\s+sleep,0.2|grep -q Attached /tmp/join\s+grep,-q,Attached,/tmp/join|worker getpgid 1\s+worker,getpgid,1).*`),
		},
		alone("find", `BEGIN { @m["k", 1] = (7, "seven"); let $v; print(find(@m, ("k", 1), $v)); print($v); print(find(@m, ("k", 2), $v)); print($v.1); clear(@m); }`,
			vm.Exact("true\n(7, seven)\nfalse\nseven")),
		from(5, 19, alone("find of a count", `BEGIN { @m[1] = count(); let $v; if (find(@m, 1, $v)) { print($v); } clear(@m); }`, vm.Exact("1"))),
		from(5, 13, alone("keys of a map", `BEGIN { @m[1] = 1; @m[2] = 2; @c["x"] = count(); print(len(@m)); print(len(@c)); clear(@m); clear(@c); }`, vm.Exact("2\n1"))),
		traced("frames of a stack", `kprobe:__x64_sys_getpgid /comm == "worker"/ { $s = kstack(3); @[len($s), len(kstack) > 2] = count(); }`, "getpgid 10", vm.Exact("@[3, true]: 10")),
		alone("time series", `config = { unstable_tseries = enable } BEGIN { @a["x"] = tseries(-5, 1d, 3, "sum"); @a["x"] = tseries(8, 1d, 3, "sum");
			@b = tseries(1, 1d, 3); @b = tseries(2, 1d, 3); @c = tseries(4, 1d, 2, "max"); @c = tseries(3, 1d, 2, "max"); }`,
			vm.Has{"@a[x]:\n", "| 3\n", "@b:\n", "| 2\n", "@c:\n", "| 4\n", "hh:mm:ss.ns        |___________________________________________________|\n"}),
		alone("clocks", `BEGIN { print(nsecs(sw_tai) > nsecs(monotonic)); print(nsecs(monotonic) <= nsecs(boot)); print(jiffies > 0); print(elapsed < 60000000000); }`,
			vm.Exact("true\ntrue\ntrue\ntrue")),
		alone("ids by namespace", `BEGIN { print(pid == pid(init)); print(tid == tid(init)); print(pid(curr_ns) == pid()); }`, vm.Exact("true\ntrue\ntrue")),
		alone("variable of each CPU", `BEGIN { $p = percpu_kaddr("runqueues"); print(percpu_kaddr("runqueues", 0) == $p || percpu_kaddr("runqueues", 1) == $p); print(percpu_kaddr("runqueues", 4096) == 0);
			$r = (struct rq*)percpu_kaddr("runqueues", 0); print($r->cpu); $r = (struct rq*)percpu_kaddr("runqueues", 1); print($r->cpu); }`,
			vm.Exact("true\ntrue\n0\n1")),
		alone("container of a member", `BEGIN { $c = container_of(curtask->tasks.next, typeof(struct task_struct), tasks); print($c->tasks.prev->next == $c->tasks.prev->next); print($c->pid >= 0); }`,
			vm.Exact("true\ntrue")),
		traced("path of a file", `fentry:security_file_permission /comm == "worker"/ { @[path(args.file.f_path) != ""] = count(); @cut[path(args.file.f_path, 4096)] = count();
			$short = path(args.file.f_path, 16); @short[$short != "none"] = count(); }`,
			"write 1 2", vm.Has{"@[true]: ", "@cut[/", "@short[true]: "}),
		traced("path of a file in a variable", `fentry:security_file_permission /comm == "worker"/ { $f = args.file; let $g = $f; @[path($g->f_path) != ""] = count(); @p[path($f.f_path)] = count(); }`,
			"write 1 2", vm.Has{"@[true]: ", "@p[/"}),
		from(5, 12, traced("cookie of a socket", `fentry:tcp_retransmit_skb { $sk = args.sk; @[socket_cookie(args.sk) > 0 && socket_cookie($sk) == socket_cookie(args.sk)] = count(); }`, "retransmit 3", vm.Has{"@[true]: "})),
		traced("address of a variable", `uprobe:/bin/worker:gtrace_target { @[uaddr("gtrace_target") == reg("ip")] = count(); }`, "call 10 1", vm.Exact("@[true]: 10")),
	}
}
