package main

import (
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
	var out strings.Builder
	table.print(&out)
	require.Equal(t, strings.TrimPrefix(`
           measure  unit   gtrace  bpftrace  better by
        start: CPU    ms     6.00       300      50.0x
     printf: lines   1/s  1000000    125000       8.0x
  count: per event    ns     12.3         -          -
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
