package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/output"
)

// Options says what a session works with.
type Options struct {
	Compiler Compiler
	World    World
	// Attacher attaches probes.
	Attacher runtime.Attacher
	// Printer makes a printer of a format, "text" or "json".
	Printer func(format string, opts PrinterOptions) (output.Printer, error)
	// Format is the format to begin with, File where output goes besides messages; "" for the terminal.
	Format, File string
	// Completer, if any, makes what Tab asks.
	Completer func(Live) Completer
	// Tools are packaged scripts, by file name.
	Tools fs.FS
	// In is where inputs come from, Out and Err where output and messages go.
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Terminal is the terminal to talk to, which In reads from; nil runs In as a script.
	Terminal *os.File
	// Dumb is set for terminals that understand no escape codes.
	Dumb bool
	// Color paints messages.
	Color bool
	// Quiet leaves out the messages about what was done, NoWarnings warnings.
	Quiet, NoWarnings bool
	// History is the file of the history; "" keeps none.
	History string
	// Release, if any, takes over the events that are only to be freed when the session is left, which takes the kernel a while.
	Release func([]*os.File)
	// UnwindPIDs are the processes whose stacks can be walked by call frame information.
	UnwindPIDs []int
	// UserSymbols, if any, is called before the first script that keeps addresses of processes, with who is to be told what becomes of these.
	UserSymbols func(changed func(runtime.ProcessChange))
	// Interrupts receives something for each Ctrl-C that is no key, because nobody is typing.
	Interrupts <-chan os.Signal
}

// PrinterOptions says where a printer prints.
type PrinterOptions struct {
	Out, Err io.Writer
	// Terminal makes it escape control characters.
	Terminal, Color bool
}

// repl is a session.
type repl struct {
	opts Options
	ctx  context.Context
	ses  *runtime.Session
	in   lineReader
	// screen is nil without a terminal.
	screen   *screen
	out, err io.Writer

	// groups are what runs in the background; taken says that someone is ending it already.
	mu       sync.Mutex
	groups   []*running
	nextID   int
	cancel   context.CancelFunc // ends what runs in the foreground; nil if nothing does
	defs     []Definition
	lastLine int // of the script without a terminal

	format, file string
	closeFile    func() error

	leaving bool
	code    int
	failed  bool
	// preset is what the next line begins with.
	preset string
}

// Run is a session until it is left: it returns its exit code, which is that of a typed exit(), else 1 if an input of a script
// failed. An error means that it could not begin or end properly.
func Run(ctx context.Context, opts Options) (int, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &repl{opts: opts, ctx: ctx, out: opts.Out, err: opts.Err, nextID: 1, format: opts.Format, closeFile: func() error { return nil }}
	if err := r.open(); err != nil {
		return 1, err
	}
	defer r.close()
	go r.watchInterrupts()
	r.welcome()
	for !r.leaving && ctx.Err() == nil {
		in, err := r.read()
		switch {
		case err == nil:
			r.eval(in)
		case errors.Is(err, errInterrupt):
			r.preset = ""
		case errors.Is(err, io.EOF):
			r.leaving = true
		default:
			return 1, fmt.Errorf("read input: %w", err)
		}
	}
	return r.leave()
}

func (r *repl) open() error {
	if tty := r.opts.Terminal; tty == nil {
		r.in = newPlain(r.ctx, r.opts.In, nil)
	} else {
		r.screen = newScreen(tty)
		r.err = r.screen
		if r.opts.Out == nil {
			r.out = r.screen
		}
		if err := r.openTerminal(tty); err != nil {
			r.screen.close()
			return err
		}
	}
	p, closeFile, err := r.printer(r.format, r.opts.File)
	if err != nil {
		r.closeTerminal()
		return err
	}
	r.file, r.closeFile = r.opts.File, closeFile
	r.ses, err = runtime.New(runtime.Options{
		Attacher: r.opts.Attacher, Printer: p, Warnings: r.err, OnExit: r.groupExited, Errors: r.err, EndMaps: r.endMaps,
		UnwindPIDs:  r.opts.UnwindPIDs,
		UserSymbols: r.userSymbols,
	})
	if err != nil {
		r.closeTerminal()
	}
	return err
}

// userSymbols is called with the first script that keeps addresses of processes.
func (r *repl) userSymbols() {
	if r.opts.UserSymbols != nil {
		r.opts.UserSymbols(r.ses.Changed)
	}
}

