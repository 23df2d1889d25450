package codegen_test

import (
	"fmt"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// statementCase is a begin probe that leaves a number in @r.
type statementCase struct {
	body string
	want int64
}

// runStatements runs begin probes in the kernel, as compiled for the newest and, where they need no more, the oldest one.
func runStatements(t *testing.T, cases []statementCase, targets ...target.Recorded) {
	t.Helper()
	testenv.Privileged(t)
	for _, c := range cases {
		t.Run(c.body, func(t *testing.T) {
			for _, on := range targets {
				require.Equal(t, c.want, mustRun(t, "BEGIN { "+c.body+" }", on).scalar("@r"), "compiled for %v", on.Version)
			}
		})
	}
}

// The values are what bpftrace 0.27.1 prints for the same programs.
func TestBlocksAndChoices(t *testing.T) {
	runStatements(t, []statementCase{
		{`let $x; let $y: uint16; $x = 5; @r = $x + $y`, 5},
		{`let $x: int64 = 4; { $k = 3; $x += $k; } { $k = 10; $x += $k; } @r = $x`, 17},
		{`_ = pid; @r = 1`, 1},
		{`$z = (int64)0; @r = $z ?: 7`, 7},
		{`$z = (int64)3; @r = $z ?: 7`, 3},
		{`@r = if (pid >= 0) { 300 } else { 2 }`, 300},
		{`$z = (int64)0; @r = if ($z) { 1 } else if ($z == 0) { 5 } else { 2 }`, 5},
		{`@r = { let $a = 1; $a + 1 }`, 2},
		{`$z = (int64)2; @r = 10 * { $z++; $z } + 1`, 31},
		{`@r = 1; @r = pid >= 0 ? { @r = 2; 9 } : { @r = 3; 8 }`, 9},
		{`@r = 5; $x = { return; 1 }; @r = 6 + $x`, 5},
	}, newest, oldest)
}

func TestTuplesAndRecords(t *testing.T) {
	runStatements(t, []statementCase{
		{`$a = (1, "ab", (2, 300)); @r = $a.2.1`, 300},
		{`$a = (1, "ab", (2, 300)); @r = $a[2][0] + $a.0`, 3},
		{`$a = (1, "ab", 3); @r = $a.1 == "ab"`, 1},
		{`$a = (1, "ab", 3); @r = $a.1 == "abc"`, 0},
		{`$a = (1, "ab", (2, 300)); @r = $a == (1, "ab", (2, 300))`, 1},
		{`$a = (1, "ab", (2, 300)); @r = $a != (1, "ab", (2, 301))`, 1},
		{`$a = (1, "x"); $b = (1000, "xyzzy"); $b = (1, "x"); @r = $a == $b`, 1},
		{`$a = (1, comm); @r = $a == (1, comm)`, 1},
		{`$a = (1, str("abc")); $b = (1, str("abd")); @r = $a == $b`, 0},
		{`$a = (1, str("abc")); $b = (1, str("abc")); @r = $a == $b`, 1},
		{`@t = (1, (2, (3, "x"))); $m = @t; @r = $m.1.1.0`, 3},
		{`@k[(1, "a"), 2] = 5; @k[(300, "abc"), 2] = 6; $t = (1, "a"); @r = @k[$t, 2]`, 5},
		{`@k[1, 2] = (7, 8); @k[1, 3] = (700, 9); @r = @k[1, 2].0 + @k[1, 2].1 + @k[3, 3].1`, 15},
		{`@k[(1, 2)] = 4; @r = @k[1, 2]`, 4},
		{`@k[1, 2] = 4; delete(@k, (1, 2)); @r = @k[1, 2]`, 0},
		{`$r = (a=1, b="x"); @r = $r.a`, 1},
		{`$r = (a=1, b="x"); $r = (b="yyyy", a=300); @r = $r.a`, 300},
		{`$r = (a=1, b="x"); $s = (b="x", a=1); @r = $r == $s`, 1},
		{`$r = (a=1, b=(c=3, d=(1, "xx"))); @m[1] = $r; @r = @m[1].b.d.1 == "xx"`, 1},
		{`@m[(a=1, b=2)] = 3; $k = (b=2, a=1); @r = @m[$k]`, 3},
		{`$s = (int64)1; $t = (($s++), ($s++)); @r = $t.0 * 10 + $t.1`, 12},
	}, newest, oldest)
}

// TestLanguageLoads gives programs to the verifier whose results the tests of whole runs compare.
func TestLanguageLoads(t *testing.T) {
	testenv.Privileged(t)
	for _, script := range []string{
		`BEGIN { $a = (1, "ab", (2, 300)); print($a); print($a.1); printf("%s %s\n", $a, (1, "x")); print((a=1, b=$a)); }`,
		`tracepoint:a:b { @[comm, (pid, args.id)] = (nsecs, str(args.filename)); @x = @[comm, (1, 2)]; print(@x.1); }`,
		`kprobe:f { @s[kstack, (tid, ustack)] = count(); $t = (kstack, ksym(arg0)); print($t); }`,
		`tracepoint:a:b { unroll(2) { printf("%s\n", comm); } for ($i : 0..3) { @[$i, comm] = args.id; } }`,
	} {
		for _, on := range []target.Recorded{newest, oldest} {
			mustLoad(t, mustCompile(t, script, on, codegen.Options{}))
		}
	}
	for _, script := range []string{
		`tracepoint:a:b { $s = str(args.filename); for ($i : 0..args.id) { printf("%s %d %s\n", $s, args.id, args.name); @[$s, $i] = args.id; } }`,
		`kprobe:f { $n = arg0; for ($i : 0..$n) { for ($j : 0..$n) { @[kstack, arg0, $j] = count(); } } }`,
		`interval:s:1 { for ($kv : @a) { for ($w : @b) { @b[$kv.0] = ($kv.1, $w.1.1); print(($kv, $w)); } } @a[comm] = pid; @b[comm] = (pid, (comm, pid)); }`,
	} {
		mustLoad(t, mustCompile(t, script, newest, codegen.Options{DebugHelpers: true}))
	}
}

func TestLoops(t *testing.T) {
	small := []statementCase{
		{`$i = 0; $s = (int64)0; while ($i < 10) { $i++; if ($i == 3) { continue; } if ($i == 7) { break; } $s += $i; } @r = $s`, 18},
		{`$s = (int64)0; for ($i : 0..5) { $s += $i; $i = 9; } @r = $s`, 10},
		{`@r = 7; for ($i : 5..2) { @r = 8; }`, 7},
		{`$s = (int64)0; for ($i : (-3)..2) { $s = $s * 10 + $i; } @r = $s`, -32099},
		{`$s = (int64)0; unroll(5) { $s++; $s *= 2; } @r = $s`, 62},
		{`$s = (int64)0; for ($i : 0..4) { for ($j : 0..4) { if ($j > $i) { break; } $s += 10 + $j; } } @r = $s`, 110},
		{`@r = 1; for ($i : 0..4) { if ($i == 2) { return; } @r = 10 + $i; } @r = 2`, 11},
		{`@r = 1; for ($i : 0..4) { if ($i == 2) { exit(); } @r = 10 + $i; } @r = 2`, 11},
		{`$t = (0, "x"); for ($i : 0..4) { $t = ($i, "y"); } @r = $t.0 * 10 + ($t.1 == "y" ? 1 : 0)`, 31},
	}
	runStatements(t, small, newest, oldest)
}

// TestCalledLoops are the loops that need bpf_loop.
func TestCalledLoops(t *testing.T) {
	runStatements(t, []statementCase{
		{`$s = (int64)0; for ($i : 0..1000) { if ($i == 3) { continue; } if ($i > 100) { break; } $s += $i; } @r = $s`, 5047},
		{`$n = (uint64)3; $s = (int64)0; for ($i : 1..$n) { $s = $s * 10 + (int64)$i; } @r = $s`, 12},
		{`$n = (int64)-3; $s = (int64)0; for ($i : $n..2) { $s = $s * 10 + $i; } @r = $s`, -32099},
		{`$n = (int64)30; $s = (int64)0; for ($i : 0..$n) { for ($j : 0..$n) { if ($j > $i) { break; } $s++; } } @r = $s`, 465},
		{`$n = (int64)30; @r = 0; for ($i : 0..$n) { for ($j : 0..$n) { if ($j == 2) { return; } @r++; } } @r = 100`, 2},
		{`$n = (int64)30; @r = 0; for ($i : 0..$n) { if ($i == 2) { exit(); } @r++; } @r = 100`, 2},
		{`$t = (0, "x"); for ($i : 0..400) { $t = ($i, "y"); if ($i == 3) { break; } } @r = $t.0 * 10 + ($t.1 == "y" ? 1 : 0)`, 31},
		{`for ($i : 0..400) { @m[$i] = $i; } $s = (int64)0; for ($kv : @m) { $s += $kv.1 - $kv.0 + 1; } @r = $s`, 400},
		{`@m["a", 1] = (1, 2); @m["b", 2] = (3, 4); $s = (int64)0; for ($kv : @m) { $s += $kv.0.1 * 100 + $kv.1.0 * 10 + $kv.1.1; } @r = $s`, 346},
		{`@c["a"] = count(); @c["a"] = count(); @c["b"] = count(); $s = (int64)0; for ($kv : @c) { $s += (int64)$kv.1; } @r = $s`, 3},
		{`@m["a"] = "x"; @m["b"] = "yy"; $n = (int64)0; for ($kv : @m) { @k[$kv] = 1; if ($kv.1 == "yy") { $n += 5; } } @r = $n + @k["a", "x"]`, 6},
		{`@m[1] = 1; @m[2] = 1; for ($kv : @m) { delete(@m, $kv.0); } @r = @m[1] + @m[2]`, 0},
		{`$i = 0; $s = (int64)0; while ($i < 3) { for ($j : 0..100) { if ($j > 1) { break; } $s++; } $i++; } @r = $s`, 6},
	}, newest)
}

func TestLoopsOfOldKernels(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`BEGIN { $n = (int64)5; for ($i : 0..$n) { print($i) } }`, "this loop needs bpf_loop, which kernels have from 5.17 on"},
		{`BEGIN { for ($i : 0..1000000) { @ = $i } }`, "this loop needs bpf_loop, which kernels have from 5.17 on"},
		{`BEGIN { for ($i : 0..1000) { for ($j : 0..500) { @ = $i } } }`, "this loop needs bpf_loop, which kernels have from 5.17 on"},
		{`BEGIN { @[1] = 1; for ($kv : @) { print($kv) } }`, "a loop over a map needs bpf_for_each_map_elem, which kernels have from 5.13 on"},
	} {
		_, err := codegen.Compile(mustCheck(t, c.script), oldest, codegen.Options{})
		require.EqualError(t, err, c.want)
	}
	mustCompile(t, `BEGIN { for ($i : 0..100) { print($i) } }`, oldest, codegen.Options{})
}

