package vm_test

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
)

// functionCases are functions of the script, and what loops and they do to each other.
func functionCases() []vm.Case {
	return []vm.Case{
		alone("functions", `fn add($a: int64, $b: int64): int64 { return $a + $b; }
			fn name($n: int64): string { if (add($n, 1) > 10) { return "many"; } return "few"; }
			fn swap($t: (int64, string)): (string, int64) { return ($t.1, $t.0); }
			fn bump($k: string): void { @[$k]++; if (@[$k] > 2) { exit(4 - 4); } }
			BEGIN { print(swap((7, name(9)))); print(swap((10, name(10)))); bump("x"); bump("x"); bump("x"); print("not reached"); }`,
			vm.Exact("(few, 7)\n(many, 10)\n\n\n@[x]: 3")),
		alone("functions in small loops", `fn square($n: int64): int64 { return $n * $n; }
			fn first($n: int64): int64 { for ($i : 0..10) { if (square($i) > $n) { return $i; } } return -1; }
			BEGIN { print(first(20)); print(first(1000)); $s = (int64)0; for ($i : 0..5) { $s += square($i); } print($s); }`,
			vm.Exact("5\n-1\n30")),
		alone("imported functions", `import "/objects/calls.bpf.o"; fn twice($n: int32): int64 { return 2 * thrice_of($n); }
			fn thrice_of($n: int32): int64 { return triple($n); }
			BEGIN { print((add(3, -4), next(255), negative(), even(4), started(), pick(2), first("abc"), six_times(4), twice(5))); ignore(3);
				print((count_up(4), tally(7, 5), tally(7, 6), my_tgid() == pid, task_tgid(curtask) == pid, much_stack(3))); }
			END { print((count_up(0), tally(7, 0))); }`,
			vm.Exact("(-1, 0, -5, true, 42, 30, 97, 24, 30)\n(7, 5, 11, true, true, 3)\n(7, 11)")),
		alone("addresses and arrays", `BEGIN { $x = 5; $p = &$x; $x++; print(*$p); $a = (uint8[4])(uint32)258; print($a); print((uint32)$a == 258); @[$a] = 1; }`,
			vm.Exact("6\n[2,1,0,0]\ntrue\n\n\n@[[2,1,0,0]]: 1")),
		with(alone("functions in called loops", `fn twice($n: int64): int64 { return $n * 2; }
			fn total($n: int64): int64 { $s = (int64)0; for ($i : 0..$n) { if ($i == 50) { return $s; } $s += twice($i); } return $s; }
			BEGIN { print(total(10)); print(total(100)); @m[1] = 2; @m[2] = 3; for ($kv : @m) { @r[twice($kv.0)] = twice($kv.1); } }`,
			vm.Exact("90\n2450\n\n\n@m[1]: 2\n@m[2]: 3\n@r[2]: 4\n@r[4]: 6")), func(c *vm.Case) { c.Since = target.Version{Major: 5, Minor: 17} }),
		alone("functions with the context of a probe", `fn where(): string { return probe; } fn low($n: int64): bool { return $n < 0; }
			fn seen(): void { @[where(), low(pid), comm == "gtrace"] = count(); } BEGIN { seen(); seen(); } END { seen(); }`,
			vm.Lines{"@[end, false, true]: 1", "@[begin, false, true]: 2"}),
	}
}