func (r *repl) openTerminal(tty *os.File) error {
	in, ok := r.opts.In.(*os.File)
	if r.opts.Dumb || !ok {
		r.in = newPlain(r.ctx, r.opts.In, r.screen)
		return nil
	}
	h, err := openHistory(r.opts.History)
	if err != nil {
		r.say("WARNING: %v\n", err)
	}
	var c Completer
	if r.opts.Completer != nil {
		c = r.opts.Completer(live{r})
	}
	e, err := newEditor(in, tty, r.screen, h, c)
	if err != nil {
		return fmt.Errorf("take the terminal: %w", err)
	}
	r.in = e
	context.AfterFunc(r.ctx, func() { _ = e.stdin.Close() }) // ends a Line that waits
	return nil
}

func (r *repl) closeTerminal() {
	_ = r.in.Close()
	if r.screen != nil {
		r.screen.close()
	}
}

// close frees everything. After leave it finds little to do.
func (r *repl) close() {
	if err := r.ses.Close(); err != nil {
		r.say("ERROR: %v\n", err)
	}
	if err := r.closeFile(); err != nil {
		r.say("ERROR: write %s: %v\n", r.file, err)
	}
	r.closeTerminal()
}

// welcome says where one is.
func (r *repl) welcome() {
	if r.screen == nil || r.opts.Quiet {
		return
	}
	r.say("gtrace: type probes, statements or expressions; :help lists the commands, :quit or Ctrl-D leaves.\n")
}

// leave ends the session as a run ends: end probes, then maps.
func (r *repl) leave() (int, error) {
	done, stop := context.WithCancel(context.Background())
	stop()
	_, err := r.ses.Run(done)
	if r.opts.Release != nil {
		r.opts.Release(r.ses.Late())
	}
	if err := r.closeFile(); err != nil {
		r.say("ERROR: write %s: %v\n", r.file, err)
	}
	r.closeFile = func() error { return nil }
	if r.code == 0 && r.failed && r.screen == nil {
		r.code = 1
	}
	return r.code, err
}

// endMaps reports whether leaving prints the maps: unless config print_maps_on_exit was set to something else.
func (r *repl) endMaps() bool {
	for _, d := range r.definitions() {
		if slices.Contains(d.Names, "config print_maps_on_exit") {
			_, value, _ := strings.Cut(strings.Trim(d.Text, "config ={}"), "=")
			value = strings.TrimSpace(value)
			return value == "1" || value == "true"
		}
	}
	return true
}

// say shows a message.
func (r *repl) say(format string, args ...any) { fmt.Fprintf(r.err, format, args...) }

// note shows a message about what was done.
func (r *repl) note(format string, args ...any) {
	if !r.opts.Quiet {
		r.say(format, args...)
	}
}

// report shows diagnostics and reports whether there are errors among them.
func (r *repl) report(diags *diag.List) bool {
	diags.Print(r.err, diag.PrintOptions{Color: r.opts.Color, NoWarnings: r.opts.NoWarnings})
	return diags.HasErrors()
}

// watchInterrupts ends what runs in the foreground at Ctrl-C. Without a terminal it ends the session.
func (r *repl) watchInterrupts() {
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.opts.Interrupts:
		}
		r.mu.Lock()
		cancel := r.cancel
		r.mu.Unlock()
		if cancel != nil {
			cancel()
		}
		r.in.Interrupt()
	}
}

// foreground runs f, which Ctrl-C ends. What it would still print is dropped then.
func (r *repl) foreground(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	interrupted := func() bool { return false }
	if r.screen != nil {
		interrupted = onCancel(ctx, r.screen.drop)
	}
	r.mu.Lock()
	r.cancel = cancel
	r.mu.Unlock()
	if r.in.Interrupted() { // before there was something to cancel
		cancel()
	}
	err := ctx.Err()
	if err == nil {
		err = f(ctx)
	}
	if r.screen != nil {
		r.screen.wait() // what is not shown yet can still be left out
	}
	r.mu.Lock()
	r.cancel = nil
	r.mu.Unlock()
	if interrupted() {
		r.in.Interrupted() // which this was
		r.dropped()
	}
	if errors.Is(err, context.Canceled) {
		r.note("Interrupted.\n")
		if r.screen == nil {
			r.leaving = true
		}
		return nil
	}
	return err
}

// onCancel runs f when ctx ends. The function that it returns keeps f from that, or reports that f has run, and waits for its end.
func onCancel(ctx context.Context, f func()) func() bool {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		f()
	})
	return func() bool {
		if stop() {
			return false
		}
		<-done
		return true
	}
}

// dropped says how much of the output an interrupt has cost.
func (r *repl) dropped() {
	n := r.screen.undrop()
	if n > 0 {
		r.say("Left out %d lines of output.\n", n)
	}
}
