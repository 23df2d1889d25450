package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/link"
	"github.com/gtrace/gtrace/codegen/lower"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/repl"
	"github.com/gtrace/gtrace/stdlib"
)

// promptStrings is the least size of the strings in maps that statements make.
const promptStrings = 64

// sessionCompiler compiles the inputs of a session.
type sessionCompiler struct {
	*compiler

	mu sync.Mutex
	// maps are the types of the maps that were compiled, by name. Those of maps that are live are right.
	maps map[string]*check.Map
}

// IsIncomplete reports whether text ends in the middle of something. The semicolon behind a declaration may be left out.
func (c *sessionCompiler) IsIncomplete(text string) bool { return parser.IsIncomplete(closed(text)) }

// IsScript reports whether text has the form of a script.
func (c *sessionCompiler) IsScript(text string) bool { return parser.IsScript(text) }

// closed adds the semicolon behind a declaration that ends the text.
func closed(text string) string {
	trimmed := strings.TrimSpace(text)
	word := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "abcdefghijklmnopqrstuvwxyz"))]
	switch word {
	case "let", "import":
		if parser.IsScript(text) && strings.HasSuffix(trimmed, ")") || strings.HasSuffix(trimmed, `"`) {
			return text + ";"
		}
	case "struct", "union", "enum":
		if strings.HasSuffix(trimmed, "}") {
			return text + ";"
		}
	}
	return text
}

// Compile compiles an input.
func (c *sessionCompiler) Compile(in repl.Input, diags *diag.List) (*repl.Compiled, error) {
	file := diag.NewFile(in.File.Name, closed(in.File.Text))
	if parser.IsScript(file.Text) {
		return c.compileScript(file, in, diags)
	}
	prog := parser.ParseStatements(file, diags)
	if diags.HasErrors() {
		return nil, nil
	}
	x, ok := loneExpr(prog)
	if !ok {
		return c.compileStatements(prog, in, diags)
	}
	c.checkMaps(x, in, diags)
	if diags.HasErrors() {
		return nil, nil
	}
	tried := &diag.List{}
	out, err := c.compileStatements(printed(file, x), in, tried)
	if _, call := x.(*ast.CallExpr); call && (err != nil || tried.HasErrors()) {
		// a call without a value, such as printf
		return c.compileStatements(parser.ParseStatements(file, diags), in, diags)
	}
	merge(diags, tried, nil)
	return out, err
}

// loneExpr returns the expression that is the whole input. What counts up or down does so, and is not printed.
func loneExpr(prog *ast.Program) (ast.Expr, bool) {
	stmts := prog.Decls[0].(*ast.ProbeDecl).Body.Stmts
	if len(stmts) != 1 {
		return nil, false
	}
	s, ok := stmts[0].(*ast.ExprStmt)
	if !ok {
		return nil, false
	}
	_, step := s.X.(*ast.IncDecExpr)
	return s.X, !step
}

// printed is a program that prints an expression.
func printed(file *diag.File, x ast.Expr) *ast.Program {
	at := ast.Place{At: x.Span()}
	prog := parser.ParseStatements(diag.NewFile(file.Name, ""), &diag.List{})
	prog.File = file
	call := &ast.CallExpr{Place: at, Func: "print", FuncSpan: x.Span(), Args: []ast.Expr{x}}
	prog.Decls[0].(*ast.ProbeDecl).Body.Stmts = []ast.Stmt{&ast.ExprStmt{Place: at, X: call}}
	return prog
}

// checkMaps reports maps that an expression reads and that are not there. Reading them makes them in a script, where they may be
// assigned to later; at a prompt it is a slip.
func (c *sessionCompiler) checkMaps(x ast.Expr, in repl.Input, diags *diag.List) {
	live := map[string]bool{}
	for _, name := range in.Maps {
		live[name] = true
	}
	builtins := stdlib.New()
	ast.Walk(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockExpr:
			return false // it may assign to them
		case *ast.CallExpr:
			if _, ok := builtins.Lookup(n.Func); !ok {
				return false // so may a macro
			}
		default: // no other node matters here
		}
		if m, ok := n.(*ast.MapExpr); ok && !live["@"+m.Name] {
			d := diags.Errorf(m.At, "undefined-map", "Undefined map: @%s", m.Name)
			if near := diag.Nearest("@"+m.Name, in.Maps); near != "" {
				d.Hintf("did you mean %s?", near)
			}
		}
		return true
	})
}

