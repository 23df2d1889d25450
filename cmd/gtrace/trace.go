package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// trace compiles a script and runs it until it ends.
func trace(ctx context.Context, o *options, std streams) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var params []string
	file, err := interruptible(ctx, func() (f *diag.File, err error) {
		f, params, err = o.script(std.in)
		return f, err
	})
	if err != nil {
		return err
	}
	saveMemory(len(file.Text))
	h := o.host()
	c := newCompiler(o, std, h, probe.New(h))
	var ended <-chan struct{}
	if o.pid != 0 {
		if ended, err = watchProcess(ctx, o.pid); err != nil {
			return err
		}
	}
	var kid *child
	if o.hasCommand {
		if kid, err = startChild(o.command); err != nil {
			return err
		}
		defer kid.Stop()
		c.childPID, ended = kid.PID, kid.Done
	}
	obj, err := interruptible(ctx, func() (*object.Object, error) { return c.compile(file, params) })
	if err != nil {
		return permitted(h, err)
	}
	if o.mode == "codegen" {
		return nil
	}
	if err := c.unwindable(obj); err != nil {
		return err
	}
	if err := h.CheckPrivileges(); err != nil {
		if len(o.stages) > 0 {
			fmt.Fprintf(std.err, "Not run: %v\n", err)
			return nil
		}
		return err
	}
	return c.run(ctx, obj, kid, ended)
}

// errInterrupted ends gtrace as a shell says of a program that Ctrl-C ended.
const errInterrupted = exitError(128 + int(syscall.SIGINT))

// interruptible returns what work returns, or errInterrupted as soon as ctx ends: what takes long before anything is attached, like waiting
// for a script on a terminal, is not worth waiting for.
func interruptible[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

// largeScript is the size of a script from which memory is collected at half of what it is otherwise let grow by.
const largeScript = 256 << 10

// saveMemory trades time for memory where a script is large: a quarter more of one for a fifth of the other.
func saveMemory(size int) {
	if size > largeScript {
		debug.SetGCPercent(50)
	}
}

// permitted puts what gtrace may not do in the place of an error about a file that it may not read for that reason.
func permitted(h *host.Host, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		if missing := h.CheckPrivileges(); missing != nil {
			return missing
		}
	}
	return err
}

// run loads an object and prints what it reports until it ends.
func (c *compiler) run(ctx context.Context, obj *object.Object, kid *child, ended <-chan struct{}) error {
	out, closeOut, err := c.output()
	if err != nil {
		return err
	}
	defer closeOut()
	ns := c.pidNamespace()
	symbols := c.symbols(obj.Manifest.Config)
	defer symbols.Close()
	var s *runtime.Session
	var changed func(symbol.Change)
	if obj.Unwinds() {
		changed = func(p symbol.Change) { s.Changed(runtime.ProcessChange(p)) }
	}
	s, err = runtime.New(runtime.Options{
		Attacher:    attacher{ctx, c.probes},
		Printer:     c.printer(out, symbols),
		Warnings:    c.std.err,
		Details:     c.details(),
		ChildPID:    c.childPID,
		UnwindPIDs:  c.unwindPIDs(),
		PIDNSDev:    ns.Dev,
		PIDNSIno:    ns.Ino,
		ChildDone:   ended,
		DryRun:      c.opts.dryRun,
		Mode:        c.opts.runMode(),
		VerifierLog: c.dump("verifier"),
		UserSymbols: func() { c.watchProcesses(symbols, changed) },
	})
	if err != nil {
		return err
	}
	defer s.Close()
	defer triggerBySignal(s)()
	if _, err := s.Add(ctx, obj); err != nil {
		return err
	}
	if c.opts.runMode() != runtime.ModeRun && !c.opts.dryRun {
		return c.selfTest(ctx, s, out)
	}
	if kid != nil && !c.opts.dryRun {
		kid.Start(c.childWatcher(kid, obj, s, symbols))
	}
	if c.opts.dryRun {
		done, stop := context.WithCancel(ctx)
		stop()
		ctx = done
	}
	code, err := s.Run(ctx)
	c.reportSymbols(symbols)
	release(s.Late())
	if err == nil && code != 0 {
		return exitError(code)
	}
	return err
}

