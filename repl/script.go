package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/output"
)

// maxScript is the size of the largest script that is loaded.
const maxScript = 64 << 20

// cmdLoad runs a script. Its definitions are its own.
func (r *repl) cmdLoad(ctx context.Context, args string) error {
	words := strings.Fields(args)
	if len(words) == 0 {
		return r.listTools()
	}
	text, err := r.script(words[0])
	if err != nil {
		return err
	}
	in := Input{File: diag.NewFile(words[0], text), Params: words[1:]}
	if !r.opts.Compiler.IsScript(text) {
		return fmt.Errorf("%s is no script of probes", words[0])
	}
	c, err := r.compile(in)
	if err != nil {
		return err
	}
	if c.Object == nil {
		return fmt.Errorf("%s has no probes", words[0])
	}
	if len(words) == 1 { // with parameters it is a script only together with them
		c.Probes = text
	}
	return r.start(ctx, c, in)
}

func (r *repl) listTools() error {
	names, err := fs.Glob(r.opts.Tools, "*.gt")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(r.opts.Tools, name)
		if err != nil {
			return err
		}
		r.say("  %-14s %s\n", strings.TrimSuffix(name, ".gt"), about(string(text)))
	}
	return nil
}

// about is the first comment of a script.
func about(text string) string {
	for line := range strings.Lines(text) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "//"); ok {
			return strings.TrimSpace(c)
		}
	}
	return ""
}

// script reads a script: a file, else a packaged tool.
func (r *repl) script(name string) (string, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && r.opts.Tools != nil {
		base := strings.TrimSuffix(name, ".gt") + ".gt"
		if text, terr := fs.ReadFile(r.opts.Tools, base); terr == nil {
			return string(text), nil
		}
		return "", fmt.Errorf("there is neither a file nor a packaged tool %s; :load lists the tools", name)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxScript:
		return "", fmt.Errorf("%s: the script is larger than %d MiB", name, maxScript>>20)
	case strings.IndexByte(string(text), 0) >= 0:
		return "", fmt.Errorf("%s is no text", name)
	}
	if _, rest, ok := strings.Cut(string(text), "\n"); ok && strings.HasPrefix(string(text), "#!") {
		return "//" + strings.TrimPrefix(string(text[:len(text)-len(rest)-1]), "#!") + "\n" + rest, nil
	}
	return string(text), nil
}

// cmdSave writes the definitions and the probes.
func (r *repl) cmdSave(_ context.Context, args string) error {
	name, replace := strings.CutPrefix(args, "-f ")
	name = strings.TrimSpace(name)
	if name == "" {
		return errors.New("to which file?")
	}
	var b strings.Builder
	b.WriteString("#!/usr/bin/env gtrace\n")
	for _, d := range r.definitions() {
		b.WriteString("\n" + d.Text + "\n")
	}
	for _, n := range r.snapshot() {
		b.WriteString("\n" + strings.TrimSpace(n.text) + "\n")
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if replace {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; :save -f %s replaces it", name, name)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	if err = errors.Join(err, f.Close()); err == nil {
		n, plural := len(r.snapshot()), "s"
		if n == 1 {
			plural = ""
		}
		r.note("Saved %d group%s of probes to %s\n", n, plural, name)
	}
	return err
}

// definitions returns those that stay.
func (r *repl) definitions() []Definition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.defs
}

func (r *repl) cmdDefs(context.Context, string) error {
	if len(r.defs) == 0 {
		r.say("There are no definitions.\n")
	}
	for _, d := range r.defs {
		r.say("%s\n", d.Text)
	}
	return nil
}

func (r *repl) cmdUndef(_ context.Context, args string) error {
	if args == "" {
		return errors.New("which definition? give its name, or all; :defs lists them")
	}
	var kept []Definition
	for _, d := range r.defs {
		if args != "all" && !defines(d, args) {
			kept = append(kept, d)
		}
	}
	if len(kept) == len(r.defs) {
		return fmt.Errorf("there is no definition of %s; :defs lists them", args)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.defs = kept
	return nil
}

// defines reports whether a definition is of a name, with or without its kind.
func defines(d Definition, name string) bool {
	if d.Map == name {
		return true
	}
	for _, n := range d.Names {
		_, short, _ := strings.Cut(n, " ")
		bare, _, _ := strings.Cut(short, "(") // of a macro
		if n == name || short == name || bare == name {
			return true
		}
	}
	return false
}

// cmdSet sets a config variable.
func (r *repl) cmdSet(ctx context.Context, args string) error {
	if args == "" {
		for _, d := range r.defs {
			if len(d.Names) > 0 && strings.HasPrefix(d.Names[0], "config ") {
				r.say("%s\n", d.Text)
			}
		}
		return nil
	}
	name, value, ok := strings.Cut(args, "=")
	if !ok {
		name, value, ok = strings.Cut(args, " ")
	}
	if !ok || strings.TrimSpace(value) == "" {
		return errors.New("write :set NAME=VALUE")
	}
	text := "config = { " + strings.TrimSpace(name) + " = " + strings.TrimSpace(value) + " }"
	return r.run(ctx, diag.NewFile(TypedName, text), nil)
}

// printer makes a printer of a format that prints to a file, or to the terminal.
func (r *repl) printer(format, file string) (output.Printer, func() error, error) {
	opts := PrinterOptions{Out: r.out, Err: r.err, Terminal: r.screen != nil && r.opts.Out == nil, Color: r.opts.Color}
	done := func() error { return nil }
	if file != "" {
		f, err := os.Create(filepath.Clean(file))
		if err != nil {
			return nil, nil, err
		}
		opts.Out, opts.Terminal, done = f, false, f.Close
	}
	p, err := r.opts.Printer(format, opts)
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return p, done, nil
}

// reprint begins to print in a format and to a file.
func (r *repl) reprint(format, file string) error {
	p, done, err := r.printer(format, file)
	if err != nil {
		return err
	}
	err = r.ses.SetPrinter(p)
	err = errors.Join(err, r.closeFile())
	r.format, r.file, r.closeFile = format, file, done
	return err
}

func (r *repl) cmdFormat(_ context.Context, args string) error {
	if args != "text" && args != "json" {
		return errors.New("the formats are text and json")
	}
	return r.switchFormat(args)
}

// switchFormat goes on in the same file.
func (r *repl) switchFormat(format string) error {
	if r.file == "" {
		return r.reprint(format, "")
	}
	f, err := os.OpenFile(r.file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	p, err := r.opts.Printer(format, PrinterOptions{Out: f, Err: r.err, Color: r.opts.Color})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	err = errors.Join(r.ses.SetPrinter(p), r.closeFile())
	r.format, r.closeFile = format, f.Close
	return err
}

func (r *repl) cmdOutput(_ context.Context, args string) error {
	if args == "" {
		return errors.New("to which file? - is the terminal")
	}
	if args == "-" {
		args = ""
	}
	return r.reprint(r.format, args)
}

func (r *repl) cmdSleep(ctx context.Context, args string) error {
	d, err := parseTime(args)
	if err != nil {
		return err
	}
	return sleep(ctx, d)
}
