package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A growing script is one of any length, to see how the time to compile, load and attach it grows.
type growing struct {
	name   string
	script func(n int) string
}

// growingScripts are statements in one probe, and probes.
var growingScripts = []growing{
	{"map assignments", statements("", func(i int) string {
		return fmt.Sprintf(`@m["a key that is rather long, as keys of text often are in scripts: number %d"] = %d;`, i, i)
	})},
	{"printf", statements("", func(i int) string { return fmt.Sprintf(`printf("line %d: %%d %%s\n", pid, comm);`, i) })},
	{"arithmetic", statements("$a = nsecs; $b = pid; $c = tid;", func(i int) string {
		return fmt.Sprintf("$%c = $%c * %d + ($%c ^ $%c);", 'a'+i%3, 'a'+(i+1)%3, i+3, 'a'+(i+2)%3, 'a'+i%3)
	})},
	{"sums of sums", statements("$x = (uint64)pid;", func(i int) string { return fmt.Sprintf("$x = $x * 3 + %d;", i) })},
	{"ifs", statements("$a = pid;", func(i int) string { return fmt.Sprintf("if ($a == %d) { @x = %d; }", i, i) })},
	{"probes", func(n int) string { return strings.Repeat("BEGIN { @x[pid] = count(); }\n", n) }},
	{"attach points", func(n int) string {
		return strings.Repeat("interval:s:1,\n", n-1) + "interval:s:1 { @x[pid] = count(); }"
	}},
}

// growingSizes are how many statements or probes there are.
var growingSizes = []int{10, 100, 1000, 10000}

// growingLimit is how long one script may take; what takes longer is not tried in larger sizes.
const growingLimit = 60 * time.Second

func statements(first string, statement func(i int) string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		b.WriteString("BEGIN {\n  " + first + "\n")
		for i := range n {
			b.WriteString("  " + statement(i) + "\n")
		}
		return b.String() + "}\n"
	}
}

func growingMeasures() []measure {
	var all []measure
	for _, g := range growingScripts {
		given := map[string]int{} // by tool: the size that is not tried again
		m := measure{name: "script of many " + g.name, runs: 3, take: func(t tool) (map[string]float64, error) { return takeGrowing(t, g, given) }}
		for _, n := range growingSizes {
			m.rows = append(m.rows, row{name: fmt.Sprint(n), unit: "ms"})
		}
		all = append(all, m)
	}
	return all
}

// errTooLong is a script that took longer than growingLimit.
var errTooLong = errors.New("took too long")

// takeGrowing measures start, attach and exit. A size that fails, for a limit of the kernel or of the tool, is said and has no
// number; one that takes too long has an endless one. Neither is tried again, nor a larger one.
func takeGrowing(t tool, g growing, given map[string]int) (map[string]float64, error) {
	dir, err := os.MkdirTemp("", "gtrace-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	took := map[string]float64{}
	for _, n := range growingSizes {
		if given[t.name] == n {
			break
		}
		file := filepath.Join(dir, "script.bt")
		if err := os.WriteFile(file, []byte(g.script(n)), 0o600); err != nil {
			return nil, err
		}
		d, err := dryRun(t, file)
		if errors.Is(err, errTooLong) {
			took[fmt.Sprint(n)] = math.Inf(1)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %d %s: %v\n", t.name, n, g.name, err)
			given[t.name] = n
			break
		}
		took[fmt.Sprint(n)] = milliseconds(d)
	}
	return took, nil
}

func dryRun(t tool, file string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), growingLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.path, "--dry-run", file)
	cmd.Env = append(os.Environ(), "BPFTRACE_MAX_BPF_PROGS=20000", "BPFTRACE_MAX_PROBES=20000")
	cmd.WaitDelay = time.Second
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return 0, fmt.Errorf("%w: over %v", errTooLong, growingLimit)
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, complaint(string(out)))
	}
	return time.Since(begin), nil
}

// complaint is what a tool says of its failure: from its first line with an error on, in one line.
func complaint(text string) string {
	if i := strings.Index(text, "ERROR"); i >= 0 {
		text = text[i:]
	}
	return fmt.Sprintf("%.300s", strings.Join(strings.Fields(text), " "))
}
