package vm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// A Case is what the guest is to run and what must come of it.
type Case struct {
	wire.Case
	// Since is the oldest kernel that the case is for; the zero version means all.
	Since target.Version
	// Until is the first kernel that the case is not for any more; the zero version means none.
	Until target.Version
	// Stdout and Stderr are compared by match. Nil means that anything goes; on an unexpected exit both are shown.
	Stdout, Stderr Want
	// Exit is the expected exit status.
	Exit int
	// Also, if not nil, looks at the result after all else.
	Also func(wire.Result) error
}

// A Want is an expectation of a text.
type Want interface {
	// check returns what is wrong with a text, or nil.
	check(text string) error
}

type (
	// Exact is the whole text, blanks at its ends left out.
	Exact string
	// Lines are the non-empty lines of the text, in any order.
	Lines []string
	// Match is a regular expression for the whole text, blanks at its ends left out; "." matches newlines, too.
	Match string
	// Has are pieces of which each must occur.
	Has []string
)

func (w Exact) check(text string) error {
	if got := strings.TrimSpace(text); got != strings.TrimSpace(string(w)) {
		return fmt.Errorf("want %q", string(w))
	}
	return nil
}

func (w Lines) check(text string) error {
	var got []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(w)); !slices.Equal(got, want) {
		return fmt.Errorf("want the lines %q", want)
	}
	return nil
}

func (w Match) check(text string) error {
	if !regexp.MustCompile(`^(?s:` + string(w) + `)$`).MatchString(strings.TrimSpace(text)) {
		return fmt.Errorf("want a match of %s", string(w))
	}
	return nil
}

func (w Has) check(text string) error {
	for _, piece := range w {
		if !strings.Contains(text, piece) {
			return fmt.Errorf("want %q in it", piece)
		}
	}
	return nil
}

// Check compares a result with what the case expects.
func (c Case) Check(r wire.Result) error {
	if err := c.check(r); err != nil {
		return fmt.Errorf("%w\ncommand: %q\nexit status: %d\nstdout:\n%sstderr:\n%s", err, c.Run, r.Exit, tail(r.Stdout, 60), tail(r.Stderr, 60))
	}
	return nil
}

func (c Case) check(r wire.Result) error {
	if r.Problem != "" {
		return fmt.Errorf("guest: %s", r.Problem)
	}
	if r.Exit != c.Exit {
		return fmt.Errorf("want exit status %d, got %d", c.Exit, r.Exit)
	}
	if c.Stdout != nil {
		if err := c.Stdout.check(r.Stdout); err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
	}
	if c.Stderr != nil {
		if err := c.Stderr.check(r.Stderr); err != nil {
			return fmt.Errorf("stderr: %w", err)
		}
	}
	if c.Also != nil {
		return c.Also(r)
	}
	return nil
}

// For returns the cases that are for a kernel, and the names of those that it is too old for.
func For(k Kernel, cases []Case) (run []Case, older []string) {
	for _, c := range cases {
		switch {
		case k.Version().Before(c.Since):
			older = append(older, c.Name)
		case c.Until == target.Version{} || k.Version().Before(c.Until):
			run = append(run, c)
		}
	}
	return run, older
}

// Wire returns what the guest has to know of the cases.
func Wire(cases []Case) []wire.Case {
	out := make([]wire.Case, len(cases))
	for i, c := range cases {
		out[i] = c.Case
	}
	return out
}
