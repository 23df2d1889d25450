package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/examples"
	"github.com/gtrace/gtrace/repl"
	"github.com/gtrace/gtrace/repl/complete"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// isSession reports whether the command line asks for a session: it names nothing to run.
func (o *options) isSession() bool { return !o.hasProgram && !o.hasCommand && len(o.args) == 0 }

// session talks to whoever is at the terminal, or runs the inputs on standard input.
func session(ctx context.Context, o *options, std streams) error {
	in, ok := sessionInput(std.in)
	if !ok {
		return errNoScript
	}
	h := o.host()
	if err := h.CheckPrivileges(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	c := newCompiler(o, std, h, probe.New(h))
	symbols := symbol.New(symbol.Options{Binaries: h.Binaries(), Debug: h.DebugInfo()})
	defer symbols.Close()
	sc := &sessionCompiler{compiler: c}
	opts := repl.Options{
		Compiler: sc, World: world{c}, Attacher: attacher{ctx, c.probes}, Tools: examples.Scripts,
		Printer: func(format string, p repl.PrinterOptions) (output.Printer, error) {
			return c.sessionPrinter(format, p, symbols)
		},
		Format: o.format, File: o.output, In: in, Out: std.out, Err: std.err,
		Color: colored(std.err), Quiet: o.quiet, NoWarnings: o.noWarnings,
		History: repl.HistoryFile(os.Getenv), Interrupts: interrupts,
		Release: release, UnwindPIDs: c.unwindPIDs(), UserSymbols: func(changed func(runtime.ProcessChange)) { c.watchSession(symbols, changed) },
		Completer: func(l repl.Live) repl.Completer {
			return sessionCompleter{complete.New(newCompletions(c, talking{l, sc}))}
		},
	}
	withTerminal(&opts, std)
	if opts.Terminal != nil {
		defer keepOutput(opts.Terminal)()
	}
	code, err := repl.Run(ctx, opts)
	if err == nil && code != 0 {
		return exitError(code)
	}
	return err
}

// sessionInput returns where inputs come from; ok is false if there are none, as when gtrace is started by another program.
func sessionInput(in io.Reader) (io.Reader, bool) {
	if f, ok := in.(*os.File); ok && isTerminal(f) {
		return f, true
	}
	if in == nil {
		return nil, false
	}
	b := bufio.NewReader(in)
	_, err := b.Peek(1)
	return b, err == nil
}

// withTerminal sets the terminal to talk to, if standard input is one: standard output, or the error stream where that goes elsewhere.
func withTerminal(opts *repl.Options, std streams) {
	if in, ok := opts.In.(*os.File); !ok || !isTerminal(in) {
		return
	}
	switch {
	case isTerminal(std.out):
		opts.Terminal, opts.Out = std.out.(*os.File), nil
	case isTerminal(std.err):
		opts.Terminal = std.err.(*os.File)
	default:
		return
	}
	opts.Dumb = os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == ""
	opts.Color = opts.Color && !opts.Dumb
}

// keepOutput makes a terminal keep what is on its way when Ctrl-C is typed, since the session counts the lines that it leaves out. The
// function it returns undoes that. See NOFLSH in termios(3).
func keepOutput(terminal *os.File) (undo func()) {
	fd := int(terminal.Fd())
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	now := *was
	now.Lflag |= unix.NOFLSH
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, was) }
}

// sessionPrinter makes a printer for a session. What it says of attached probes the session says better.
func (c *compiler) sessionPrinter(format string, p repl.PrinterOptions, symbols output.Symbols) (output.Printer, error) {
	opts := output.Options{
		Out: p.Out, Err: p.Err, Buffering: output.Buffering(c.opts.buffering), Symbols: symbols, Terminal: p.Terminal,
		Quiet: c.opts.quiet, NoWarnings: c.opts.noWarnings, Color: p.Color,
	}
	switch format {
	case "text":
		return unattached{output.NewText(opts)}, nil
	case "json":
		return unattached{output.NewJSON(opts)}, nil
	}
	return nil, fmt.Errorf("unknown format %q", format)
}

// unattached is a printer that does not say how many probes are attached.
type unattached struct{ output.Printer }

// Attached says nothing.
func (unattached) Attached(int) {}

// world is what the machine offers to a session.
type world struct{ c *compiler }

// ListProbes writes the probes that match a pattern.
func (w world) ListProbes(out io.Writer, pattern string, verbose bool) (int, error) {
	found, err := w.c.probes.List(pattern, probe.ListOptions{Verbose: verbose})
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		if err := unknownType(w.c.probes, pattern); err != nil {
			return 0, err
		}
	}
	return len(found), probe.Print(out, found)
}

// ShowType writes a type of the kernel.
func (w world) ShowType(out io.Writer, name string) error {
	err := showType(out, w.c.host, name)
	if errors.Is(err, os.ErrPermission) {
		return permitted(w.c.host, err)
	}
	return err
}
