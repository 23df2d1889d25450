package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

// formatScript writes the script in gtrace's layout to standard output or, whole or not at all, to the file that -o names.
func formatScript(o *options, std streams) error {
	file, _, err := o.script(std.in)
	if err != nil {
		return err
	}
	diags := &diag.List{}
	tree := parser.Parse(file, diags)
	if err := o.report(std, diags); err != nil {
		return err
	}
	text := ast.Format(tree)
	if !sameScript(tree, text) {
		return fmt.Errorf("%s: cannot be formatted without changing it; nothing was written (this is a bug of gtrace)", file.Name)
	}
	if o.output != "" {
		return replaceFile(o.output, text)
	}
	_, err = io.WriteString(std.out, text)
	return err
}

// sameScript reports whether a text reads as a tree does, its comments included.
func sameScript(tree *ast.Program, text string) bool {
	diags := &diag.List{}
	again := parser.Parse(diag.NewFile(tree.File.Name, text), diags)
	return !diags.HasErrors() && ast.Same(tree, again)
}

// replaceFile puts a text in the place of a file, which is never seen half written and keeps its permissions. What is no
// regular file is written to.
func replaceFile(name, text string) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	mode := os.FileMode(0o644)
	if st, err := os.Stat(name); err == nil {
		if !st.Mode().IsRegular() {
			return os.WriteFile(name, []byte(text), 0)
		}
		mode = st.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".gtrace-*")
	if err != nil {
		return fmt.Errorf("failed to write file '%s': %s", name, reason(err))
	}
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("failed to write file '%s': %w", name, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}
