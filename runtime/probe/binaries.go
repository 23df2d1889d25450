package probe

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// findBinaries returns the files that the first part of a uprobe stands for: a path, the name of a program in PATH, the name of a
// library, or any of these with wildcards. With a pid, paths and libraries are those of the process, as far as it has them.
func findBinaries(text string, pid int) ([]string, error) {
	if pid != 0 {
		if inside := findInside(text, pid); len(inside) > 0 {
			return inside, nil
		}
	}
	if strings.Contains(text, "/") {
		return expandPath(text)
	}
	if newPattern(text).isWild() {
		return searchDirs(filepath.SplitList(os.Getenv("PATH")), text, isExecutable)
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if path := filepath.Join(dir, text); isExecutable(path) {
			return []string{path}, nil
		}
	}
	if path := findLibrary(text); path != "" {
		return []string{path}, nil
	}
	if isFile(text) {
		return expandPath("./" + text)
	}
	return nil, nil
}

// expandPath returns the absolute paths of the files that a path with wildcards stands for.
func expandPath(text string) ([]string, error) {
	path, err := filepath.Abs(text)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", text, err)
	}
	if !newPattern(text).isWild() {
		if !isFile(path) {
			return nil, nil
		}
		return []string{path}, nil
	}
	return searchDirs([]string{filepath.Dir(path)}, filepath.Base(path), isExecutable)
}

// searchDirs returns the files in folders whose name matches, each file once whatever links lead to it.
func searchDirs(dirs []string, name string, accept func(string) bool) ([]string, error) {
	p := newPattern(name)
	var out []string
	var seen []fs.FileInfo
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // PATH may name folders that are not there
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if !p.match(e.Name()) || !accept(path) {
				continue
			}
			info, err := os.Stat(path)
			if err != nil || slices.ContainsFunc(seen, func(o fs.FileInfo) bool { return os.SameFile(o, info) }) {
				continue
			}
			seen = append(seen, info)
			out = append(out, path)
		}
	}
	return out, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// libraryDirs are the folders in which the dynamic linker looks, besides those of its configuration.
var libraryDirs = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
	"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib",
}

// findLibrary returns the path of a library by its soname (libc.so.6) or its bare name (libc, libssl).
func findLibrary(name string) string {
	dirs := slices.Concat(configuredDirs("/etc/ld.so.conf"), libraryDirs)
	exact := []string{name, name + ".so"}
	for _, dir := range dirs {
		for _, n := range exact {
			if path := filepath.Join(dir, n); isELF(path) {
				return path
			}
		}
	}
	for _, dir := range dirs {
		versions, _ := searchDirs([]string{dir}, name+".so.*", isELF)
		if len(versions) > 0 {
			return slices.Min(versions)
		}
	}
	return ""
}

// isELF reports whether a file begins as programs and libraries do: libc.so, for one, is text.
func isELF(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = f.Read(magic[:])
	return err == nil && string(magic[:]) == "\x7fELF"
}

// configuredDirs reads the dynamic linker's configuration, with the files that it includes.
func configuredDirs(path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "include" && len(words) > 1:
			if files, err := filepath.Glob(words[1]); err == nil {
				for _, f := range files {
					if f != path {
						out = append(out, configuredDirs(f)...)
					}
				}
			}
		default:
			out = append(out, words[0])
		}
	}
	return out
}
