package repl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime"
)

// The names that places have: of what is typed, and of what is read without a terminal.
const (
	TypedName  = "input"
	ScriptName = "stdin"
)

// errSaid means that what went wrong has been shown.
var errSaid = errors.New("said")

// eval runs an input. What goes wrong is shown, and what is written wrong comes back for editing. What cannot be done does not: the next input
// would be typed behind it.
func (r *repl) eval(in typed) {
	text := strings.TrimSpace(in.text)
	if text == "" {
		return
	}
	line, ok := r.remember(in.text)
	err := r.foreground(func(ctx context.Context) error {
		if isCommand(text) {
			return r.command(ctx, text)
		}
		return r.run(ctx, r.source(in), nil)
	})
	if err == nil {
		return
	}
	r.failed = true
	if !errors.Is(err, errSaid) {
		r.say("ERROR: %v\n", err)
	}
	wrong := errors.Is(err, errSaid) || errors.Is(err, errNoCommand)
	if ok && wrong && !r.in.Waiting() {
		r.preset = line
	}
}

// source makes a file of an input. Without a terminal, lines are numbered as those of the whole script.
func (r *repl) source(in typed) *diag.File {
	if r.screen != nil {
		return diag.NewFile(TypedName, in.text)
	}
	return diag.NewFile(ScriptName, strings.Repeat("\n", in.line-1)+in.text)
}

// compile compiles a text with the session's definitions, and shows what there is to say about it.
func (r *repl) compile(in Input) (*Compiled, error) {
	in.Maps = r.ses.Maps()
	var diags diag.List
	c, err := r.opts.Compiler.Compile(in, &diags)
	if r.report(&diags) {
		return nil, errSaid
	}
	return c, err
}

// run compiles and runs scripts and statements.
func (r *repl) run(ctx context.Context, file *diag.File, params []string) error {
	in := Input{File: file, Params: params, Definitions: r.defs}
	c, err := r.compile(in)
	if err != nil {
		return err
	}
	if err := r.undeclared(c.Definitions); err != nil {
		return err
	}
	if c.Object != nil {
		err = r.start(ctx, c, in)
	}
	if err == nil {
		r.define(c.Definitions)
	}
	return err
}

// undeclared reports declarations of maps that are there already.
func (r *repl) undeclared(defs []Definition) error {
	live := r.ses.Maps()
	for _, d := range defs {
		if d.Map != "" && slices.Contains(live, d.Map) {
			return fmt.Errorf("the map %s is there already; :drop %s first", d.Map, d.Map)
		}
	}
	return nil
}

// define keeps definitions for later inputs.
func (r *repl) define(defs []Definition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range defs {
		old := slices.Clone(r.defs)
		old = slices.DeleteFunc(old, func(o Definition) bool { return d.Redefines(o) })
		r.defs = append(old, d)
	}
}

// start runs what was compiled.
func (r *repl) start(ctx context.Context, c *Compiled, in Input) error {
	g, err := r.ses.Add(ctx, c.Object)
	if errors.Is(err, runtime.ErrMapClash) {
		return fmt.Errorf("%w; :drop the map, or use another name", err)
	}
	if err != nil {
		return err
	}
	if !c.Statements && g.Resident() {
		r.register(g, c, in)
		return nil
	}
	return r.finish(ctx, g, c.Statements)
}

// finish waits until a group that is done has printed everything. Ctrl-C keeps it from printing more.
func (r *repl) finish(ctx context.Context, g *runtime.Group, statements bool) error {
	stop := context.AfterFunc(ctx, g.Mute)
	code, left := g.Exited()
	err := g.Remove()
	stop()
	if !left {
		code, left = g.Exited()
	}
	if left && statements {
		r.code, r.leaving = code, true
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// probeNames is how many probes a group has, and the first of them.
func probeNames(m object.Manifest) string {
	var names []string
	n := 0
	for _, p := range m.Programs {
		for _, probe := range p.Probes {
			if n++; len(names) < 3 {
				names = append(names, probe.Name)
			}
		}
	}
	text := strings.Join(names, ", ")
	if n > len(names) {
		text += fmt.Sprintf(", … (%d probes)", n)
	}
	return text
}