// TestDeclaredMaps checks the kinds and sizes of the maps of the kernel.
func TestDeclaredMaps(t *testing.T) {
	testenv.Privileged(t)
	r := mustRun(t, `let @a = hash(2); let @b = lruhash(100); let @c = percpuhash(3); let @d = percpulruhash(200); let @s = hash(2);
		BEGIN { @a[1] = 1; @b[1] = 2; @c[1] = count(); @d[1] = count(); @s = 5; @r = @a[1] + @b[1] + @s }`, newest)
	for name, want := range map[string]struct {
		kind ebpf.MapType
		size uint32
	}{
		"at_a": {ebpf.Hash, 2}, "at_b": {ebpf.LRUHash, 100}, "at_c": {ebpf.PerCPUHash, 3}, "at_d": {ebpf.LRUCPUHash, 200},
		"at_s": {ebpf.Array, 1},
	} {
		require.Equal(t, want.kind, r.coll.Maps[name].Type(), name)
		require.Equal(t, want.size, r.coll.Maps[name].MaxEntries(), name)
	}
	require.EqualValues(t, 8, r.scalar("@r"))
}

// TestLoopsShareManyVariables are loops inside of each other that use many variables of the code around them: these stay where the
// outermost loop has put them.
func TestLoopsShareManyVariables(t *testing.T) {
	vars, sum := "", "0"
	for i := range 20 {
		vars += fmt.Sprintf("$v%d = (int64)pid * 0 + %d; ", i, i)
		sum += fmt.Sprintf(" + $v%d", i)
	}
	runStatements(t, []statementCase{
		{vars + `$s = (int64)0; for ($i : 0..20) { for ($j : 0..20) { $s += ` + sum + `; } } @r = $s`, 76000},
		{vars + `$s = (int64)0; for ($i : 0..20) { for ($j : 0..20) { for ($k : 0..20) { $s += ` + sum + `; $v0 = 1; } } } @r = $s + $v0`, 1527999 + 1},
	}, newest)
}

