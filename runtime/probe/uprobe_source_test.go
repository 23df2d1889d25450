package probe_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

// inlineSource has a function that is compiled into two others, in line 3.
const inlineSource = `#include <stdlib.h>
__attribute__((noinline)) long work(long a) { __asm__ volatile(""); return a + 1; }
static inline __attribute__((always_inline)) long twice(long a) { return work(a) * 2; }
__attribute__((noinline)) long one(long a) {
	return twice(a) + 1;
}
__attribute__((noinline)) long two(long a) {
	return twice(a) - 1;
}
int main(int argc, char **argv) {
	long n = atol(argv[1]), sum = 0;
	for (long i = 0; i < n; i++)
		sum += one(i) + two(i) + two(sum);
	return sum == 0;
}
`

func TestSourceLines(t *testing.T) {
	path := mustBuild(t, inlineSource, "-g")
	s := mustRecord(t)
	tests := []struct {
		place []string
		want  int
	}{
		{[]string{"target.c", "2"}, 1},
		{[]string{"target.c", "3"}, 2},
		{[]string{"target.c", "5"}, 1},
		{[]string{"target.c", "5", "2"}, 1},
		{[]string{strings.TrimSuffix(path, "target") + "target.c", "8"}, 1},
	}
	for _, test := range tests {
		ms := mustResolve(t, s, check.ResolveOptions{PID: 7}, "uprobe", append([]string{path + "@" + test.place[0]}, test.place[1:]...)...)
		require.Len(t, ms, test.want)
		var listed []probe.Listed
		for _, m := range ms {
			require.NotZero(t, m.Probe.Address)
			require.Equal(t, path, m.Probe.Target)
			require.Equal(t, 7, m.Probe.PID)
			require.Equal(t, ms[0].Context.ID, m.Context.ID)
			listed = append(listed, probe.Listed{Name: m.Probe.Name})
		}
		got, err := s.List("uprobe:"+path+"@"+strings.Join(test.place, ":"), probe.ListOptions{})
		require.NoError(t, err)
		require.Equal(t, got, listed)
	}
}

func TestSourceErrors(t *testing.T) {
	path, bare := mustBuild(t, inlineSource, "-g"), mustBuild(t, inlineSource, "-g0")
	s := mustRecord(t)
	const format = "Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]"
	tests := []struct {
		kind, point, message string
		part                 int
	}{
		{"uretprobe", path + "@target.c:2", "Source code location not allowed", -1},
		{"uprobe", path + "*@target.c:2", "Cannot use wildcards with source code location", -1},
		{"uprobe", path + "@target.c", format, -1},
		{"uprobe", path + "@target.c:", format, -1},
		{"uprobe", path + "@:1", format, -1},
		{"uprobe", path + "@target.c:1:2:3", format, -1},
		{"uprobe", path + "@target.c:x", "Invalid line number: invalid integer: x", 2},
		{"uprobe", path + "@target.c:2+1", "Invalid line number: invalid trailing bytes: 2+1", 2},
		{"uprobe", path + "@target.c:99999999999999999999", "Invalid line number: invalid integer: 99999999999999999999", 2},
		{"uprobe", path + "@target.c:2:", "Invalid column number: invalid integer: ", 3},
		{"uprobe", path + "@target.c:999", "DWARF error: Unable to map 'target.c:999' to address", -1},
		{"uprobe", path + "@nope.c:2", "DWARF error: No compilation unit matches nope.c", -1},
		{"uprobe", bare + "@target.c:2", "No DWARF debug info found for '" + bare + "', cannot attach by source code location.", -1},
		{"uprobe", "/nope@target.c:2", "uprobe target file '/nope' does not exist or is not executable", 1},
	}
	for _, test := range tests {
		p, _ := s.Provider(test.kind)
		_, err := p.Resolve(attach.Point{Type: test.kind, Parts: strings.Split(test.point, ":")}, check.ResolveOptions{})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr, test.point)
		require.Equal(t, test.message, perr.Message)
		require.Equal(t, test.part, perr.Part, test.point)
	}
}

func TestAttachSourceLine(t *testing.T) {
	privileged(t)
	testenv.Uprobes(t)
	path := mustBuild(t, inlineSource, "-g")
	s := probe.New(host.New())
	for line, want := range map[int]uint64{2: 21, 3: 21, 5: 7, 8: 14} {
		ms := mustResolve(t, s, check.ResolveOptions{}, "uprobe", path+"@target.c", fmt.Sprint(line))
		n := count(t, s, ms, true, func() { require.NoError(t, exec.Command(path, "7").Run()) })
		require.Equal(t, want, n, "line %d", line)
	}
}
