// Command bench measures gtrace and bpftrace side by side, in one run on one machine: start-up, memory, cost of an event in
// the kernel, output, attaching many probes, leaving. It prints a table of medians.
//
// It must not import a stage of the compiler or the runtime: it sees what a user sees, and what the kernel says of loaded
// programs.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
)

// A tool is a tracer to measure.
type tool struct{ name, path string }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	gtrace := flags.String("gtrace", "", "`path` of gtrace")
	bpftrace := flags.String("bpftrace", "", "`path` of bpftrace")
	runs := flags.Int("runs", 5, "how often each thing is measured")
	only := flags.String("only", "", "measure only what matches this `regexp`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	tools, err := findTools(*gtrace, *bpftrace)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	t := newTable(tools)
	for _, m := range measures() {
		if !chosen.MatchString(m.name) {
			continue
		}
		fmt.Fprintf(stderr, "bench: %s\n", m.name)
		if err := measureAll(m, tools, *runs, t); err != nil {
			fmt.Fprintf(stderr, "bench: %s: %v\n", m.name, err)
			return 1
		}
	}
	fmt.Fprintf(stdout, "%s, %d CPUs; medians of %d runs\n\n", release(), runtime.NumCPU(), *runs)
	t.print(stdout)
	return 0
}

func findTools(gtrace, bpftrace string) ([]tool, error) {
	var tools []tool
	for _, t := range []tool{{"gtrace", gtrace}, {"bpftrace", bpftrace}} {
		if t.path == "" {
			continue
		}
		path, err := filepath.Abs(t.path)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
		tools = append(tools, tool{t.name, path})
	}
	if len(tools) == 0 {
		return nil, fmt.Errorf("nothing to measure: give -gtrace or -bpftrace")
	}
	return tools, nil
}

// measureAll measures one thing for all tools, taking turns, and puts the medians into the table.
func measureAll(m measure, tools []tool, runs int, t *table) error {
	if m.runs != 0 {
		runs = min(runs, m.runs)
	}
	seen := make(map[string]map[string][]float64) // by row, by tool
	for range runs {
		for _, tool := range tools {
			values, err := m.take(tool)
			if err != nil {
				return fmt.Errorf("%s: %w", tool.name, err)
			}
			for row, v := range values {
				if seen[row] == nil {
					seen[row] = make(map[string][]float64)
				}
				seen[row][tool.name] = append(seen[row][tool.name], v)
			}
		}
	}
	for _, row := range m.rows {
		t.add(m.name+": "+row.name, row, seen[row.name])
	}
	return nil
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

func release() string {
	data, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown kernel"
	}
	return "kernel " + string(data[:len(data)-1])
}
