package probe

import (
	"errors"
	"io"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
)

// unsupported is a probe type of the language that gtrace does not have yet.
type unsupported struct{ name string }

// Name returns the canonical name.
func (u unsupported) Name() string { return u.name }

func (u unsupported) message() string { return u.name + " probes are not supported yet" }

// Resolve says that there are none.
func (u unsupported) Resolve(attach.Point, check.ResolveOptions) ([]attach.Match, error) {
	return nil, &check.PointError{Part: 0, Code: codeUnsupported, Message: u.message()}
}

func (u unsupported) attach(*ebpf.Program, attach.Probe) (io.Closer, error) {
	return nil, errors.New(u.message())
}

func (u unsupported) list(query) ([]Listed, error) { return nil, nil }
