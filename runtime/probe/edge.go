package probe

import (
	"io"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
)

// edge is begin and end: programs that gtrace starts itself.
type edge struct{ name string }

// Name returns begin or end.
func (e *edge) Name() string { return e.name }

// Resolve returns the probe; its attach point has no further parts.
func (e *edge) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(e.name, pt, 0); err != nil {
		return nil, err
	}
	return []attach.Match{{
		Probe:   attach.Probe{Provider: e.name, Name: e.name, Kind: attach.KindTestRun},
		Context: &attach.Context{ID: "test_run", Stack: true},
	}}, nil
}

// attach has nothing to do: Trigger starts the program.
func (e *edge) attach(*ebpf.Program, attach.Probe) (io.Closer, error) {
	return closerFunc(func() error { return nil }), nil
}

// list returns the probe where its type is asked for.
func (e *edge) list(q query) ([]Listed, error) {
	if !q.everything() && q.text() != "" {
		return nil, nil
	}
	return []Listed{{Name: e.name}}, nil
}
