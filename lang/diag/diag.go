package diag

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf8"
)

// Severity says whether a diagnostic stops the compilation.
type Severity uint8

// The severities, in the order in which they are printed.
const (
	Error Severity = iota + 1
	Warning
)

// String returns the word that a diagnostic line carries.
func (s Severity) String() string {
	switch s {
	case Error:
		return "ERROR"
	case Warning:
		return "WARNING"
	}
	panic(fmt.Sprintf("BUG: diag: unknown severity %d", uint8(s)))
}

// Code names the kind of a diagnostic, for tests and tools: lower case words joined by hyphens, as "unknown-builtin".
type Code string

// Class is what a diagnostic is about.
type Class uint8

// The classes of diagnostics.
const (
	// ClassScript is the script itself.
	ClassScript Class = iota
	// ClassSurroundings is what has to be right before the script is looked at: its C part and the environment.
	ClassSurroundings
)

// Diagnostic is one thing said about the script.
type Diagnostic struct {
	Span     Span
	Severity Severity
	Code     Code
	Class    Class
	// Message is one line without a full stop. Hint is something the user can type or do; empty if there is none.
	Message, Hint string
	// Notes are other places that belong to what is said.
	Notes []Note

	dropped bool
}

// Note is a place that a diagnostic speaks of besides its own.
type Note struct {
	Span    Span
	Message string
}

// List collects diagnostics. The zero List is ready to use.
type List struct {
	items []Diagnostic
	seen  map[identity]int // index in items
	kept  [Warning + 1]int
	// dropped counts those beyond maxKept, by severity; spare stands for them where one is asked for.
	dropped [Warning + 1]int
	spare   Diagnostic
}

// maxKept is how many diagnostics of a severity a list keeps. Nobody reads more, and a script of megabytes may be nothing but
// mistakes. maxMessage bounds what one of them says of a long name or text.
const (
	maxKept    = 200
	maxMessage = 1000
)

// identity is what makes two diagnostics the same one.
type identity struct {
	span     Span
	severity Severity
	message  string
}

