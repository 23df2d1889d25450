package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// Mode says which of a script's probes are run besides those that are attached.
type Mode uint8

// The modes.
const (
	// ModeRun runs a script; its test and bench probes are left out.
	ModeRun Mode = iota
	// ModeTest is for Session.Test, ModeBench for Session.Bench. No maps are printed at the end.
	ModeTest
	ModeBench
)

// unused returns the probe type of a program that a mode leaves out, or "".
func (m Mode) unused(p object.Program) string {
	for _, probe := range p.Probes {
		if probe.Provider == providerTest && m != ModeTest || probe.Provider == providerBench && m != ModeBench {
			return probe.Provider
		}
	}
	return ""
}

// StartError is about programs that are not loaded, or not attached.
type StartError struct{ err error }

func (e *StartError) Error() string { return e.err.Error() }

// Unwrap returns why.
func (e *StartError) Unwrap() error { return e.err }

// ErrNoTests and ErrNoBenches are about scripts that have nothing but probes of another mode.
var (
	//lint:ignore ST1005 these are bpftrace's words
	ErrNoTests = errors.New("No probes attached; use --test to run test probes.")
	//lint:ignore ST1005 these are bpftrace's words
	ErrNoBenches = errors.New("No probes attached; use --bench to run benchmark probes.")
)

// unasked returns an error if the mode left probes out.
func (g *Group) unasked() error {
	for _, p := range g.o.Manifest.Programs {
		switch g.s.opts.Mode.unused(p) {
		case providerTest:
			return ErrNoTests
		case providerBench:
			return ErrNoBenches
		}
	}
	return nil
}

// Trigger runs the programs of self probes for a signal, such as SIGUSR1.
func (s *Session) Trigger(signal string) error {
	var errs []error
	for _, g := range s.snapshot() {
		errs = append(errs, g.each(providerSelf, func(p object.Program, probe attach.Probe) error {
			prog := g.program(p.Name)
			if probe.Func != signal || prog == nil {
				return nil
			}
			if _, err := testRun(prog); err != nil {
				return fmt.Errorf("%s: %w", probe.Name, err)
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// iterate runs the group's programs that are run for each object of a kind.
func (g *Group) iterate(ctx context.Context) {
	err := g.each(providerIter, func(p object.Program, probe attach.Probe) error {
		it, ok := g.s.opts.Attacher.(Iterator)
		if !ok {
			return fmt.Errorf("%s: the session has nothing to iterate with", probe.Name)
		}
		prog := g.program(p.Name)
		if prog == nil {
			return nil // removed meanwhile
		}
		if err := it.Iterate(ctx, prog, probe); err != nil {
			return fmt.Errorf("%s: %w", probe.Name, err)
		}
		if probe.Pin != "" {
			g.s.mu.Lock()
			g.s.opts.Printer.Raw("pinned", "Program pinned to "+probe.Pin+"\n")
			g.s.mu.Unlock()
		}
		return nil
	})
	if err == nil {
		return
	}
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.s.fail(&StartError{err})
}
