package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/repl/complete"
	"github.com/gtrace/gtrace/runtime/probe"
)

// maxFiles bounds how much of a folder is read to complete a name in it.
const maxFiles = 20000

// Files returns the files and folders that a path may become.
func (s *completions) Files(prefix string) []complete.Names { return filesAt(prefix) }

func filesAt(prefix string) []complete.Names {
	dir, base := filepath.Split(prefix)
	files, folders := complete.Names{}, complete.Names{Suffix: "/"}
	for _, e := range readFolder(dir) {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if isFolder(dir, e) {
			folders.List = append(folders.List, dir+name)
		} else {
			files.List = append(files.List, dir+name)
		}
	}
	slices.Sort(files.List)
	slices.Sort(folders.List)
	return []complete.Names{files, folders}
}

// readFolder returns what is in a folder; a folder that cannot be read has nothing to offer.
func readFolder(dir string) []fs.DirEntry {
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxFiles)
	return entries
}

func isFolder(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// programs returns what a probe in a program can name: a path, a program in PATH, or a library.
func programs(prefix string) []complete.Names {
	if strings.Contains(prefix, "/") || strings.HasPrefix(prefix, ".") {
		out := filesAt(prefix)
		out[0].Suffix = ":"
		return out
	}
	dirs := filepath.SplitList(os.Getenv("PATH"))
	var names []string
	for _, dir := range dirs {
		for _, e := range readFolder(dir) {
			if !e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
				names = append(names, e.Name())
			}
		}
	}
	names = append(names, probe.Libraries(prefix)...)
	slices.Sort(names)
	return []complete.Names{{List: slices.Compact(names), Suffix: ":"}}
}