// childWatcher tells the session and the symbols what the process of -c has mapped before it runs.
func (c *compiler) childWatcher(kid *child, obj *object.Object, s *runtime.Session, symbols *symbol.Resolver) childWatcher {
	w := childWatcher{
		probed: slices.ContainsFunc(obj.Manifest.Programs, func(p object.Program) bool {
			return slices.ContainsFunc(p.Probes, func(p attach.Probe) bool { return p.PID != 0 })
		}),
		execed: func() {
			symbols.Replaced(kid.PID)
			s.Mapped()
		},
		unseen: func(err error) {
			if !c.opts.noWarnings {
				fmt.Fprintf(c.std.err, "WARNING: -c %s: probes do not see its exec: %v\n", kid.name, err)
			}
		},
	}
	if s.Unwinds() {
		w.mapped = s.Mapped
	}
	return w
}

// output opens the file of -o, or returns standard output.
func (c *compiler) output() (io.Writer, func(), error) {
	if c.opts.output == "" {
		return c.std.out, func() {}, nil
	}
	f, err := os.Create(c.opts.output)
	if err != nil {
		return nil, nil, fmt.Errorf("failed to open output file '%s': %s", c.opts.output, reason(err))
	}
	return f, func() {
		if err := f.Close(); err != nil {
			fmt.Fprintf(c.std.err, "ERROR: write %s: %s\n", c.opts.output, reason(err))
		}
	}, nil
}

// details is where what only -v shows goes.
func (c *compiler) details() io.Writer {
	if !c.opts.verbose {
		return nil
	}
	return c.std.err
}

func (c *compiler) printer(out io.Writer, symbols output.Symbols) output.Printer {
	opts := output.Options{
		Out:        out,
		Err:        c.std.err,
		Buffering:  output.Buffering(c.opts.buffering),
		Symbols:    symbols,
		Terminal:   isTerminal(out),
		Quiet:      c.opts.quiet,
		NoWarnings: c.opts.noWarnings,
		Color:      colored(c.std.err),
	}
	if c.opts.format == "json" {
		return output.NewJSON(opts)
	}
	return output.NewText(opts)
}

// attacher lets the session attach through the providers.
type attacher struct {
	ctx context.Context
	set *probe.Set
}

func (a attacher) Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error {
	return a.set.Configure(spec, ps)
}

func (a attacher) TypeCache() *host.TypeCache { return a.set.TypeCache() }

func (a attacher) OfModule(p attach.Probe) bool { return a.set.OfModule(p) }

func (a attacher) LoadOfModule(spec *ebpf.ProgramSpec, p attach.Probe, maps map[string]*ebpf.Map, level ebpf.LogLevel) (*ebpf.Program, error) {
	return a.set.LoadOfModule(spec, p, maps, level)
}

func (a attacher) Hold() { a.set.Hold() }

func (a attacher) Start() error { return a.set.Start() }

func (a attacher) LinkKfuncs(spec *ebpf.ProgramSpec) error { return a.set.LinkKfuncs(spec) }

func (a attacher) Iterate(ctx context.Context, prog *ebpf.Program, p attach.Probe) error {
	return a.set.Iterate(ctx, prog, p)
}

func (a attacher) AttachMany(prog *ebpf.Program, ps []attach.Probe) (io.Closer, []runtime.AttachFailure) {
	done := a.set.AttachMany(a.ctx, prog, ps)
	var failures []runtime.AttachFailure
	for _, f := range done.Failures {
		failures = append(failures, runtime.AttachFailure(f))
	}
	return done.Closer, failures
}
