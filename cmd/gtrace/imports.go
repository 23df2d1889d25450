package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/link"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
)

// importer reads the files that a script imports, and the headers that its C part includes.
type importer struct {
	// root is the folder of the script, or the working directory for a script that is no file.
	root string
	// seen are the files that were imported, the script among them, by their real paths; folders are those of the others, by the
	// names that they have in messages.
	seen    map[string]bool
	folders map[*diag.File]string
	// include are the folders of -I.
	include []string
	// bytes counts what was read.
	bytes int
	// objects are the object files that are imported.
	objects *link.Set
}

// newImporter returns the importer for a script; name is its file name, or empty. Functions of object files are added to objects.
func newImporter(name string, include []string, objects *link.Set) *importer {
	i := &importer{root: ".", seen: map[string]bool{}, folders: map[*diag.File]string{}, include: include, objects: objects}
	if name == "" {
		return i
	}
	i.root = filepath.Dir(name)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		if abs, err := filepath.Abs(real); err == nil {
			i.seen[abs] = true
		}
	}
	return i
}

// Import implements expand.Importer: a path is relative to the folder of the script, else to that of the file that imports it.
func (i *importer) Import(path string, by *diag.File) ([]*diag.File, error) {
	if path == "" {
		return nil, &expand.ImportError{Message: "Unable to find suitable path for import", Hint: "the path is empty"}
	}
	var checked []string
	for _, dir := range i.places(path, by) {
		full := filepath.Join(dir, path)
		if filepath.IsAbs(path) {
			full = path
		}
		if abs, err := filepath.Abs(full); err == nil {
			full = abs
		}
		info, err := os.Stat(full)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			checked = append(checked, full)
			continue
		case err != nil:
			return nil, &expand.ImportError{Message: fmt.Sprintf("import of '%s': %s", path, reason(err))}
		case info.IsDir():
			return i.folder(full, path)
		}
		return i.files(full, path)
	}
	if path == "stdlib" {
		return nil, nil // what bpftrace's standard library defines is built in
	}
	return nil, &expand.ImportError{
		Message: "Unable to find suitable path for import", Hint: "checked: " + strings.Join(checked, ", "),
	}
}

// places returns the folders that a path may be relative to.
func (i *importer) places(path string, by *diag.File) []string {
	out := []string{i.root}
	if dir, ok := i.folders[by]; ok && dir != i.root && !filepath.IsAbs(path) {
		out = append(out, dir)
	}
	return out
}

// folder imports all scripts, headers, C sources and object files in a folder, by name.
func (i *importer) folder(full, name string) ([]*diag.File, error) {
	if err := ownersOnly(full, name); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(full)
	if err != nil {
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of '%s': %s", name, reason(err))}
	}
	var out []*diag.File
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".bt", ".gt", ".h", ".c", ".o"}, filepath.Ext(e.Name())) {
			continue
		}
		files, err := i.files(filepath.Join(full, e.Name()), filepath.Join(name, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

// files imports one file, unless that was done before.
func (i *importer) files(full, name string) ([]*diag.File, error) {
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of '%s': %s", name, reason(err))}
	}
	if i.seen[real] {
		return nil, nil
	}
	for _, path := range []string{filepath.Dir(full), filepath.Dir(real), real} {
		if err := ownersOnly(path, name); err != nil {
			return nil, err
		}
	}
	i.seen[real] = true
	if isObject(real) {
		return nil, i.object(real, name)
	}
	f, err := i.read(real, name)
	if err != nil {
		return nil, &expand.ImportError{Message: err.Error()}
	}
	i.folders[f] = filepath.Dir(full)
	return []*diag.File{f}, nil
}

// ownersOnly refuses what everyone may write to: what it holds would run with the privileges of whoever traces.
func ownersOnly(path, name string) error {
	info, err := os.Stat(path)
	if err != nil {
		return &expand.ImportError{Message: fmt.Sprintf("import of '%s': %s", name, reason(err))}
	}
	if info.Mode()&0o002 == 0 {
		return nil
	}
	what := "a file"
	if info.IsDir() {
		what = "a directory"
	}
	return &expand.ImportError{
		Message: fmt.Sprintf("cowardly refusing to import from %s with global write permissions: %q", what, path),
		Hint:    "chmod o-w " + path,
	}
}

// read reads a file that a script refers to.
func (i *importer) read(path, name string) (*diag.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("'%s' is no regular file", name)
	}
	f, err := readScript(path, nil)
	if err != nil {
		return nil, err
	}
	if i.bytes += len(f.Text); i.bytes > maxScript {
		return nil, fmt.Errorf("%s: what the script imports is larger than %d MiB", name, maxScript>>20)
	}
	return diag.NewFile(name, f.Text), nil
}

// Include finds a header that a script's C part includes: next to the file that includes it if its name is quoted, else in the
// folders of -I. Headers of the system that are not there are none to read: their types and constants are known.
func (i *importer) Include(name string, angled bool, by *diag.File) (*diag.File, error) {
	dirs := i.include
	if !angled {
		dir, ok := i.folders[by]
		if !ok {
			dir = i.root
		}
		dirs = append([]string{dir}, dirs...)
	}
	for _, dir := range dirs {
		full := filepath.Join(dir, name)
		if filepath.IsAbs(name) {
			full = name
		}
		if info, err := os.Stat(full); err != nil || info.IsDir() {
			continue
		}
		f, err := i.read(full, full)
		if err != nil {
			return nil, err
		}
		i.folders[f] = filepath.Dir(full)
		return f, nil
	}
	return nil, fs.ErrNotExist
}
