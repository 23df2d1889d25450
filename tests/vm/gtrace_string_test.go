package vm_test

import "github.com/gtrace/gtrace/tests/vm"

// stringCases search, compare and join long strings again and again: in loops that the verifier follows round by round, on several ways, and
// inside of functions. Every kernel has to find the end of that.
func stringCases() []vm.Case {
	cases := []vm.Case{
		alone("searches in a loop", `BEGIN { $i = (uint64)0; $sum = (int64)0; $h = str("a longer text, of 30 characters"); while ($i < 7) {
			$t = $i % 3 == (nsecs & 0) ? str_concat($h, "abc") : ($i % 3 == 1 ? "xabc" : $h);
			$sum += strstr($t, "abc"); $sum += strstr($t, str("char", 8)); $sum += strstr($t, $h);
			if (strcontains($t, "longer")) { $sum += 1000; } if (strstr($h, $t) == 0) { $sum += 10000; }
			$i++; } print($sum); }`, vm.Exact("25188")),
		alone("comparisons in a loop", `BEGIN { $i = (uint64)0; $n = (int64)0; $a = str("one and the same text"); while ($i < 8) {
			$b = $i % 2 == (nsecs & 0) ? str_concat("one and ", "the same text") : str("one and another text");
			if ($a == $b) { $n += 1; } if (strncmp($a, $b, 300) == 0) { $n += 10; } if (strncmp($a, $b, 9) == 0) { $n += 100; }
			if (memcmp($a, $b, 12) != 0) { $n += 1000; } @seen[$b] = $i;
			$i++; } print($n); clear(@seen); }`, vm.Exact("4444")),
		alone("joins in loops", `BEGIN { $i = (uint64)0; $n = (uint64)0; while ($i < 4) { $s = str("x");
			unroll(4) { $s = strlen($s) % 2 == 0 ? str_concat($s, "ab") : str_concat("c", $s); if (strcontains($s, "cxab")) { $n += strlen($s); } }
			$i++; } print($n); }`, vm.Exact("72")),
		alone("searches in functions", `fn where($s: string, $i: uint64): int64 { if ($i > 2) { return strstr($s, "dog"); } return strstr(str_concat($s, "cat"), "cat"); }
			BEGIN { $i = (uint64)0; $n = (int64)0; while ($i < 5) { $s = str("dog and "); $n += where($s, $i); $i++; } print($n); }`, vm.Exact("24")),
		from(5, 17, alone("searches in called loops", `BEGIN { $n = (int64)0; $h = str("a longer text, of 30 characters"); for ($i : 0..50) { for ($k : 0..20) {
			$t = $i > $k ? str_concat($h, "abc") : ($i == $k ? "xabc" : $h); $n += strstr($t, "abc"); $n += strstr($t, $h); if ($t == $h) { $n += 100; } } } print($n); }`,
			vm.Exact("43090"))),
	}
	for i := range cases {
		cases[i].Seconds = 200 // a guest that is emulated on a busy machine takes its time to check them
	}
	return cases
}
