package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/output"
)

// runMode returns what --test, --bench and --mode ask for.
func (o *options) runMode() runtime.Mode {
	switch {
	case o.test, o.mode == "test":
		return runtime.ModeTest
	case o.bench, o.mode == "bench":
		return runtime.ModeBench
	}
	return runtime.ModeRun
}

// triggerBySignal runs the session's self probes for each SIGUSR1, until the function that it returns is called.
func triggerBySignal(s *runtime.Session) (stop func()) {
	signals := make(chan os.Signal, 16)
	done := make(chan struct{})
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		defer close(done)
		for range signals {
			if err := s.Trigger("SIGUSR1"); err != nil {
				fmt.Fprintf(os.Stderr, "ERROR: %v\n", err)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// selfTest runs the test or bench probes of a script, and then its end probes.
func (c *compiler) selfTest(ctx context.Context, s *runtime.Session, out io.Writer) error {
	failed, err := 0, error(nil)
	if c.opts.runMode() == runtime.ModeTest {
		failed, err = c.test(ctx, s, out)
	} else {
		failed, err = c.bench(ctx, s, out)
	}
	if err != nil {
		return err
	}
	ended, stop := context.WithCancel(ctx)
	stop()
	code, err := s.Run(ended)
	switch {
	case err != nil:
		return err
	case failed > 0:
		return exitError(1)
	case code != 0:
		return exitError(code)
	}
	return nil
}

// painted returns a text in a colour if colours are wanted.
func (c *compiler) painted(out io.Writer, code int, text string) string {
	if !colored(out) {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, text)
}

const (
	red   = 31
	green = 32
)

// test runs the tests and prints their results as gtest does. It returns how many failed.
func (c *compiler) test(ctx context.Context, s *runtime.Session, out io.Writer) (failed int, err error) {
	newPrinter := func(w io.Writer) output.Printer {
		return output.NewText(output.Options{Out: w, Err: w, NoWarnings: c.opts.noWarnings})
	}
	if c.opts.format == "json" {
		err = s.Test(ctx, newPrinter, func(string) {}, func(r runtime.TestResult) {
			failed += count(!r.Passed)
			printResult(out, "test_result", r.Name,
				fmt.Sprintf(`"duration": %d, "passed": %v, "output": %s`, r.Time.Nanoseconds(), r.Passed, quoted(r.Output)))
		})
		return failed, err
	}
	var names []string
	n := s.Tests()
	if n > 0 {
		fmt.Fprintf(out, "%s Running %d tests.\n", c.painted(out, green, "[==========]"), n)
	}
	err = s.Test(ctx, newPrinter, func(name string) {
		fmt.Fprintf(out, "%s %s\n", c.painted(out, green, "[ RUN      ]"), name)
	}, func(r runtime.TestResult) {
		label := c.painted(out, green, "[       OK ]")
		if !r.Passed {
			names = append(names, r.Name)
			label = c.painted(out, red, "[  FAILED  ]")
			io.WriteString(out, r.Output)
		}
		fmt.Fprintf(out, "%s %s (%s)\n", label, r.Name, rounded(r.Time))
	})
	if err != nil || n == 0 {
		return len(names), err
	}
	c.summary(out, n, names)
	return len(names), nil
}

func (c *compiler) summary(out io.Writer, n int, failed []string) {
	fmt.Fprintf(out, "%s %s ran.\n", c.painted(out, green, "[==========]"), tests(n))
	fmt.Fprintf(out, "%s %s.\n", c.painted(out, green, "[  PASSED  ]"), tests(n-len(failed)))
	if len(failed) == 0 {
		return
	}
	label := c.painted(out, red, "[  FAILED  ]")
	fmt.Fprintf(out, "%s %s, listed below:\n", label, tests(len(failed)))
	for _, name := range failed {
		fmt.Fprintf(out, "%s %s\n", label, name)
	}
}

func tests(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rounded writes a time in the largest unit that it has at least one of.
func rounded(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%d μs", d.Microseconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// printResult prints a result as a line of JSON, with blanks where other lines have them.
func printResult(out io.Writer, kind, name, result string) {
	fmt.Fprintf(out, "{\"type\": \"%s\", \"data\": {%s: {%s}}}\n", kind, quoted(name), result)
}

// quoted returns a text as JSON writes it.
func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic("BUG: a string has no JSON")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// The widths of the columns of the benchmark table.
const (
	benchNameWidth = 41
	benchTimeWidth = 15
	benchRunsWidth = 10
)

// bench runs the benchmarks and prints a table of their results. It returns how many failed.
func (c *compiler) bench(ctx context.Context, s *runtime.Session, out io.Writer) (failed int, err error) {
	var rows []runtime.BenchResult
	width := benchNameWidth
	err = s.Bench(ctx, func(r runtime.BenchResult) {
		if r.Failed {
			failed++
			fmt.Fprintf(c.std.err, "ERROR: Benchmark '%s' failed.\n", r.Name)
			return
		}
		if c.opts.format == "json" {
			printResult(out, "benchmark_result", r.Name, fmt.Sprintf(`"average": %d, "iters": %d`, r.Nanos, r.Runs))
			return
		}
		width = max(width, len(r.Name)+1)
		rows = append(rows, r)
	})
	if len(rows) == 0 {
		return failed, err
	}
	fmt.Fprintf(out, "%-*s%-*s%s\n", width, "Benchmark", benchTimeWidth, "Time(ns)", "Iterations")
	fmt.Fprintln(out, strings.Repeat("-", width+benchTimeWidth+benchRunsWidth))
	for _, r := range rows {
		fmt.Fprintf(out, "%-*s%-*d%d\n", width, r.Name, benchTimeWidth, r.Nanos, r.Runs)
	}
	return failed, err
}
