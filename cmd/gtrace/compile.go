package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/link"
	"github.com/gtrace/gtrace/codegen/lower"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/stdlib"
)

// compiler hands the stages of a compilation to each other.
type compiler struct {
	opts     *options
	std      streams
	host     *host.Host
	probes   *probe.Set
	childPID int
	// objects are the object files that the script imports, once it is checked.
	objects *link.Set
}

func newCompiler(o *options, std streams, h *host.Host, probes *probe.Set) *compiler {
	return &compiler{opts: o, std: std, host: h, probes: probes}
}

// pid is the process of -p, which programs test themselves where the kernel does not, or 0.
func (c *compiler) pid() int { return c.opts.pid }

// attachPID is the process for which the kernel fires the probes that it can restrict to one, that of -p or -c, or 0.
func (c *compiler) attachPID() int {
	if c.childPID != 0 {
		return c.childPID
	}
	return c.opts.pid
}

// check parses and checks a script and prints what is to be said about it.
func (c *compiler) check(file *diag.File, params []string) (*check.Info, error) {
	diags := &diag.List{}
	words, named := scriptOptions(c.opts.named)
	params = append(slices.Clip(params), words...)
	tree := parser.Parse(file, diags)
	if w := c.dump("ast"); w != nil {
		ast.Print(w, tree)
	}
	if diags.HasErrors() {
		return nil, c.opts.report(c.std, diags)
	}
	c.objects = link.NewSet(c.host.ObjectType)
	files := newImporter(c.opts.scriptName(), c.opts.include, c.objects)
	expand.Program(tree, expandOptions(files), diags)
	if diags.HasErrors() {
		return nil, c.opts.report(c.std, diags)
	}
	info, err := check.Check(tree, check.Options{
		Params:    params,
		Named:     named,
		Include:   files.Include,
		Headers:   c.opts.headers,
		ParseExpr: parser.ParseExpr,
		Env:       settings(os.Environ()),
		Unsafe:    c.opts.unsafe,
		Filter:    c.opts.probeFilter,
		PID:       c.attachPID(),
		Child:     c.childPID != 0,
		Builtins:  stdlib.New(),
		Providers: c.probes,
		Host:      c.host,
		Externals: c.objects,
	}, diags)
	if err != nil {
		return nil, err
	}
	if err := c.opts.report(c.std, diags); err != nil {
		return nil, err
	}
	if info.OptionHelp != "" {
		fmt.Fprintf(c.std.err, "HINT: %s\n", info.OptionHelp)
		return nil, errReported
	}
	if w := c.dump("types"); w != nil {
		info.Dump(w)
	}
	return info, nil
}

// pidNamespace is the pid namespace that gtrace runs in; where that cannot be told, it is the initial one.
func (c *compiler) pidNamespace() host.PIDNamespace {
	if n, err := c.host.PIDNamespace(); err == nil {
		return n
	}
	return host.InitialPIDNamespace
}

// expandOptions says how scripts are expanded; files may be nil where nothing is imported.
func expandOptions(files *importer) expand.Options {
	builtins := stdlib.New()
	opts := expand.Options{Builtin: func(name string) bool {
		_, ok := builtins.Lookup(name)
		return ok
	}}
	if files != nil {
		opts.Importer = files
	}
	return opts
}

// compile makes an object of a script.
func (c *compiler) compile(file *diag.File, params []string) (*object.Object, error) {
	info, err := c.check(file, params)
	if err != nil {
		return nil, err
	}
	obj, err := codegen.Compile(info, c.host, c.generation(c.dump))
	var missing *lower.Error
	if errors.As(err, &missing) {
		diags := &diag.List{}
		addAll(diags, missing.Diags)
		return nil, c.opts.report(c.std, diags)
	}
	return obj, err
}

// generation is the options of code generation.
func (c *compiler) generation(dump func(stage string) io.Writer) codegen.Options {
	return codegen.Options{
		PID:          c.pid(),
		PIDNamespace: !c.pidNamespace().Initial(),
		Dump:         dump,
		Objects:      c.objects,
		DebugHelpers: c.opts.warnings,
	}
}

// dump returns where a stage is printed, or nil if it is not.
func (c *compiler) dump(stage string) io.Writer {
	if !c.opts.dumps(stage) {
		return nil
	}
	fmt.Fprintf(c.std.out, "\n%s\n", stage)
	return c.std.out
}
