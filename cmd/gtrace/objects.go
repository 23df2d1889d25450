package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gtrace/gtrace/lang/expand"
)

const (
	// maxObject is the size of the largest object file that is read.
	maxObject = 16 << 20
	// compileTime is how long clang may take for one file.
	compileTime = time.Minute
)

// isObject reports whether a file is imported for the functions that it defines: an object file, or C source to make one of.
func isObject(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".o" || ext == ".c"
}

// object adds the functions of an object file, or of one that is made of C source, to those that the script can call.
func (i *importer) object(real, name string) error {
	var data []byte
	var err error
	if filepath.Ext(real) == ".c" {
		data, err = i.compileC(real, name)
	} else {
		data, err = readObject(real, name)
	}
	if err != nil {
		return err
	}
	if err := i.objects.Add(name, data); err != nil {
		return &expand.ImportError{Message: fmt.Sprintf("import of %q: %s", name, err)}
	}
	return nil
}

func readObject(path, name string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: %s", name, reason(err))}
	case !info.Mode().IsRegular():
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: it is no regular file", name)}
	case info.Size() > maxObject:
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: it is larger than %d MiB", name, maxObject>>20)}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: %s", name, reason(err))}
	}
	return data, nil
}

// compileC makes an object file of C source and returns what is in it.
func (i *importer) compileC(path, name string) ([]byte, error) {
	object := strings.TrimSuffix(name, ".c") + ".o"
	clang, err := exec.LookPath("clang")
	if err != nil {
		return nil, &expand.ImportError{
			Message: fmt.Sprintf("import of %q: C source needs clang, which is not installed here", name),
			Hint:    fmt.Sprintf("where it is: clang -O2 -g -target bpf -c %s -o %s; then import %q", name, object, object),
		}
	}
	dir, err := os.MkdirTemp("", "gtrace-import-")
	if err != nil {
		return nil, fmt.Errorf("import of %q: %w", name, err)
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "import.o")
	args := []string{"-O2", "-g", "-target", "bpf", "-I", filepath.Dir(path)}
	for _, dir := range i.include {
		args = append(args, "-I", dir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), compileTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, clang, append(args, "-c", path, "-o", out)...)
	said, err := cmd.CombinedOutput()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: clang took more than %v", name, compileTime)}
	case err != nil:
		return nil, &expand.ImportError{Message: fmt.Sprintf("import of %q: clang: %s", name, firstError(said, err))}
	}
	return readObject(out, name)
}

// firstError returns the first error among what a compiler said.
func firstError(said []byte, err error) string {
	for line := range bytes.Lines(said) {
		if text := strings.TrimSpace(string(line)); strings.Contains(text, "error:") {
			return text
		}
	}
	return err.Error()
}
