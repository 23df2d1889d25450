package main

import (
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/gtrace/gtrace/examples"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/repl"
	"github.com/gtrace/gtrace/repl/complete"
)

// talking is a session as completion sees it.
type talking struct {
	live repl.Live
	c    *sessionCompiler
}

// Maps returns the live maps.
func (t talking) Maps() []*check.Map { return t.c.known(t.live.Maps()) }

// Prelude returns the definitions that stay, those of imported scripts and headers among them.
func (t talking) Prelude() string {
	var b strings.Builder
	files := newImporter("", t.c.opts.include, t.c.objects)
	for _, d := range t.live.Definitions() {
		if path, ok := strings.CutPrefix(strings.Join(d.Names, " "), "import "); ok {
			writeImported(&b, files, path, nil)
			continue
		}
		b.WriteString(d.Text + "\n")
	}
	return b.String()
}

// writeImported writes the definitions in an imported script or header, each file once. What cannot be read was told when it was imported.
func writeImported(b *strings.Builder, files *importer, path string, by *diag.File) {
	if !slices.Contains([]string{".bt", ".gt", ".h"}, filepath.Ext(path)) {
		return // an object file, or a source that would be compiled
	}
	found, err := files.Import(path, by)
	if err != nil {
		return
	}
	for _, f := range found {
		if strings.HasSuffix(f.Name, ".h") {
			b.WriteString(f.Text + "\n")
			continue
		}
		for _, d := range parser.Parse(f, &diag.List{}).Decls {
			switch d := d.(type) {
			case *ast.ImportDecl:
				writeImported(b, files, d.Path, f)
			case *ast.CDecl, *ast.FuncDecl, *ast.MacroDecl:
				b.WriteString(d.Span().Text() + "\n")
			case *ast.ConfigDecl, *ast.MapDecl, *ast.ProbeDecl:
			}
		}
	}
}

// Commands returns the commands.
func (t talking) Commands() []complete.Command {
	var out []complete.Command
	for _, c := range t.live.Commands() {
		n := complete.Command{Name: ":" + c.Name, Doc: c.Doc}
		if c.Short != "" {
			n.Short = []string{":" + c.Short}
		}
		if arg, ok := t.argument(c.Arg); ok {
			n.Args = []complete.Arg{arg}
		}
		out = append(out, n)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// argument says what can stand for an argument.
func (t talking) argument(kind repl.Arg) (complete.Arg, bool) {
	switch kind {
	case repl.ArgPattern:
		return complete.Arg{Kind: complete.ArgProbe}, true
	case repl.ArgType:
		return complete.Arg{Kind: complete.ArgType}, true
	case repl.ArgMap:
		return complete.Arg{Kind: complete.ArgMap}, true
	case repl.ArgFile:
		return complete.Arg{Kind: complete.ArgFile}, true
	case repl.ArgTool:
		return complete.Arg{Kind: complete.ArgFile, Words: words(toolNames()...).Words}, true
	case repl.ArgConfig:
		return complete.Arg{Kind: complete.ArgConfig}, true
	case repl.ArgScript:
		return complete.Arg{Kind: complete.ArgScript}, true
	case repl.ArgGroup:
		return words(append(t.live.Groups(), "all")...), true
	case repl.ArgFormat:
		return words("text", "json"), true
	case repl.ArgCommand:
		var names []string
		for _, c := range t.live.Commands() {
			names = append(names, c.Name)
		}
		return words(names...), true
	case repl.ArgDef:
		var names []string
		for _, d := range t.live.Definitions() {
			for _, n := range d.Names {
				_, short, _ := strings.Cut(n, " ")
				names = append(names, short)
			}
		}
		return words(append(names, "all")...), true
	case repl.ArgNone, repl.ArgTime:
		return complete.Arg{}, false
	}
	panic("BUG: cmd: unexpected kind of argument " + string(kind))
}

// toolNames returns the names of the packaged tools.
func toolNames() []string {
	entries, err := examples.Scripts.ReadDir(".")
	if err != nil {
		return nil // the folder is part of the binary, and empty at worst
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".gt"))
	}
	return out
}

func words(names ...string) complete.Arg {
	a := complete.Arg{Kind: complete.ArgWord}
	for _, n := range names {
		a.Words = append(a.Words, complete.Candidate{Text: n})
	}
	return a
}

// sessionCompleter lets a session complete words.
type sessionCompleter struct{ *complete.Completer }

// Complete returns what can stand at pos.
func (s sessionCompleter) Complete(text string, pos int) repl.Completion {
	r := s.Completer.Complete(text, pos)
	out := repl.Completion{Start: r.Start, Total: r.Total, Common: r.Common, Pending: r.Pending}
	for _, c := range r.Candidates {
		out.Candidates = append(out.Candidates, repl.Candidate(c))
	}
	return out
}