func (c *sessionCompiler) compileStatements(prog *ast.Program, in repl.Input, diags *diag.List) (*repl.Compiled, error) {
	out := &repl.Compiled{Statements: true}
	return out, c.build(out, prog, in, diags)
}

func (c *sessionCompiler) compileScript(file *diag.File, in repl.Input, diags *diag.List) (*repl.Compiled, error) {
	prog := parser.Parse(file, diags)
	if diags.HasErrors() {
		return nil, nil
	}
	out := &repl.Compiled{}
	for _, d := range prog.Decls {
		if p, ok := d.(*ast.ProbeDecl); ok {
			out.Probes += p.At.Text() + "\n"
			continue
		}
		out.Definitions = append(out.Definitions, definitions(d)...)
	}
	in.Definitions = slices.DeleteFunc(slices.Clone(in.Definitions), func(old repl.Definition) bool {
		return slices.ContainsFunc(out.Definitions, func(d repl.Definition) bool { return d.Redefines(old) })
	})
	if out.Probes != "" {
		return out, c.build(out, prog, in, diags)
	}
	// The definitions alone are checked with a probe that does nothing.
	prog.Decls = append(prog.Decls, parser.ParseStatements(diag.NewFile(file.Name, ""), diags).Decls...)
	_, err := c.checkInput(prog, in, false, diags)
	return out, err
}

