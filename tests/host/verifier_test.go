package host_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// steps returns how many instructions the verifier followed of a program.
func steps(t *testing.T, program string) int {
	t.Helper()
	r := run(t, "-q", "--dry-run", "-d", "verifier", "-e", program)
	require.Zero(t, r.code, r.stderr)
	m := regexp.MustCompile(`processed (\d+) insns`).FindStringSubmatch(r.stdout + r.stderr)
	require.NotNil(t, m, "%s\n%s", r.stdout, r.stderr)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}

// What a statement does that is over, like counting that there was no room for a key, is nothing that the verifier follows into the
// statements behind it: the steps of many statements are the sum of theirs.
func TestVerifierStepsGrowWithTheStatements(t *testing.T) {
	for _, statement := range []string{`@m%d[1] = quantile(nsecs + $i);`, `@m%d[pid] = count();`} {
		of := func(n int) int {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, statement, i)
			}
			return steps(t, `BEGIN { $i = 0; while ($i < 3) { $i++; `+b.String()+` } }`)
		}
		require.Less(t, of(6), 10*of(1), statement)
	}
}