func TestAddresses(t *testing.T) {
	runStatements(t, []statementCase{
		{`$x = (int16)-5; $p = &$x; $x--; @r = *$p`, -6},
		{`$x = (1, "abc"); $p = &$x; @r = (*$p).1 == "abc"`, 1},
		{`$x = "abc"; $p = &$x; @r = (*$p == "abc") * 10 + (str($p) == "abc")`, 11},
		{`@x = 7; $p = &@x; @x = 9; @r = *$p`, 9},
		{`@m[1] = 7; $p = &@m; @r = $p != 0`, 1},
		{`let $x: uint64; $p = &$x; unroll(3) { $x += 2; } @r = *$p + $p[0]`, 12},
		{`$x = 1; $y = 2; $p = pid >= 0 ? &$x : &$y; @k[1] = $p; @r = *@k[1]`, 1},
		{`$x = 1; $p = &$x; @r = ((uint64)$p >> 63) * 10 + ($p == &$x)`, 11},
	}, newest, oldest)
	runStatements(t, []statementCase{
		{`$x = (int64)1; $p = &$x; for ($i : 0..100) { $x += *$p; if ($i == 3) { break; } } @r = *$p`, 16},
	}, newest)
}

func TestArrayCasts(t *testing.T) {
	runStatements(t, []statementCase{
		{`$a = (uint8[4])(uint32)0x01020304; @r = $a[0] * 100 + $a[3]`, 401},
		{`$a = (int8[])(int64)-2; @r = $a[0] * 10 + $a[7]`, -21},
		{`$a = (uint8[6])0x0a0b; @r = $a[0] * 100 + $a[1] + $a[5]`, 1110},
		{`$a = (uint16[2])(uint32)0x00050007; $i = 1; @r = $a[$i] * 10 + $a[0]`, 57},
		{`$a = (uint8[8])(uint64)0x0102030405060708; @r = (uint64)$a == 0x0102030405060708`, 1},
		{`$a = (uint8[4])(uint32)5; $t = (1, $a, "x"); @r = (int32)$t.1 * 10 + ($t.1 == $a)`, 51},
		{`$a = (uint8[4])(uint32)5; @k[$a] = $a; @r = (@k[$a] == $a) * 10 + (@k[(uint8[4])(uint32)6] == $a)`, 10},
		{`$a = (uint8[4])(uint32)5; $b = (int8[4])(uint32)6; @r = ($a == $b) * 10 + ($a != $b)`, 1},
		{`$a = (int8[])"abc"; @r = $a[1] * 10 + sizeof($a)`, 984},
		{`$a = buf("abc", 3); $b = buf("abd", 3); $c = buf("abcd", 4); @r = ($a == $b) * 100 + ($a != $c) * 10 + ($a == buf("abc", 3))`, 11},
		{`$b = buf("ab", 2); $b = buf("abcdef", 6); $c = buf("ab", 2); $b = $c; @r = $b == $c`, 1},
	}, newest, oldest)
}
