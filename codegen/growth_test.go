package codegen_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
)

// TestCompileTimeIsLinear compiles scripts of one length and of four times that. In linear time the longer one takes four
// times as long; where anything is looked at again for each statement it takes sixteen times.
func TestCompileTimeIsLinear(t *testing.T) {
	const short, long, limit = 200, 800, 8.5
	for _, c := range []struct{ name, first, statement string }{ // {i} is the number of the statement, {j} of the next one
		{"map assignments", "", `@m["a key that is rather long, as keys of text are: {i}"] = {i};`},
		{"counts", "", `@x[{i}] = count();`},
		{"printf", "", `printf("line {i}: %d %s\n", pid, comm);`},
		{"variables", "$v0 = nsecs;", `$v{j} = $v{i} + {i}; @ = $v{j};`},
		{"texts", "", `$s{i} = comm; @[$s{i}] = {i};`},
		{"ifs", "$a = pid;", `if ($a == {i}) { @x[{i}] = count(); }`},
		{"else ifs", "$a = pid; if ($a == 1) { @x = 2; }", `else if ($a == {i}) { @x = {i}; }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := func(n int) string {
				var b strings.Builder
				b.WriteString("BEGIN { " + c.first)
				for i := range n {
					numbers := strings.NewReplacer("{i}", strconv.Itoa(i), "{j}", strconv.Itoa(i+1))
					b.WriteString(numbers.Replace(c.statement) + "\n")
				}
				return b.String() + "}"
			}
			ratio := 0.0
			for range 4 { // a busy machine may get in the way of one
				ratio = float64(fastest(t, script(long))) / float64(fastest(t, script(short)))
				if ratio < limit {
					return
				}
			}
			t.Fatalf("four times the script takes %.1f times as long", ratio)
		})
	}
}

func fastest(t *testing.T, script string) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range 2 {
		begin := time.Now()
		_, err := codegen.Compile(mustCheck(t, script), newest, codegen.Options{})
		best = min(best, time.Since(begin))
		require.NoError(t, err)
	}
	return best
}
