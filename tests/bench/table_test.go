package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	require.Equal(t, 3.0, median([]float64{9, 1, 3}))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	require.Zero(t, median(nil))
}

func TestTable(t *testing.T) {
	table := newTable([]tool{{name: "gtrace"}, {name: "bpftrace"}})
	table.add("start: CPU", row{unit: "ms"}, map[string][]float64{"gtrace": {5, 7, 6}, "bpftrace": {300, 290, 310}})
	table.add("printf: lines", row{unit: "1/s", more: true}, map[string][]float64{"gtrace": {1e6}, "bpftrace": {125_000}})
	table.add("count: per event", row{unit: "ns"}, map[string][]float64{"gtrace": {12.34}})
	table.add("growth: 10", row{unit: "ms"}, map[string][]float64{"gtrace": {600}, "bpftrace": {math.Inf(1)}})
	table.add("growth: 100", row{unit: "ms"}, map[string][]float64{"gtrace": {math.Inf(1)}, "bpftrace": {300}})
	var out strings.Builder
	table.print(&out)
	require.Equal(t, strings.TrimPrefix(`
           measure  unit     gtrace   bpftrace  better by
        start: CPU    ms       6.00        300      50.0x
     printf: lines   1/s    1000000     125000       8.0x
  count: per event    ns       12.3          -          -
        growth: 10    ms        600  over 60 s  over 100x
       growth: 100    ms  over 60 s        300          -
`, "\n"), out.String())
}

func TestFindTools(t *testing.T) {
	_, err := findTools("", "")
	require.ErrorContains(t, err, "nothing to measure")
	_, err = findTools("/no/such/gtrace", "")
	require.Error(t, err)
	tools, err := findTools("", "/bin/sh")
	require.NoError(t, err)
	require.Equal(t, []tool{{"bpftrace", "/bin/sh"}}, tools)
}

func TestComplaint(t *testing.T) {
	require.Equal(t, "ERROR: no such probe kprobe:x", complaint("WARNING: old\nERROR: no such probe\n  kprobe:x\n"))
	require.Equal(t, "killed", complaint("killed\n"))
	require.Len(t, complaint(strings.Repeat("x", 1000)), 300)
}

// TestGrowingGivesUp wants a size that fails to be tried once.
func TestGrowingGivesUp(t *testing.T) {
	tries := filepath.Join(t.TempDir(), "tries")
	fake := filepath.Join(t.TempDir(), "fake")
	script := "#!/bin/sh\necho x >>" + tries + "\ntest $(wc -l <$2) -lt 500\n"
	require.NoError(t, os.WriteFile(fake, []byte(script), 0o700))
	given := map[string]int{}
	for range 2 {
		took, err := takeGrowing(tool{"fake", fake}, growingScripts[0], given)
		require.NoError(t, err)
		require.Len(t, took, 2)
		require.Contains(t, took, "100")
	}
	text, err := os.ReadFile(tries)
	require.NoError(t, err)
	require.Equal(t, 3+2, strings.Count(string(text), "x"))
}
