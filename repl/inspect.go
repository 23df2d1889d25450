package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime"
)

func (r *repl) cmdIR(ctx context.Context, args string) error  { return r.show(ctx, "opt", args) }
func (r *repl) cmdAsm(ctx context.Context, args string) error { return r.show(ctx, "asm", args) }

// show compiles probes that run, or a text, and writes a stage of that.
func (r *repl) show(ctx context.Context, stage, args string) error {
	if args == "" {
		return errors.New("of what? give the number of probes, or what to compile; :probes lists what runs")
	}
	in := Input{File: diag.NewFile(TypedName, args), Definitions: r.defs}
	if _, err := strconv.Atoi(args); err == nil {
		groups, err := r.chosen(args)
		if err != nil {
			return err
		}
		in = groups[0].in
	}
	var dump bytes.Buffer
	in.Dump = func(s string) io.Writer {
		if s != stage {
			return nil
		}
		return &dump
	}
	if _, err := r.compile(in); err != nil {
		return err
	}
	_, err := stoppable{ctx, r.err}.Write(dump.Bytes())
	return err
}

// cmdCost measures what the probes cost.
func (r *repl) cmdCost(ctx context.Context, args string) error {
	d := time.Second
	if args != "" {
		var err error
		if d, err = parseTime(args); err != nil {
			return err
		}
	}
	groups := r.snapshot()
	if len(groups) == 0 {
		return errors.New("no probes run")
	}
	counting, err := runtime.EnableStats()
	if err != nil && !errors.Is(err, runtime.ErrStatsPermission) {
		return err
	}
	if counting != nil {
		defer counting.Close()
	}
	before, berr := stats(groups)
	if berr != nil {
		return berr
	}
	start := time.Now()
	if err := sleep(ctx, d); err != nil {
		return err
	}
	after, aerr := stats(groups)
	if aerr != nil {
		return aerr
	}
	if counting == nil && !counted(before, after) {
		return err // the sysctl does not count either
	}
	r.showCost(groups, before, after, time.Since(start))
	return nil
}

// stats reads the counts of all programs of groups.
func stats(groups []*running) ([][]runtime.ProgramStats, error) {
	var out [][]runtime.ProgramStats
	for _, n := range groups {
		st, err := n.group.Stats()
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

func counted(before, after [][]runtime.ProgramStats) bool {
	for i := range after {
		for j := range min(len(before[i]), len(after[i])) {
			if after[i][j].Runs != before[i][j].Runs {
				return true
			}
		}
	}
	return false
}

func (r *repl) showCost(groups []*running, before, after [][]runtime.ProgramStats, d time.Duration) {
	r.say("%-4s %8s %8s %8s %6s  %s\n", "", "events", "per s", "ns/event", "% CPU", "probe")
	for i, n := range groups {
		for j := range min(len(before[i]), len(after[i])) {
			p := after[i][j]
			runs, spent := p.Runs-before[i][j].Runs, p.Time-before[i][j].Time
			each := 0.0
			if runs > 0 {
				each = float64(spent.Nanoseconds()) / float64(runs)
			}
			name := p.Probe
			if p.Probes > 1 {
				name += fmt.Sprintf(" and %d more", p.Probes-1)
			}
			r.say("%-4s %8d %8.0f %8.0f %6.2f  %s\n", fmt.Sprintf("[%d]", n.id), runs, float64(runs)/d.Seconds(), each,
				100*spent.Seconds()/d.Seconds(), name)
		}
	}
}
