package peer_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/peer"
)

// guestWorker is the variable by which the vm tier says where in its guest the command is that cases trace.
const guestWorker = "GTRACE_WORKER"

// inGuest reports whether the tests run in a guest of the vm tier.
func inGuest() bool { return os.Getenv(guestWorker) != "" }

// part makes each row of docs/conformance.md run with one case, in every other of so many kernels.
var part = flag.String("part", "", "run the `I/N`th part of the table only: a case of each row in every other part, and each time another one")

// share returns what tells which cases are to run.
func share(t *testing.T) func(file, name string) bool {
	t.Helper()
	if *part == "" {
		return func(string, string) bool { return true }
	}
	var i, n int
	_, err := fmt.Sscanf(*part, "%d/%d", &i, &n)
	require.NoError(t, err, "-part wants I/N")
	chosen := pick(readRows(t), readIDs(t, false), i, n)
	return func(file, name string) bool { return chosen[caseID{file, name}] }
}

// pick returns the cases of part i of n.
func pick(rows []row, ids []caseID, i, n int) map[caseID]bool {
	chosen := map[caseID]bool{}
	for r, row := range rows {
		if r%2 != i%2 {
			continue
		}
		var mine []caseID
		for _, e := range row.entries {
			means := matcher(e)
			for _, id := range ids {
				if means(id.file, id.name) {
					mine = append(mine, id)
				}
			}
		}
		if len(mine) > 0 { // else all of them are long
			chosen[mine[i*len(mine)/n]] = true
		}
	}
	return chosen
}

func TestPick(t *testing.T) {
	rows := []row{{"a", []string{"one", "all of g.txt"}}, {"b", []string{"two"}}, {"c", []string{"t*"}}}
	ids := []caseID{{"f.txt", "one"}, {"f.txt", "two"}, {"f.txt", "three"}, {"g.txt", "four"}}
	require.Equal(t, map[caseID]bool{ids[0]: true, ids[1]: true}, pick(rows, ids, 0, 4))
	require.Equal(t, map[caseID]bool{ids[1]: true}, pick(rows, ids, 1, 4))
	require.Equal(t, map[caseID]bool{ids[3]: true, ids[2]: true}, pick(rows, ids, 2, 4))
}

// A summary counts what became of the cases that it was asked about.
type summary struct {
	mu           sync.Mutex
	run, refused int
	left         map[string]int // by reason
}

func newSummary() *summary { return &summary{left: map[string]int{}} }

// leaves reports whether a case does not run here, and counts it.
func (s *summary) leaves(c *peer.Case, kernel target.Version) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case inGuest() && c.Host != "":
		s.left[c.Host]++
		return true
	case c.Refusal(kernel) != "":
		s.refused++
	default:
		s.run++
	}
	return false
}

func (s *summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "conformance: %d cases as on the newest kernel, %d refused for want of what newer ones have", s.run, s.refused)
	for _, reason := range slices.Sorted(maps.Keys(s.left)) {
		fmt.Fprintf(&b, "\nconformance: %d left out: %s", s.left[reason], reason)
	}
	return b.String()
}
