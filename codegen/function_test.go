package codegen_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// functionCase is a begin probe with functions that leaves a number in @r.
type functionCase struct {
	funcs, body string
	want        int64
}

func runFunctions(t *testing.T, cases []functionCase, targets ...target.Recorded) {
	t.Helper()
	testenv.Privileged(t)
	for _, c := range cases {
		t.Run(c.funcs+" "+c.body, func(t *testing.T) {
			for _, on := range targets {
				require.Equal(t, c.want, mustRun(t, c.funcs+" BEGIN { "+c.body+" }", on).scalar("@r"), "compiled for %v", on.Version)
			}
		})
	}
}

func TestFunctions(t *testing.T) {
	runFunctions(t, []functionCase{
		{`fn f($a: int64, $b: int64): int64 { return $a * 10 + $b; }`, `@r = f(1, f(2, 3))`, 33},
		{`fn f($a: int8): int64 { return $a; }`, `$x = (int64)0x1ff; @r = f((int8)$x)`, -1},
		{`fn f($a: uint8): uint8 { return $a + 200; }`, `@r = f(100)`, 44},
		{`fn f($a: int64, $b: int64, $c: int64, $d: int64, $e: int64): int64 { return $a + $b * $c - $d * $e; }`, `@r = f(1, 2, 3, 4, 5)`, -13},
		{`fn f($a: int64): bool { return $a < 3; }`, `@r = f(2) ? 7 : 8`, 7},
		{`fn f($a: int64): int64 { $a += 5; return $a; }`, `$x = (int64)1; @r = f($x) * 10 + $x`, 61},
		{`fn g($a: int64): int64 { return $a + 1; } fn f($a: int64): int64 { return g($a) * g($a + 1); }`, `@r = f(3)`, 20},
		{`fn f($s: string): int64 { if ($s == "abc") { return 1; } return 2; }`, `@r = f("abc") * 100 + f("abcd") * 10 + f("ab")`, 122},
		{`fn f($n: int64): string { if ($n > 0) { return "pos"; } return "negative"; }`, `@r = (f(1) == "pos") * 10 + (f(-1) == "negative")`, 11},
		{
			`fn f($t: (int64, int64)): (int64, int64) { $t = ($t.1, $t.0); return $t; }`,
			`$t = ((int64)1, (int64)2); $u = f($t); @r = $t.0 * 1000 + $t.1 * 100 + $u.0 * 10 + $u.1`, 1221,
		},
		{`fn f($t: (int8, string)): (string, int64) { return ($t.1, $t.0); }`, `$x = f((7, "abc")); @r = $x.0 == "abc" ? $x.1 : -1`, 7},
		{`fn f($k: string): void { @m[$k]++; }`, `f("a"); f("a"); f("b"); @r = @m["a"] * 10 + @m["b"]`, 21},
		{`fn f($a: int64): int64 { @x = $a; return $a; }`, `@x = 1; @r = @x * 100 + f(5) * 10 + @x`, 155},
		{`fn f($s: string): string { @s = "other"; return $s; }`, `@s = "first"; @r = f(@s) == "first"`, 1},
		{`fn f($a: int64): int64 { if ($a > 2) { exit(); } return $a; }`, `@r = 1; @r = 10 + f(2); @r = 20 + f(3)`, 12},
		{`fn g($a: int64): void { if ($a > 2) { exit(); } } fn f($a: int64): string { g($a); return "x"; }`, `@r = 1; if (f(1) == "x") { @r = 2; } if (f(3) == "x") { @r = 3; }`, 2},
		{`fn f($a: int64): int64 { for ($i : 0..10) { if ($i == $a) { return $i * 10; } } return -1; }`, `@r = f(3) * 100 + f(30)`, 2999},
		{`fn f($a: int64): int64 { $s = (int64)0; unroll(3) { $s += $a; } while ($s < 20) { $s++; } return $s; }`, `@r = f(2) + f(10)`, 50},
		{`fn f($a: int64): int64 { return $a ? f2($a) : 0; } fn f2($b: int64): int64 { return $b + 1; }`, `@r = f(4)`, 5},
		{`fn f($a: int64): int64 { return $a; }`, `$s = (int64)0; for ($i : 0..5) { $s += f($i); } @r = $s`, 10},
		{`fn none() { @r = 3; }`, `none()`, 3},
		{`fn f($p: int64): int64 { return *(int64 *)$p; } fn unused($x: string): string { return $x; }`, `@r = f(0)`, 0},
	}, newest, oldest)
}

