package vm

import (
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// An archive writes files in the "newc" form of cpio, which is what the kernel unpacks its first root folder from.
type archive struct {
	w     io.Writer
	n     int64
	inode int
	dirs  []string
	err   error
}

const (
	modeDir  = 0o040000
	modeFile = 0o100000
	modeLink = 0o120000
)

func newArchive(w io.Writer) *archive { return &archive{w: w} }

// dir adds a folder and those above it, once.
func (a *archive) dir(name string) {
	name = strings.Trim(name, "/")
	if name == "" || name == "." || slices.Contains(a.dirs, name) {
		return
	}
	a.dir(path.Dir(name))
	a.dirs = append(a.dirs, name)
	a.entry(name, modeDir|0o755, nil)
}

// file adds a file and the folders above it.
func (a *archive) file(name string, perm int, data []byte) {
	a.dir(path.Dir(name))
	a.entry(strings.Trim(name, "/"), modeFile|perm, data)
}

// copyFile adds an executable file of the host.
func (a *archive) copyFile(name, from string) {
	if a.err != nil {
		return
	}
	data, err := os.ReadFile(from)
	if err != nil {
		a.err = err
		return
	}
	a.file(name, 0o755, data)
}

// link adds a symbolic link.
func (a *archive) link(name, target string) {
	a.dir(path.Dir(name))
	a.entry(strings.Trim(name, "/"), modeLink|0o777, []byte(target))
}

// close ends the archive and returns the first error of all.
func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, nil)
	return a.err
}

func (a *archive) entry(name string, mode int, data []byte) {
	a.inode++
	fields := []int{a.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0}
	a.write([]byte("070701"))
	for _, f := range fields {
		a.write(fmt.Appendf(nil, "%08X", f))
	}
	a.write(append([]byte(name), 0))
	a.pad()
	a.write(data)
	a.pad()
}

func (a *archive) write(b []byte) {
	if a.err != nil {
		return
	}
	n, err := a.w.Write(b)
	a.n += int64(n)
	a.err = err
}

// pad fills up to a multiple of four bytes.
func (a *archive) pad() { a.write(make([]byte, -a.n&3)) }
