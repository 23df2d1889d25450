package expand

import (
	"errors"
	"path"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

// Importer finds and reads what scripts import.
type Importer interface {
	// Import returns the files that a path in a file stands for, in order, but none that it has returned before, nor the script
	// itself: a file is imported once. Object files have no text: the importer keeps what is in them. An error is an *ImportError where it is about the path.
	Import(path string, by *diag.File) ([]*diag.File, error)
}

// ImportError says why something cannot be imported.
type ImportError struct{ Message, Hint string }

// Error returns the message.
func (e *ImportError) Error() string { return e.Message }

// maxFiles bounds the number of files that a script imports, directly or not.
const maxFiles = 1000

const codeImport diag.Code = "import"

// imports puts what is imported in the place of the imports.
func (e *expander) imports(prog *ast.Program) {
	left := maxFiles
	prog.Decls = e.importInto(prog.Decls, prog.File, &left)
}

// importInto replaces the imports among the declarations of a file.
func (e *expander) importInto(decls []ast.Decl, file *diag.File, left *int) []ast.Decl {
	var out []ast.Decl
	late := false
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.ImportDecl:
			d.At.End = d.At.Start + len(strings.TrimSuffix(d.At.Text(), ";"))
			if late {
				e.diags.Errorf(d.At, codeImport, "root imports must appear before probes and functions")
				continue
			}
			out = append(out, e.importDecl(d, file, left)...)
			continue
		case *ast.ProbeDecl, *ast.MacroDecl, *ast.FuncDecl:
			late = true
		case *ast.CDecl, *ast.ConfigDecl, *ast.MapDecl:
		default:
			panic("BUG: expand: unexpected declaration")
		}
		out = append(out, d)
	}
	return out
}

// importDecl returns the declarations that an import stands for.
func (e *expander) importDecl(d *ast.ImportDecl, by *diag.File, left *int) []ast.Decl {
	if e.opts.Importer == nil {
		e.diags.Errorf(d.At, codeImport, "there is no import here")
		return nil
	}
	files, err := e.opts.Importer.Import(d.Path, by)
	if err != nil {
		report := e.diags.Errorf(d.At, codeImport, "%s", err)
		var ie *ImportError
		if errors.As(err, &ie) {
			report.Hint = ie.Hint
		}
		return nil
	}
	var out []ast.Decl
	for _, f := range files {
		if *left--; *left < 0 {
			if *left == -1 {
				e.diags.Errorf(d.At, codeImport, "the script imports more than %d files", maxFiles)
			}
			return out
		}
		out = append(out, e.importFile(d, f, left)...)
	}
	return out
}

// importFile returns the declarations of an imported file.
func (e *expander) importFile(d *ast.ImportDecl, f *diag.File, left *int) []ast.Decl {
	base := path.Base(f.Name)
	switch {
	case strings.HasSuffix(base, ".bt"), strings.HasSuffix(base, ".gt"):
	case strings.HasSuffix(base, ".h"):
		at := diag.Span{File: f, End: len(f.Text)}
		return []ast.Decl{&ast.CDecl{Place: ast.Place{At: at}, Text: f.Text}}
	default:
		e.diags.Errorf(d.At, codeImport, "unknown import type: %q", base).Hintf("scripts (.bt, .gt), C definitions (.h), C functions (.bpf.c) and object files (.bpf.o) can be imported")
		return nil
	}
	decls := parser.Parse(f, e.diags).Decls
	for _, c := range decls {
		if c, ok := c.(*ast.ConfigDecl); ok {
			e.diags.Errorf(c.At, codeImport, "invalid `config` within import")
		}
	}
	return e.importInto(decls, f, left)
}