// TestFunctionsInLoops are functions called by the rounds of loops that the kernel calls, and such loops in functions.
func TestFunctionsInLoops(t *testing.T) {
	runFunctions(t, []functionCase{
		{`fn f($a: int64): int64 { return $a * 2; }`, `$s = (int64)0; for ($i : 0..100) { $s += f($i); } @r = $s`, 9900},
		{`fn f($n: int64): int64 { $s = (int64)0; for ($i : 0..$n) { if ($i == 50) { return $s; } $s += $i; } return $s; }`, `@r = f(10) * 10000 + f(100)`, 451225},
		{`fn f($n: int64): string { for ($i : 0..$n) { if ($i == 50) { return "early"; } } return "late"; }`, `@r = (f(10) == "late") * 10 + (f(100) == "early")`, 11},
		{`fn f($n: int64): int64 { for ($i : 0..$n) { if ($i == 50) { exit(); } } return $n; }`, `@r = f(10); @r = f(100)`, 10},
		{`fn f($n: int64): void { for ($i : 0..$n) { for ($j : 0..$n) { if ($j == 20) { exit(); } @r++; } } }`, `@r = 0; f(30); @r = 100`, 20},
		{
			`fn g($n: int64): int64 { if ($n == 20) { exit(); } return 1; } fn f($n: int64): int64 { $s = (int64)0; for ($i : 0..$n) { $s += g($i); } return $s; }`,
			`@r = f(10); @r += f(30)`, 10,
		},
		{`fn f(): int64 { $s = (int64)0; for ($kv : @m) { $s += $kv.1; } return $s; }`, `@m[1] = 2; @m[5] = 6; @r = f()`, 8},
		{`fn f($t: (int64, string)): int64 { $n = (int64)0; for ($i : 0..100) { if ($t.1 == "x") { $n += $t.0; } } return $n; }`, `@r = f((3, "x")) + f((3, "y"))`, 300},
	}, newest)
}

func TestFunctionsLoad(t *testing.T) {
	testenv.Privileged(t)
	for _, script := range []string{
		`fn st(): void { @[kstack, ustack, comm] = count(); } kprobe:f { st(); }`,
		`fn say($s: string, $t: (int64, string)): void { printf("%s %s %d %s\n", $s, $t.1, $t.0, probe); } tracepoint:a:b { say(str(args.filename), (args.id, comm)); }`,
		`fn file(): string { return str(args.filename); } tracepoint:a:b { @[file()] = count(); print(file()); }`,
		`fn a($x: int64): int64 { return b($x) + 1; } fn b($x: int64): int64 { return c($x) + 1; } fn c($x: int64): int64 { return d($x) + 1; }
		 fn d($x: int64): int64 { return e($x) + 1; } fn e($x: int64): int64 { printf("%s %d\n", comm, $x); return $x; } tracepoint:a:b { print(a(args.id)); }`,
	} {
		for _, on := range []target.Recorded{newest, oldest} {
			mustLoad(t, mustCompile(t, script, on, codegen.Options{}))
			mustLoad(t, mustCompile(t, script, on, codegen.Options{DebugHelpers: true}))
		}
	}
}

// TestFunctionLimits are scripts that are right by themselves, but need more than a program of the kernel may have.
func TestFunctionLimits(t *testing.T) {
	chain := "fn f8(): void { @r = 1; } "
	for n := 7; n > 0; n-- {
		chain += strings.ReplaceAll("fn fN(): void { fM(); } ", "N", string(rune('0'+n)))
		chain = strings.ReplaceAll(chain, "fM", "f"+string(rune('1'+n)))
	}
	for _, c := range []struct{ script, want string }{
		{chain + "BEGIN { f1(); }", "functions and loops are 9 levels deep inside of each other here; the kernel allows 8"},
		{
			`fn f($a: int64, $b: int64, $c: int64, $d: int64, $e: int64): string { return "x"; } BEGIN { print(f(1, 2, 3, 4, 5)); }`,
			"f() needs 6 of the 5 registers that a call passes: one for each parameter, one for where its result goes",
		},
		{
			`fn f($a: int64, $b: int64, $c: int64, $d: int64, $e: int64): void { print(kstack); } kprobe:f { f(1, 2, 3, 4, 5); }`,
			"f() needs 6 of the 5 registers that a call passes: one for each parameter, one for the probe's context, which it uses",
		},
	} {
		_, err := codegen.Compile(mustCheck(t, c.script), newest, codegen.Options{})
		require.EqualError(t, err, c.want)
	}
	mustCompile(t, strings.Replace(chain, "f8();", "@r = 2;", 1)+"BEGIN { f1(); }", newest, codegen.Options{})
}

// TestUnusedFunctionsCostNothing compares a script with and without functions that nothing calls.
func TestUnusedFunctionsCostNothing(t *testing.T) {
	const probe = `BEGIN { @x = 1; }`
	with := mustCompile(t, `fn f($a: string): string { @y = 1; printf("%s", $a); return $a; } `+probe, newest, codegen.Options{})
	without := mustCompile(t, probe, newest, codegen.Options{})
	require.Equal(t, len(without.Spec.Programs["gt_0"].Instructions), len(with.Spec.Programs["gt_0"].Instructions))
	require.Len(t, with.Manifest.Events, len(without.Manifest.Events))
}
