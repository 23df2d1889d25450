package vm

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// PeerMemory is what a guest needs with bpftrace in it.
const PeerMemory = "3G"

// UsePeer puts a bpftrace in gtrace's place, with the libraries that it needs: what the cases expect of gtrace is checked
// against bpftrace that way. dir is a Debian root folder that has both, such as scripts/peer makes.
func (p *Programs) UsePeer(dir string) error {
	const lib = "usr/lib/x86_64-linux-gnu"
	loader := filepath.Join(dir, "usr/lib64/ld-linux-x86-64.so.2")
	p.Gtrace = filepath.Join(dir, "usr/bin/bpftrace")
	out, err := exec.Command(loader, "--library-path", filepath.Join(dir, lib), "--list", p.Gtrace).Output()
	if err != nil {
		return fmt.Errorf("list the libraries of %s: %w", p.Gtrace, err)
	}
	p.Files = map[string]string{"lib64/ld-linux-x86-64.so.2": loader}
	for line := range strings.Lines(string(out)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " => ")
		path, _, _ := strings.Cut(rest, " (")
		if ok && strings.HasPrefix(path, dir) && !strings.HasPrefix(name, "/") {
			p.Files[filepath.Join("lib/x86_64-linux-gnu", name)] = path
		}
	}
	return nil
}
