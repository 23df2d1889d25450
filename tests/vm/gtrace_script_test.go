package vm_test

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

func scriptCases() []vm.Case {
	return []vm.Case{
		alone("begin and end", `BEGIN { printf("hello %d %s\n", 1 + 2 * 3, "x"); } END { printf("bye\n"); }`, vm.Exact("hello 7 x\nbye")),
		with(alone("exit status", `BEGIN { exit(7); }`, vm.Exact("")), func(c *vm.Case) { c.Exit = 7 }),
		alone("operators", `BEGIN { $a = 17; $b = 5; printf("%d %d %d %d %d %d %d %d %d %d\n", $a + $b, $a - $b, $a * $b, $a / $b, $a % $b, $a & $b, $a | $b, $a ^ $b, $a << 2, $a >> 1); }`,
			vm.Exact("22 12 85 3 2 1 21 20 68 8")),
		alone("conditions", `BEGIN { $a = 3; if ($a > 2 && $a != 4) { printf("if\n"); } else { printf("else\n"); } printf("%s\n", $a == 3 ? "yes" : "no"); }`, vm.Exact("if\nyes")),
		alone("casts", `BEGIN { $x = 0x1234567890; printf("%x %x %d\n", (uint16)$x, (uint32)$x, (int8)$x); }`, vm.Exact("7890 34567890 -112")),
		alone("map keys", `BEGIN { @a["x", 1] = 5; @a["yy", 2] = 6; @b = 3; @c[1] = 1; delete(@c, 1); @d[5] = 1; clear(@d); @e[1] = 9; zero(@e); }`,
			vm.Lines{"@a[x, 1]: 5", "@a[yy, 2]: 6", "@b: 3", "@e[1]: 0"}),
		alone("increments as values", `BEGIN { $a = @m["k"]++; $b = ++@m["k"]; $c = @n--; print(($a, $b, $c)); }`, vm.Match(`\(0, 2, 0\)\s+@m\[k\]: 2\s+@n: -1`)),
		alone("strings", `BEGIN { @[str("abc")] = "value"; if (str("abc", 2) == "a") { printf("cut\n"); } printf("%-6s|%6s|\n", "ab", "cd"); }`,
			vm.Match(`(cut\n)?ab    \|    cd\|\s+@\[abc\]: value`)),
		alone("text", `BEGIN { $a = "abcababcabcababcde12"; $n = "cd"; printf("%d %d %d %d %d %d\n", strlen($a), strstr($a, "abcd"), strstr($a, $n), strcontains($a, "xy"),
			strncmp($a, "abd", 2), memcmp($a, "abd", 3)); printf("%s %s\n", str_concat($a, $n), strerror(2)); printf("%r %s\n", buf($a, 4), ntop(0x0100007f)); }`,
			vm.Exact("20 13 15 0 0 -1\nabcababcabcababcde12cd No such file or directory\nabca 127.0.0.1")),
		with(alone("actions", "", nil), func(c *vm.Case) {
			c.Run = []string{"gtrace", "--unsafe", "-e", `BEGIN { cat("/proc/sys/kernel/ostype"); system("echo %d", 5); @q = quantile(7); assert(1 == 1, "fine"); }`}
			c.Stdout = vm.Has{"Linux\n5\n", "@q: { .count = 1, .min = 7, .p50 = 7, .p90 = 7, .p99 = 7, .p99.9 = 7, .max = 7 }"}
		}),
		alone("percentiles below zero", `BEGIN { $i = 0; while ($i < 20) { $i++; @q = quantile($i * 1000 - 15000, 10, 50, "min", "max"); @k[1] = quantile(-1 * $i, 50);
			@h["x"] = llhist(-100 - $i); @u = quantile((uint64)-1, 50); } }`,
			vm.Match(`@h\[x\]:\n\[-120, -116\) +4 .*\n(\[.*\n)+\n@k\[1\]: \{ \.p50 = -11 \}\s+@q: \{ \.p10 = -13056, \.p50 = -4992, \.min = -14000, \.max = 5000 \}\s+@u: \{ \.p50 = 18446744073709551615 \}`)),
		alone("loops of jumps", `BEGIN { $s = 0; for ($i : 0..4) { if ($i == 2) { continue; } $s += $i; } $w = 0; while ($w < 5) { $w++; if ($w == 4) { break; } } unroll(3) { $s *= 2; }
			printf("%d %d\n", $s, $w); for ($i : 0..3) { for ($j : 0..3) { if ($j > $i) { break; } @ += $i * $j; } } }`, vm.Match(`32 4\s+@: 7`)),
		since(5, 17, alone("called loops", `BEGIN { $n = (int64)3; $t = "x"; $s = 0; for ($i : 0..1000) { $s += $i; } for ($i : 0..$n) { for ($j : $i..$n) { if ($j == 2) { continue; } $t = "yz"; @p[$i, $j] = $s; } }
			printf("%d %s\n", $s, $t); for ($i : 0..100) { if ($i == 7) { printf("left\n"); return; } } printf("not here\n"); }`,
			vm.Match(`499500 yz\s+left\s+@p\[0, 0\]: 499500\s+@p\[0, 1\]: 499500\s+@p\[1, 1\]: 499500`))),
		since(5, 13, alone("loops over maps", `BEGIN { @m["a", 1] = 10; @m["b", 2] = 20; @m["c", 3] = 30; @c[5] = count(); $s = (int64)0; $k = (int64)0;
			for ($kv : @m) { $s += $kv.1; $k += $kv.0.1; if ($kv.0.0 != "b") { delete(@m, $kv.0); } } printf("%d %d\n", $s, $k); clear(@c); }`,
			vm.Match(`60 6\s+@m\[b, 2\]: 20`))),
		alone("tuples and records", `BEGIN { $t = (1, ("a", true), (int8)-2); $u = (1, ("abcdef", false), (int8)3); $t = $u; $r = (x=$t, y="z"); @m[$t] = $r;
			printf("%d %s %d\n", $t == $u, $t.1.0, $r.x.2); $d = $t.0 == 2 ? (1, "longer text", true) : (2, "ab", true); print($d); }`,
			vm.Match(`1 abcdef 3\s+\(2, ab, true\)\s+@m\[1, \(abcdef, false\), 3\]: \{ \.x = \(1, \(abcdef, false\), 3\), \.y = z \}`)),
		alone("structs", `struct in { short a[3]; char n[5]; }; struct out { unsigned char f; int b:5; unsigned int c:11; struct in i[2]; } __attribute__((packed)); BEGIN { $p = (struct out *)0;
			$v = *$p; print($v.b + $v.c + $v.i[1].a[2]); @ = *$p; print(sizeof(struct out)); }`,
			vm.Match(`0\s+27\s+@: \{ \.f = 0, \.b = 0, \.c = 0, \.i = \[\{ \.a = \[0,0,0\], \.n =  \},\{ \.a = \[0,0,0\], \.n =  \}\] \}`)),
		alone("relatives", `BEGIN { printf("%d %d %s\n", ppid > 0, leader_tid == pid, leader_comm); }`, vm.Exact("1 1 gtrace")),
		{
			Case: wire.Case{
				Name:  "script file with arguments",
				Files: map[string]string{"/tmp/args.gt": "#!/bin/gtrace\nBEGIN { printf(\"%d %s %d\\n\", $1 + 1, str($2), $#); }\n"},
				Run:   []string{"/tmp/args.gt", "41", "word"},
			},
			Stdout: vm.Exact("42 word 2"),
		},
		{
			Case:   wire.Case{Name: "json", Run: []string{"gtrace", "-f", "json", "-e", `BEGIN { @x = 5; @h = hist(3); printf("hi\n"); }`}},
			Stdout: vm.Has{`{"type": "printf", "data": "hi\n"}`, `{"type": "map", "data": {"@x": 5}}`, `{"type": "hist", "data": {"@h": [{"min": 2, "max": 3, "count": 1}]}}`},
		},
	}
}

