package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/host"
)

// self is self:signal:SIGUSR1: programs that run when gtrace gets a signal.
type self struct{}

// selfSignal is the only signal that can be asked for.
const selfSignal = "SIGUSR1"

// Name returns self.
func (self) Name() string { return "self" }

// Resolve reads signal:SIGUSR1.
func (s self) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(s.Name(), pt, 2); err != nil {
		return nil, err
	}
	switch {
	case pt.Parts[0] != "signal":
		return nil, pointError(1, codeSyntax, "%s is not a supported trigger", pt.Parts[0])
	case pt.Parts[1] != selfSignal:
		return nil, pointError(2, codeSyntax, "%s is not a supported signal", pt.Parts[1])
	}
	return []attach.Match{startedMatch(s.Name(), "signal:"+selfSignal, selfSignal, attach.KindTestRun)}, nil
}

// startedMatch describes a probe that gtrace starts itself.
func startedMatch(provider, rest, fn string, kind attach.Kind) attach.Match {
	return attach.Match{
		Probe:   attach.Probe{Provider: provider, Name: provider + ":" + rest, Kind: kind, Func: fn},
		Context: &attach.Context{ID: string(kind), Stack: kind == attach.KindTestRun},
	}
}

// attach has nothing to do: the session starts the program.
func (self) attach(*ebpf.Program, attach.Probe) (io.Closer, error) {
	return closerFunc(func() error { return nil }), nil
}

func (s self) list(q query) ([]Listed, error) {
	if !q.part(0, 2).match("signal") || !q.part(1, 2).match(selfSignal) {
		return nil, nil
	}
	return []Listed{{Name: s.Name() + ":signal:" + selfSignal}}, nil
}

// selfTest is test and bench: programs that run with --test and --bench.
type selfTest struct {
	name string
	kind attach.Kind
}

// Name returns test or bench.
func (t *selfTest) Name() string { return t.name }

// Resolve reads the name of the test.
func (t *selfTest) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(t.name, pt, 1); err != nil {
		return nil, err
	}
	name := pt.Parts[0]
	switch {
	case name == "":
		return nil, pointError(wholePoint, codeSyntax, "%s probes must have a name", t.name)
	case newPattern(name).isWild():
		return nil, pointError(1, codeSyntax, "%s probe type does not support wildcards", t.name)
	}
	m := startedMatch(t.name, name, name, t.kind)
	m.Once = true
	return []attach.Match{m}, nil
}

// attach has nothing to do: the session starts the program.
func (t *selfTest) attach(*ebpf.Program, attach.Probe) (io.Closer, error) {
	return closerFunc(func() error { return nil }), nil
}

func (t *selfTest) list(query) ([]Listed, error) { return nil, nil }

// iter is the objects of the kernel of one kind, such as all tasks: a program runs once for each when gtrace reads them.
type iter struct{ host *host.Host }

// Name returns iter.
func (i *iter) Name() string { return "iter" }

// Resolve reads the kind of objects, and where to pin the iterator.
func (i *iter) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(i.Name(), pt, 1, 2); err != nil {
		return nil, err
	}
	kind := pt.Parts[0]
	switch {
	case kind == "":
		return nil, pointError(wholePoint, codeSyntax, "iter probe must have a target")
	case newPattern(kind).isWild():
		return nil, pointError(1, codeSyntax, "iter probe type does not support wildcards")
	case len(pt.Parts) == 2 && pt.Parts[1] == "":
		return nil, pointError(wholePoint, codeSyntax, "iter probe must have a file to be pinned at behind the second colon")
	case !i.host.HasBTF():
		return nil, pointError(0, codeUnsupported, "iter needs a kernel with type information (CONFIG_DEBUG_INFO_BTF), which this one does not have")
	}
	ctx, err := i.host.IterContext(kind)
	if errors.Is(err, host.ErrNoBTF) {
		return nil, i.noKind(kind)
	}
	if err != nil {
		return nil, err
	}
	p := attach.Probe{Provider: i.Name(), Name: i.Name() + ":" + kind, Kind: attach.KindIter, Func: kind, BTFType: kind}
	if len(pt.Parts) == 2 {
		p.Name += ":" + pt.Parts[1]
		p.Pin = pinPath(pt.Parts[1])
	}
	return []attach.Match{{
		Probe: p,
		Context: &attach.Context{
			ID: "iter:" + kind, Ctx: ctx, Stack: true, Size: ctx.Size,
		},
		Alone: true,
	}}, nil
}

// bpfFolder is where the kernel's file system for BPF objects usually is.
const bpfFolder = "/sys/fs/bpf"

// pinPath returns the path of a pinned iterator: names are those of files in the usual folder.
func pinPath(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(bpfFolder, name)
}

func (i *iter) noKind(kind string) error {
	err := pointError(1, codeTarget, "iter %s not available for your kernel version.", kind)
	if kinds, kerr := i.host.IterKinds(); kerr == nil {
		if near := diag.Nearest(kind, kinds); near != "" {
			err.Hint = "did you mean iter:" + near + "?"
		}
	}
	return err
}

// attach has nothing to do: Iterate runs the program.
func (i *iter) attach(*ebpf.Program, attach.Probe) (io.Closer, error) {
	return closerFunc(func() error { return nil }), nil
}

// Iterate runs the program of an iter probe for each object of its kind, until ctx ends.
func (s *Set) Iterate(ctx context.Context, prog *ebpf.Program, p attach.Probe) error {
	l, err := link.AttachIter(link.IterOptions{Program: prog})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ebpf.ErrNotSupported):
		return fmt.Errorf("the kernel has no iterator %s: %w", p.Func, err)
	case err != nil:
		return err
	}
	defer l.Close()
	if p.Pin != "" {
		return pin(l, p.Pin)
	}
	objects, err := l.Open()
	if err != nil {
		return err
	}
	defer objects.Close()
	buf := make([]byte, 1<<16)
	for ctx.Err() == nil {
		_, err := objects.Read(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
	return nil
}

// pin gives an iterator a file, which whoever reads it starts.
func pin(l link.Link, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("pin at %s: the file exists; remove it first, or use another name", path)
	}
	folder := filepath.Dir(path)
	var at unix.Statfs_t
	switch err := unix.Statfs(folder, &at); {
	case err != nil:
		return fmt.Errorf("pin at %s: %w", path, err)
	case at.Type != unix.BPF_FS_MAGIC:
		return fmt.Errorf("pin at %s: %s is not in a file system for BPF objects (mount -t bpf bpf %s)", path, folder, bpfFolder)
	}
	if err := l.Pin(path); err != nil {
		return fmt.Errorf("pin at %s: %w", path, err)
	}
	return nil
}

// list returns the kinds of objects, with what ctx has where asked.
func (i *iter) list(q query) ([]Listed, error) {
	if !i.host.HasBTF() {
		return nil, nil
	}
	kinds, err := i.host.IterKinds()
	if err != nil {
		return nil, err
	}
	var out []Listed
	for _, kind := range kinds {
		if !q.part(0, 1).match(kind) {
			continue
		}
		l := Listed{Name: i.Name() + ":" + kind}
		if q.verbose {
			if l.Args, err = i.host.IterDecls(kind); err != nil {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}
