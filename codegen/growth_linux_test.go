package codegen_test

import (
	"cmp"
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

// shape is a way for scripts to grow: parts of n units, with what is between them.
type shape struct {
	name  string
	parts []string // every second one, beginning with the second, is a unit: {i} is its number, {j} the next one
	// least is how many units the short script has; 400 if it is 0.
	least int
}

func (s shape) script(n int) string {
	var b strings.Builder
	for k, part := range s.parts {
		if k%2 == 0 {
			b.WriteString(part)
			continue
		}
		for i := range n {
			b.WriteString(strings.NewReplacer("{i}", strconv.Itoa(i), "{j}", strconv.Itoa(i+1)).Replace(part))
		}
	}
	return b.String()
}

// action is a shape of statements in one action, behind a first one.
func action(name, first, statement string) shape {
	return shape{name: name, parts: []string{"BEGIN { " + first, statement + "\n", "}"}}
}

// manyProbes is what scripts with many probes begin with.
const manyProbes = "config = { max_probes = 100000; max_bpf_progs = 100000 } "

// fewer is a shape of which the short script has some units.
func fewer(units int, s shape) shape {
	s.least = units
	return s
}

var shapes = []shape{
	action("map assignments", "", `@m["a key that is rather long, as keys of text are: {i}"] = {i};`),
	action("counts", "", `@x[{i}] = count();`),
	fewer(60, action("histograms", "", `@x[{i}] = hist(pid);`)),
	action("printf", "", `printf("line {i}: %d %s\n", pid, comm);`),
	action("tuples", "", `$t{i} = (pid, {i}, "abc"); print($t{i}.0);`),
	action("arithmetic", "$x = (uint64)pid;", `$x = $x * 3 + {i};`),
	action("variables", "$v0 = nsecs;", `$v{j} = $v{i} + {i}; @ = $v{j};`),
	{name: "variables in use at once", parts: []string{"BEGIN {", "$v{i} = nsecs + {i};\n", "", "@ = $v{i};\n", "}"}},
	{name: "variables of an if", parts: []string{"BEGIN {", "$v{i} = 0;\n", "if (pid) {", "$v{i} = nsecs;\n", "}", "@ = $v{i};\n", "}"}},
	action("texts", "", `$s{i} = comm; @[$s{i}] = {i};`),
	{name: "texts in use at once", parts: []string{"BEGIN {", "$s{i} = comm;\n", "", "@[$s{i}] = 1;\n", "}"}},
	action("ifs", "$a = pid;", `if ($a == {i}) { @x[{i}] = count(); }`),
	action("ifs of one number", "$a = pid;", `if ($a) { @x[{i}] = count(); }`),
	action("else ifs", "$a = pid; if ($a == 1) { @x = 2; }", `else if ($a == {i}) { @x = {i}; }`),
	action("choices", "", `@ = pid == {i} ? 1 : 0;`),
	action("returns", "", `if (pid == {i}) { @ = {i}; return; }`),
	action("whiles", "", `$i{i} = 0; while ($i{i} < 5) { @x += $i{i}; $i{i}++; }`),
	{name: "statements of a loop", parts: []string{"BEGIN { $i = 0; while ($i < 10) { $i++;", "@x[{i}] = $i;\n", "} }"}},
	{name: "continues", parts: []string{"BEGIN { $i = 0; while ($i < 10) { $i++;", "if ($i == {i}) { continue; }\n", "} }"}},
	fewer(60, action("loops over maps", "@m[1] = 2;", `for ($kv : @m) { @x[$kv.0] = {i}; }`)),
	{name: "operators", parts: []string{"BEGIN { print(pid", " + pid * {i}", "); }"}},
	{name: "conditions", parts: []string{"BEGIN { if (pid == 1", " || pid == {i}", ") { print(1); } }"}},
	{name: "fields", parts: []string{"struct a {", "int f{i};\n", "}; BEGIN { $a = (struct a *)0;", "@ += $a->f{i};\n", "}"}},
	{name: "elements", parts: []string{"struct a { int x[100]; }; BEGIN { $a = (struct a *)0;", "@ += $a->x[{i} % 100];\n", "}"}},
	{name: "structs", parts: []string{"", "struct a{i} { int a; struct a{i} *next; };\n", "BEGIN {", "@ += ((struct a{i} *)0)->a;\n", "}"}},
	{name: "defines", parts: []string{"", "#define D{i} {i}\n", "BEGIN {", "@ += D{i};\n", "}"}},
	{name: "enum values", parts: []string{"enum e { V", ", V{i} = {i}", "}; BEGIN {", "@ += V{i};\n", "}"}},
	{name: "functions", parts: []string{manyProbes, "fn f{i}($a: int64): int64 { return $a + {i}; }\n", "", "BEGIN { @ += f{i}(pid); }\n"}},
	{name: "maps", parts: []string{manyProbes, "let @m{i} = hash({j}); BEGIN { @m{i}[pid] = 1; }\n"}},
	{name: "probes", parts: []string{manyProbes, "BEGIN /pid == {i}/ { @x[pid] = count(); }\n"}},
	{name: "attach points", parts: []string{manyProbes, "BEGIN,\n", "BEGIN { @x[pid] = count(); }"}},
	{name: "comments", parts: []string{"BEGIN {", "@ = {i}; // of {i}\n/* more */", "}"}},
}

// TestTimeIsLinear compiles and formats scripts of one length and of four times that. In linear time the longer one takes four
// times as long; where anything is looked at again for each unit it takes sixteen times. The time is the processor's, without what it
// takes to collect garbage, and the best of some tries, lest a busy machine looks like a slow program.
func TestTimeIsLinear(t *testing.T) {
	const short, times, tries = 400, 4, 5
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			compileTimes, formatTimes := []time.Duration{1 << 62, 1 << 62}, []time.Duration{1 << 62, 1 << 62}
			for range tries {
				n := cmp.Or(s.least, short)
				for i, n := range []int{n, times * n} {
					compiled, formatted := mustTake(t, s.script(n))
					compileTimes[i], formatTimes[i] = min(compileTimes[i], compiled), min(formatTimes[i], formatted)
				}
				if linear(compileTimes) && linear(formatTimes) {
					return
				}
			}
			require.Fail(t, fmt.Sprintf("four times the script takes %v instead of %v to compile, %v instead of %v to format",
				compileTimes[1], compileTimes[0], formatTimes[1], formatTimes[0]))
		})
	}
}

// linear reports whether the second time is that of four times the work, nearly.
func linear(times []time.Duration) bool {
	const factor, noise = 8, 20 * time.Millisecond
	return times[1] < factor*times[0]+noise
}

// mustTake returns the processor's time that it takes to compile and to format a script.
func mustTake(t *testing.T, script string) (compiled, formatted time.Duration) {
	t.Helper()
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	goruntime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	begin := threadTime(t)
	_, err := codegen.Compile(mustCheck(t, script), newest, codegen.Options{})
	compiled = threadTime(t) - begin
	require.NoError(t, err)
	goruntime.GC()
	begin = threadTime(t)
	tree := parser.Parse(diag.NewFile("stdin", script), &diag.List{})
	again := parser.Parse(diag.NewFile("stdin", ast.Format(tree)), &diag.List{})
	same := ast.Same(tree, again)
	formatted = threadTime(t) - begin
	require.True(t, same)
	return compiled, formatted
}

func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_THREAD, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
