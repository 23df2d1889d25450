package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rootOf is the root of a process, which may have other files at the paths that we know.
func rootOf(pid int) string { return fmt.Sprintf("/proc/%d/root", pid) }

// findInside returns the files that the first part of a uprobe stands for in the root of a process: a path, with wildcards in its last part, or
// the name of a library that the process has mapped.
func findInside(text string, pid int) []string {
	if !strings.HasPrefix(text, "/") {
		return mappedLibrary(text, pid)
	}
	if !newPattern(text).isWild() {
		if path := followIn(rootOf(pid), text); isFile(rootOf(pid) + path) {
			return []string{nearest(pid, text, path)}
		}
		return nil
	}
	dir := followIn(rootOf(pid), filepath.Dir(text))
	found, err := searchDirs([]string{rootOf(pid) + dir}, filepath.Base(text), isExecutable)
	if err != nil {
		return nil
	}
	for i, path := range found {
		path = strings.TrimPrefix(path, rootOf(pid))
		found[i] = nearest(pid, path, path)
	}
	return found
}

// mappedLibrary returns the library of a name, such as libc.so.6 or libc, that a process has mapped.
func mappedLibrary(name string, pid int) []string {
	if strings.Contains(name, "/") || newPattern(name).isWild() {
		return nil
	}
	files, err := mappedFiles(pid)
	if err != nil {
		return nil // it has ended, which is told elsewhere
	}
	for _, path := range files {
		base := filepath.Base(path)
		if base == name && strings.Contains(base, ".so") || strings.HasPrefix(base, name+".so") {
			return []string{path}
		}
	}
	return nil
}

// nearest returns where to find a file of a process that is at path below its root: as it is written, if that is the same file to us.
func nearest(pid int, written, path string) string {
	inside, err := os.Stat(rootOf(pid) + path)
	if err != nil {
		return written
	}
	if here, err := os.Stat(written); err == nil && os.SameFile(here, inside) {
		return written
	}
	return rootOf(pid) + path
}

// maxLinks is how many symbolic links are followed in a path, as many as the kernel follows.
const maxLinks = 40

// followIn returns the path below a root that a path there leads to. The kernel would follow links with absolute paths out of it.
func followIn(root, path string) string {
	rest := strings.Split(filepath.Clean(path), "/")
	done := ""
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			done = strings.TrimSuffix(filepath.Dir("/"+done), "/")
			continue
		}
		target, err := os.Readlink(root + done + "/" + name)
		if err != nil || links == maxLinks {
			done += "/" + name
			continue
		}
		links++
		if strings.HasPrefix(target, "/") {
			done = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done
}