// build makes the object of a program, if it is right.
func (c *sessionCompiler) build(out *repl.Compiled, prog *ast.Program, in repl.Input, diags *diag.List) error {
	info, err := c.checkInput(prog, in, out.Statements, diags)
	if err != nil || diags.HasErrors() {
		return permitted(c.host, err)
	}
	out.Object, err = codegen.Compile(info, c.host, c.generation(in.Dump))
	var missing *lower.Error
	if errors.As(err, &missing) {
		addAll(diags, missing.Diags)
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.unwindable(out.Object); err != nil {
		return err
	}
	c.learn(info)
	return nil
}

// checkInput checks a program together with the definitions of earlier inputs.
func (c *sessionCompiler) checkInput(prog *ast.Program, in repl.Input, statements bool, diags *diag.List) (*check.Info, error) {
	env := settings(os.Environ())
	all := &diag.List{}
	own := map[*diag.File]bool{prog.File: true}
	prog.Decls = append(c.earlier(in, env, all), prog.Decls...)
	c.objects = link.NewSet(c.host.ObjectType)
	files := newImporter(importingFile(in.File.Name), c.opts.include, c.objects)
	expand.Program(prog, expandOptions(files), all)
	if all.HasErrors() {
		merge(diags, all, nil)
		return nil, nil
	}
	opts := check.Options{
		Params: in.Params, Env: env, Unsafe: c.opts.unsafe, PID: c.attachPID(), Include: files.Include, Headers: c.opts.headers,
		ParseExpr: parser.ParseExpr, Builtins: stdlib.New(), Providers: c.probes, Host: c.host, Externals: c.objects, Maps: c.known(in.Maps), WideMaps: true,
		PerPoint: true, // :cost shows them one by one
	}
	if statements {
		opts.MapStrings = promptStrings
	}
	info, err := check.Check(prog, opts, all)
	kept := &diag.List{}
	for _, d := range all.All() {
		switch d.Code {
		case "unused-map": // it is for later inputs
		case "sign-conversion": // every latency is a difference of two times
		default:
			add(kept, wayOut(d, in.Maps))
		}
	}
	merge(diags, kept, own)
	return info, err
}

// importingFile is the script whose folder imports are looked up in: that of a loaded script.
func importingFile(name string) string {
	if name == repl.TypedName || name == repl.ScriptName {
		return ""
	}
	return name
}

// wayOut adds to what is wrong with the use of a live map how the map can get other types.
func wayOut(d diag.Diagnostic, live []string) diag.Diagnostic {
	switch d.Code {
	case "type-mismatch", "key-mismatch", "map-kind":
	default: // not about the types of maps
		return d
	}
	for _, name := range live {
		if d.Hint == "" && (strings.Contains(d.Message, name+":") || strings.Contains(d.Message, name+" ")) {
			d.Hint = fmt.Sprintf("the session's map %s keeps its types; :drop %s forgets it", name, name)
		}
	}
	return d
}

// earlier returns the declarations of earlier inputs, without those of maps that are there. What is set in the session wins over the
// environment.
func (c *sessionCompiler) earlier(in repl.Input, env map[string]string, diags *diag.List) []ast.Decl {
	live := map[string]bool{}
	for _, name := range in.Maps {
		live[name] = true
	}
	var out []ast.Decl
	for _, d := range in.Definitions {
		if live[d.Map] {
			continue
		}
		for _, n := range d.Names {
			if name, ok := strings.CutPrefix(n, "config "); ok {
				delete(env, name)
			}
		}
		out = append(out, parser.Parse(diag.NewFile("earlier input", d.Text), diags).Decls...)
	}
	return out
}

// known returns the types of the live maps.
func (c *sessionCompiler) known(names []string) []*check.Map {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*check.Map
	for _, name := range names {
		if m := c.maps[name]; m != nil {
			out = append(out, m)
		}
	}
	return out
}

// learn keeps the types of the maps of a program.
func (c *sessionCompiler) learn(info *check.Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.maps == nil {
		c.maps = map[string]*check.Map{}
	}
	for _, m := range info.Maps {
		own := *m
		own.First = diag.Span{} // it would keep the text
		c.maps[m.Name] = &own
	}
}

// merge adds diagnostics to a list. Warnings are only for the files that are new; nil stands for all.
func merge(to, from *diag.List, own map[*diag.File]bool) {
	for _, d := range from.All() {
		if d.Severity == diag.Error || own == nil || !d.Span.IsValid() || own[d.Span.Written().File] {
			add(to, d)
		}
	}
}

func add(to *diag.List, d diag.Diagnostic) {
	n := to.Errorf(d.Span, d.Code, "%s", d.Message)
	n.Severity, n.Hint, n.Notes = d.Severity, d.Hint, d.Notes
}

func addAll(to *diag.List, from []diag.Diagnostic) {
	for _, d := range from {
		add(to, d)
	}
}

// definitions returns what a declaration defines.
func definitions(d ast.Decl) []repl.Definition {
	text := strings.TrimSpace(d.Span().Text())
	switch d := d.(type) {
	case *ast.CDecl:
		return []repl.Definition{{Text: text, Names: cNames(text)}}
	case *ast.ConfigDecl:
		var out []repl.Definition
		for _, s := range d.Settings {
			out = append(out, repl.Definition{Text: "config = { " + s.At.Text() + " }", Names: []string{"config " + strings.ToLower(s.Name)}})
		}
		return out
	case *ast.ImportDecl:
		return []repl.Definition{{Text: text, Names: []string{"import " + d.Path}}}
	case *ast.MapDecl:
		return []repl.Definition{{Text: text, Names: []string{"map @" + d.Map.Name}, Map: "@" + d.Map.Name}}
	case *ast.MacroDecl:
		return []repl.Definition{{Text: text, Names: []string{fmt.Sprintf("macro %s(%s)", d.Name, paramKinds(d))}}}
	case *ast.FuncDecl:
		return []repl.Definition{{Text: text, Names: []string{"fn " + d.Name}}}
	case *ast.ProbeDecl:
		return nil
	}
	panic(fmt.Sprintf("BUG: cmd: unexpected declaration %T", d))
}

// paramKinds tells the overloads of a macro apart.
func paramKinds(d *ast.MacroDecl) string {
	var kinds []string
	for _, p := range d.Params {
		kind := "expr"
		switch p.Param.(type) {
		case *ast.VarExpr:
			kind = "$"
		case *ast.MapExpr:
			kind = "@"
		default: // a bare name stands for an expression
		}
		if p.Type != nil {
			kind += ":" + p.Type.Span().Text()
		}
		kinds = append(kinds, kind)
	}
	return strings.Join(kinds, ",")
}

// cNames returns what a C definition or preprocessor line defines.
func cNames(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n{;(", r) })
	if len(words) < 2 {
		return nil
	}
	switch words[0] {
	case "struct", "union", "enum":
		if strings.Contains(text, "{") {
			return []string{words[0] + " " + words[1]}
		}
	case "typedef":
		if last := strings.TrimRight(strings.TrimRight(text, "; \t\r\n"), "]0123456789["); last != "" {
			f := strings.FieldsFunc(last, func(r rune) bool { return strings.ContainsRune(" \t\r\n*}", r) })
			return []string{"typedef " + f[len(f)-1]}
		}
	case "#define", "#undef":
		return []string{"#define " + words[1]}
	case "#include":
		return []string{"#include " + words[1]}
	}
	return nil
}
