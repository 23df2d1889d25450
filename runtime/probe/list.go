package probe

import (
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
}

// List returns the probes that a pattern stands for, sorted by name within each probe type, and those in the order of their names:
// "tracepoint:sched:*" asks one probe type, "*switch*" all that can be listed without a target, and "" as well.
func (s *Set) List(text string, opts ListOptions) ([]Listed, error) {
	if kind, rest, ok := strings.Cut(text, ":"); ok || !newPattern(text).isWild() && text != "" {
		if newPattern(kind).isWild() {
			return s.listTypes(newPattern(kind), text, rest, opts)
		}
		p, known := s.lookup(kind)
		if !known {
			return nil, nil
		}
		q := query{name: newPattern("*"), verbose: opts.Verbose, parts: patterns(rest, ok)}
		return sorted(p.list(q))
	}
	if text == "" {
		text = "*"
	}
	return s.listAll(query{name: newPattern(text), verbose: opts.Verbose})
}

// listTypes lists all probe types whose name matches.
func (s *Set) listTypes(kind pattern, text, rest string, opts ListOptions) ([]Listed, error) {
	var out []Listed
	for _, e := range s.byCanonicalName() {
		if !kind.match(e.provider.Name()) || needsTarget(e.provider) && strings.Contains(rest, "*") {
			continue
		}
		ls, err := sorted(e.provider.list(query{name: newPattern("*"), verbose: opts.Verbose, parts: patterns(rest, true)}))
		if err != nil {
			return nil, err
		}
		out = append(out, ls...)
	}
	return out, nil
}

func (s *Set) listAll(q query) ([]Listed, error) {
	var out []Listed
	for _, e := range s.byCanonicalName() {
		ls, err := sorted(e.provider.list(q))
		if err != nil {
			return nil, err
		}
		out = append(out, ls...)
	}
	return out, nil
}

func (s *Set) byCanonicalName() []entry {
	out := slices.Clone(s.entries)
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.provider.Name(), b.provider.Name()) })
	return out
}

// needsTarget reports whether a probe type can list nothing without a target.
func needsTarget(p provider) bool {
	_, ok := p.(*uprobe)
	return ok
}

func patterns(rest string, given bool) []pattern {
	if !given {
		return nil
	}
	var out []pattern
	for part := range strings.SplitSeq(rest, ":") {
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
