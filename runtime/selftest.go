package runtime

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/runtime/output"
)

// TestResult is how a test probe ended.
type TestResult struct {
	Name string
	// Time is how long it ran.
	Time time.Duration
	// Passed is set if it returned 0, printed no error and did not call exit().
	Passed bool
	// Output is what it printed, messages included.
	Output string
}

// Tests returns the number of test probes.
func (s *Session) Tests() int {
	n := 0
	for _, g := range s.snapshot() {
		n += g.count(providerTest)
	}
	return n
}

// Test runs the test probes of a session in ModeTest, each once, in the order of the script. newPrinter returns a printer for the
// output of one; start is told the name of each before it runs, done what came of it. What begin printed goes to the first.
func (s *Session) Test(ctx context.Context, newPrinter func(io.Writer) output.Printer, start func(string), done func(TestResult)) error {
	for _, g := range s.snapshot() {
		err := g.each(providerTest, func(p object.Program, probe attach.Probe) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			start(probe.Func)
			r, err := g.test(probe.Func, g.program(p.Name), newPrinter)
			if err != nil {
				return fmt.Errorf("%s: %w", probe.Name, err)
			}
			done(r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// test runs one test.
func (g *Group) test(name string, prog *ebpf.Program, newPrinter func(io.Writer) output.Printer) (TestResult, error) {
	r := TestResult{Name: name}
	c := &capture{}
	c.Printer = newPrinter(&c.text)
	c.Configure(g.s.config)
	outer := g.usePrinter(c)
	defer g.usePrinter(outer)
	if err := g.settle(); err != nil {
		return r, err
	}
	c.failed = false // that was begin
	before := time.Now()
	ret, err := testRun(prog)
	r.Time = time.Since(before)
	if err != nil {
		return r, err
	}
	_, exited := g.exitFlag()
	if err := g.settle(); err != nil {
		return r, err
	}
	err = c.Flush()
	r.Passed, r.Output = ret == 0 && !exited && !c.failed, c.text.String()
	return r, err
}

// usePrinter changes the session's printer and returns the one before.
func (g *Group) usePrinter(p output.Printer) output.Printer {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	old := g.s.opts.Printer
	g.s.opts.Printer = p
	return old
}

// settle prints all that was sent, and forgets a call of exit(). In the modes of tests no pump runs otherwise.
func (g *Group) settle() error {
	g.done = make(chan struct{})
	go g.pump()
	if err := g.drain(); err != nil {
		return err
	}
	return g.clearExit()
}

// clearExit resets the flag that says that a program called exit().
func (g *Group) clearExit() error {
	m := g.coll.Maps[object.DataMap]
	if m == nil {
		return nil
	}
	b := make([]byte, m.ValueSize())
	if err := m.Lookup(uint32(0), b); err != nil {
		return fmt.Errorf("read run-time constants: %w", err)
	}
	binary.NativeEndian.PutUint64(b[object.DataExited:], 0)
	if err := m.Put(uint32(0), b); err != nil {
		return fmt.Errorf("write run-time constants: %w", err)
	}
	return nil
}

// BenchResult is what a bench probe measured.
type BenchResult struct {
	Name string
	// Nanos is the time of one run, of as many as Runs.
	Nanos, Runs uint32
	// Failed is set if it did not return 0 or called exit().
	Failed bool
}

const (
	// benchTime is how long the runs of a measurement take at least, unless maxBenchRuns are over before.
	benchTime    = time.Millisecond
	minBenchRuns = 1000
	maxBenchRuns = 1 << 20
)

// Bench runs the bench probes of a session in ModeBench in the order of the script, each until the time of a run is known. What
// they print is dropped.
func (s *Session) Bench(ctx context.Context, done func(BenchResult)) error {
	for _, g := range s.snapshot() {
		err := g.each(providerBench, func(p object.Program, probe attach.Probe) error {
			r, err := g.bench(ctx, g.program(p.Name))
			if err != nil {
				return fmt.Errorf("%s: %w", probe.Name, err)
			}
			r.Name = probe.Func
			done(r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) bench(ctx context.Context, prog *ebpf.Program) (BenchResult, error) {
	outer := g.usePrinter(output.NewText(output.Options{Out: io.Discard, Err: io.Discard}))
	defer g.usePrinter(outer)
	if err := g.settle(); err != nil {
		return BenchResult{}, err
	}
	for runs := uint32(minBenchRuns); ; runs *= 2 {
		if err := ctx.Err(); err != nil {
			return BenchResult{}, err
		}
		nanos, ret, err := benchRun(prog, runs)
		if err != nil {
			return BenchResult{}, err
		}
		_, exited := g.exitFlag()
		total := time.Duration(nanos) * time.Duration(runs)
		if ret != 0 || exited || total >= benchTime || runs >= maxBenchRuns {
			return BenchResult{Nanos: nanos, Runs: runs, Failed: ret != 0 || exited}, g.settle()
		}
	}
}

// capture is the printer of a test: it keeps what is printed, and knows whether that was an error.
type capture struct {
	output.Printer
	text   strings.Builder
	failed bool
}

// Message shows a message; errors make the test fail.
func (c *capture) Message(m output.Message) {
	c.failed = c.failed || m.Kind == output.Errorf
	c.Printer.Message(m)
}
