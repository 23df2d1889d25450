package codegen_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/tests/testenv"
)

func repeated(n int, statement string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(statement, "{i}", strconv.Itoa(i)) + "\n")
	}
	return b.String()
}

// TestMoreBranchesThanTheVerifierTakes runs a program with more branches in a row than the kernel follows in one function.
func TestMoreBranchesThanTheVerifierTakes(t *testing.T) {
	testenv.Privileged(t)
	const n = 8300
	pid := os.Getpid()
	script := "BEGIN { $a = pid; $b = (uint64)5; " + repeated(n, "if ($a != {i}) { @r++; $b = $b * 3 + 1; }") + fmt.Sprintf("if ($a == %d) { @me = $b; } }", pid)
	want, b := int64(0), uint64(5)
	for i := range n {
		if i != pid {
			want, b = want+1, b*3+1
		}
	}
	r := mustRun(t, script, newest)
	require.Equal(t, want, r.scalar("@r"))
	require.Equal(t, int64(b), r.scalar("@me"))
}

var processed = regexp.MustCompile(`processed (\d+) insns`)

// TestVerifierFollowsTestsOnce counts the verifier's steps: what a test says of a number must not make it follow the rest of the program anew.
func TestVerifierFollowsTestsOnce(t *testing.T) {
	testenv.Privileged(t)
	for _, statement := range []string{
		"if ($a == {i}) { @x = {i}; }", "if ($a < {i}) { @x = {i}; }", "if ($a > 1000 - {i}) { @x = {i}; }",
		`@m["a key of a map", {i}] = {i};`,
	} {
		t.Run(statement, func(t *testing.T) {
			const n, perStatement = 400, 40
			obj := mustCompile(t, "BEGIN { $a = pid; "+repeated(n, statement)+" }", newest, codegen.Options{})
			coll, err := ebpf.NewCollectionWithOptions(obj.Spec, ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats}})
			require.NoError(t, err)
			defer coll.Close()
			m := processed.FindStringSubmatch(coll.Programs["gt_0"].VerifierLog)
			require.NotNil(t, m)
			steps, err := strconv.Atoi(m[1])
			require.NoError(t, err)
			require.Less(t, steps, n*perStatement)
		})
	}
}
