package probe

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Listed is a probe of a listing.
type Listed struct {
	// Name is the full name, or as much as there is without a parameter: "interval:hz:".
	Name string
	// Args are the declarations of what the probe offers; only in verbose listings.
	Args []string
}

// Print writes a listing: a line for each probe and, indented, a line for each argument.
func Print(w io.Writer, ls []Listed) error {
	var b strings.Builder
	for _, l := range ls {
		b.WriteString(l.Name + "\n")
		for _, a := range l.Args {
			b.WriteString("    " + a + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ListOptions says what a listing shows.
type ListOptions struct {
	// Verbose adds the arguments of each probe.
	Verbose bool
	// PID is the process whose files stand for all, where a probe type is about files; 0 for none.
	PID int
}

// List returns the probes that a pattern stands for, by probe type and then by name. "tracepoint:sched:*" asks one probe type, which
// may have wildcards too, and with nothing behind its colon all of them. A pattern without a colon is the last part of the name of a probe of any type, and "" is all of them; such
// listings leave out what has no end, the functions of all programs, and what has no places, the timers.
func (s *Set) List(text string, opts ListOptions) ([]Listed, error) {
	if text == "" {
		text = "*"
	}
	kind, rest, ok := strings.Cut(text, ":")
	if !ok {
		kind, rest = "*", text
	}
	if rest == "" {
		rest = "*"
	}
	q := query{parts: patterns(rest), verbose: opts.Verbose, pid: opts.PID}
	if newPattern(kind).isWild() {
		return s.listTypes(newPattern(kind), q)
	}
	p, known := s.lookup(kind)
	if !known {
		return nil, nil
	}
	found, err := sorted(p.list(q))
	if a, ok := p.(absent); ok && err == nil && len(found) == 0 && !a.available() {
		return nil, fmt.Errorf("this kernel has no probes of the type %s; gtrace --info shows what it has", p.Name())
	}
	return found, err
}

// listTypes lists the probe types whose name matches, as far as they belong in a listing of many types.
func (s *Set) listTypes(kind pattern, q query) ([]Listed, error) {
	types := slices.Clone(s.entries)
	slices.SortFunc(types, func(a, b entry) int { return strings.Compare(a.provider.Name(), b.provider.Name()) })
	var out []Listed
	for _, e := range types {
		if e.quiet || !kind.match(e.provider.Name()) {
			continue
		}
		ls, err := sorted(e.provider.list(q))
		if err != nil {
			return nil, err
		}
		out = append(out, ls...)
	}
	return out, nil
}

func patterns(text string) []pattern {
	var out []pattern
	for part := range strings.SplitSeq(text, ":") {
		out = append(out, newPattern(part))
	}
	return out
}

func sorted(ls []Listed, err error) ([]Listed, error) {
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ls, func(a, b Listed) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(ls, func(a, b Listed) bool { return a.Name == b.Name }), nil
}
