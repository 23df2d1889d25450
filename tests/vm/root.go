package vm

import (
	"bufio"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"

	"github.com/gtrace/gtrace/tests/vm/wire"
)

// Programs are the files of the host that a guest is made of.
type Programs struct {
	// Guest is tests/vm/guest, built without cgo.
	Guest string
	// Busybox is a static busybox, see FindBusybox.
	Busybox string
	// Gtrace is the tool under test; the guest has none if it is empty.
	Gtrace string
	// Files are others to put in: path in the guest to path on the host.
	Files map[string]string
}

// applets are the names under which a guest knows busybox.
var applets = []string{"sh", "cat", "cp", "cut", "date", "dd", "echo", "false", "grep", "kill", "ls", "ps", "rm", "sleep", "tail", "true", "wc"}

// WriteRoot writes a guest's first root folder, with the cases that it is to run.
func WriteRoot(path string, p Programs, cases []wire.Case) (err error) {
	list, err := json.Marshal(cases)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := p.archive(newArchive(w), list); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return w.Flush()
}

func (p Programs) archive(a *archive, cases []byte) error {
	for _, dir := range []string{"bin", "dev", "etc", "proc", "root", "run", "sys", "tmp"} {
		a.dir(dir)
	}
	a.copyFile("init", p.Guest)
	a.link("bin/worker", "/init")
	a.link("bin/selftest", "/init")
	a.copyFile("bin/busybox", p.Busybox)
	for _, name := range applets {
		a.link("bin/"+name, "busybox")
	}
	if p.Gtrace != "" {
		a.copyFile("bin/gtrace", p.Gtrace)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		a.copyFile(name, p.Files[name])
	}
	a.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"))
	a.file("etc/group", 0o644, []byte("root:x:0:\nnogroup:x:65534:\n"))
	a.file(wire.CasesPath, 0o644, cases)
	return a.close()
}

// FindBusybox returns the path of a static busybox.
func FindBusybox() (string, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return "", err
	}
	f, err := elf.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return "", fmt.Errorf("%s is not static (package busybox-static)", path)
		}
	}
	return path, nil
}