// since keeps a case from older kernels.
func since(major, minor int, c vm.Case) vm.Case {
	c.Since = target.Version{Major: major, Minor: minor}
	return c
}

func commandCases() []vm.Case {
	return []vm.Case{
		{
			Case: wire.Case{Name: "command", Run: []string{
				"gtrace", "-c", "/bin/worker getpgid 100", "-e", `tracepoint:syscalls:sys_enter_getpgid /comm == "worker"/ { @ = count(); }`,
			}},
			Stdout: vm.Exact("@: 100"),
		},
		{
			Case: wire.Case{Name: "exec of the command", Run: []string{
				"gtrace", "-c", "/bin/worker getpgid 7", "-e", `
					tracepoint:syscalls:sys_enter_execve /pid == cpid/ { printf("enter %s %s\n", str(args.filename), comm); }
					tracepoint:sched:sched_process_exec /pid == cpid/ { printf("exec %s\n", comm); }
					tracepoint:syscalls:sys_exit_execve /pid == cpid/ { printf("exit %d\n", args.ret); }
					uprobe:/bin/worker:main.main { @main = pid == cpid; } // Go may begin a function again
					tracepoint:syscalls:sys_enter_getpgid /pid == cpid/ { @ = count(); }`,
			}},
			Stdout: vm.Exact("enter /bin/worker gtrace\nexec worker\nexit 0\n\n\n@: 7\n@main: true"),
			Stderr: vm.Exact("Attached 5 probes"),
		},
		{
			// The first thing that is asked of gtrace, ended as a service manager does it.
			Case: wire.Case{Name: "terminated", Run: []string{"sh", "-c", `
				gtrace -e 'kprobe:tcp_retransmit_skb < @[comm] = count(); >' 2>/tmp/terminated &
				until grep -q Attached /tmp/terminated; do sleep 0.2; done
				worker retransmit 2
				kill -TERM $!; wait $!; echo status $?`}},
			Stdout: vm.Match(`@\[.*\]: [12]\n(@\[.*\]: 1\n)?status 0`),
		},
		{
			// What a killed gtrace had attached must go with it.
			Case: wire.Case{Name: "killed leaves nothing", Run: []string{"sh", "-c", `
				gtrace -e 'kprobe:__x64_sys_getpgid { @ = count(); } uprobe:/bin/worker:gtrace_target { @u = count(); }' 2>/tmp/err &
				until grep -q Attached /tmp/err; do sleep 0.2; done
				grep -c getpgid /sys/kernel/debug/kprobes/list
				kill -9 $!
				while grep -q getpgid /sys/kernel/debug/kprobes/list; do sleep 0.2; done
				grep -c getpgid /sys/kernel/debug/kprobes/list
				grep -c . /sys/kernel/tracing/kprobe_events /sys/kernel/tracing/uprobe_events
				true`}},
			Stdout: vm.Exact("1\n0\n/sys/kernel/tracing/kprobe_events:0\n/sys/kernel/tracing/uprobe_events:0"),
		},
		{
			Case:   wire.Case{Name: "list", Run: []string{"gtrace", "-l", "kprobe:tcp_retransmit_s*"}},
			Stdout: vm.Has{"kprobe:tcp_retransmit_skb\n"},
		},
	}
}

func errorCases() []vm.Case {
	return []vm.Case{
		failing("unknown function", `kprobe:no_such_function_at_all { @ = count(); }`, "no_such_function_at_all"),
		failing("unknown tracepoint", `tracepoint:syscalls:sys_enter_getpppid { @ = count(); }`, "sys_enter_getpppid"),
		failing("unknown symbol", `uprobe:/bin/worker:gtrace_targetx { @ = count(); }`, "gtrace_targetx"),
		failing("syntax error", `BEGIN { printf("x" }`, "stdin:1:", "ERROR"),
		failing("type error", `BEGIN { @x = 1; @x = "text"; }`, "stdin:1:", "ERROR", "@x"),
	}
}
