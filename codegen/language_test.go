package codegen_test

import (
	"testing"

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
	} {
		for _, on := range []target.Recorded{newest, oldest} {
			mustLoad(t, mustCompile(t, script, on, codegen.Options{}))
		}
	}
}