// Errorf adds an error at a span and returns it, so that a hint can be added.
func (l *List) Errorf(span Span, code Code, format string, args ...any) *Diagnostic {
	return l.add(Diagnostic{Span: span, Severity: Error, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning at a span and returns it, so that a hint can be added.
func (l *List) Warnf(span Span, code Code, format string, args ...any) *Diagnostic {
	return l.add(Diagnostic{Span: span, Severity: Warning, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (l *List) add(d Diagnostic) *Diagnostic {
	d.Message = shortened(d.Message)
	id := identity{d.Span, d.Severity, d.Message}
	if i, ok := l.seen[id]; ok {
		return &l.items[i] // the clones of a body say the same thing once
	}
	if l.kept[d.Severity] >= maxKept {
		l.dropped[d.Severity]++
		l.spare = d
		l.spare.dropped = true
		return &l.spare
	}
	l.kept[d.Severity]++
	if l.seen == nil {
		l.seen = map[identity]int{}
	}
	l.seen[id] = len(l.items)
	l.items = append(l.items, d)
	return &l.items[len(l.items)-1]
}

// Dropped reports whether nobody will read the diagnostic: its list has kept enough of them, or it says nothing. A hint that takes time
// to find is not worth it then.
func (d *Diagnostic) Dropped() bool { return d.dropped || d.Message == "" }

// Hintf sets the hint of a diagnostic.
func (d *Diagnostic) Hintf(format string, args ...any) {
	d.Hint = shortened(fmt.Sprintf(format, args...))
}

// shortened leaves out the middle of a long text.
func shortened(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage*3/4], "") + "…" + strings.ToValidUTF8(text[len(text)-maxMessage/5:], "")
}

// Notef adds a note to a diagnostic.
func (d *Diagnostic) Notef(span Span, format string, args ...any) {
	d.Notes = append(d.Notes, Note{span, fmt.Sprintf(format, args...)})
}

// HasErrors reports whether any diagnostic is an error.
func (l *List) HasErrors() bool {
	for _, d := range l.items {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// All returns the diagnostics as they are printed: errors first, then by place.
func (l *List) All() []Diagnostic {
	out := append([]Diagnostic(nil), l.items...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Severity != b.Severity {
			return a.Severity < b.Severity
		}
		x, y := a.Span.Written(), b.Span.Written()
		return x.File == y.File && x.Start < y.Start
	})
	return out
}

// PrintOptions says how diagnostics look.
type PrintOptions struct {
	Color bool
	// NoWarnings leaves warnings out.
	NoWarnings bool
}

// Print writes all diagnostics: place and message, the source line, an underline of tildes, and the hint. What the list did not
// keep is counted.
func (l *List) Print(w io.Writer, opts PrintOptions) {
	for _, d := range l.All() {
		if d.Severity == Warning && opts.NoWarnings {
			continue
		}
		io.WriteString(w, d.render(opts.Color))
	}
	for _, s := range []Severity{Error, Warning} {
		if n := l.dropped[s]; n > 0 && (s == Error || !opts.NoWarnings) {
			fmt.Fprintf(w, "%s: %d more are not shown\n", s, n)
		}
	}
}

// String returns the diagnostic as it is printed, without colour.
func (d Diagnostic) String() string { return d.render(false) }

func (d Diagnostic) render(color bool) string {
	var b strings.Builder
	on, off := "", ""
	if color {
		on, off = "\x1b[31m", "\x1b[0m"
		if d.Severity == Warning {
			on = "\x1b[33m"
		}
	}
	line := func(at Span, message string) {
		b.WriteString(on)
		if at.IsValid() {
			fmt.Fprintf(&b, "%s: ", at)
		}
		fmt.Fprintf(&b, "%s: %s%s\n", d.Severity, message, off)
		if at.IsValid() {
			b.WriteString(excerpt(at))
		}
	}
	line(d.Span, d.Message)
	for _, n := range d.Notes {
		line(n.Span, n.Message)
	}
	expandedFrom(&b, d.Span, d.Severity, on, off)
	if d.Hint != "" {
		fmt.Fprintf(&b, "HINT: %s\n", d.Hint)
	}
	return b.String()
}

// ExpandedFrom returns the lines that say which calls of macros put a span where it is; none for one that the user wrote there.
func ExpandedFrom(s Span, severity Severity) string {
	var b strings.Builder
	expandedFrom(&b, s, severity, "", "")
	return b.String()
}

func expandedFrom(b *strings.Builder, s Span, severity Severity, on, off string) {
	if !s.IsValid() {
		return
	}
	for from := s.File.From; from.IsValid(); from = from.File.From {
		fmt.Fprintf(b, "%s%s: %s: expanded from%s\n%s", on, from, severity, off, excerpt(from))
	}
}

// maxExcerpt is the number of columns of a source line that an excerpt shows; scripts on one line can be long.
const maxExcerpt = 160

// maxLines is the number of lines of a span that an excerpt shows.
const maxLines = 10

// excerpt returns the source line of a span with the span underlined, or the lines of a longer span.
func excerpt(s Span) string {
	start, end := s.Pos(), s.File.Pos(max(s.Start, s.End))
	if end.Line != start.Line {
		return wholeLines(s.File, start.Line, end.Line)
	}
	line := s.File.Line(start.Line)
	from := min(start.Col-1, len(line))
	to := max(min(len(line), end.Col-1), from)
	if len(line) > maxExcerpt {
		cut := max(0, min(from-maxExcerpt/2, len(line)-maxExcerpt))
		end := min(len(line), cut+maxExcerpt)
		line, from, to = line[cut:end], from-cut, min(to, end)-cut
	}
	pad := strings.Repeat(" ", utf8.RuneCountInString(widen(line[:from])))
	mark := strings.Repeat("~", max(1, utf8.RuneCountInString(widen(line[from:to]))))
	return widen(line) + "\n" + pad + mark + "\n"
}

// wholeLines returns lines of a file, as many as are worth reading.
func wholeLines(f *File, first, last int) string {
	var b strings.Builder
	for n := first; n <= last && n < first+maxLines; n++ {
		line := f.Line(n)
		b.WriteString(widen(line[:min(len(line), maxExcerpt)]) + "\n")
	}
	if last >= first+maxLines {
		b.WriteString("…\n")
	}
	return b.String()
}

// widen returns a part of a line as it is shown.
func widen(t string) string { return printable(strings.ReplaceAll(t, "\t", "    ")) }

// printable replaces control characters, which a script may hold and a terminal must not interpret.
func printable(t string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, t)
}
