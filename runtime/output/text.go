package output

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// Text prints for people, as bpftrace does.
type Text struct {
	writer
	render
	opts Options
}

var _ Printer = (*Text)(nil)

// NewText returns a printer of text.
func NewText(opts Options) *Text {
	return &Text{
		writer: writer{out: opts.Out, mode: opts.Buffering},
		render: render{symbols: opts.Symbols, trunc: "..", escape: opts.Terminal},
		opts:   opts,
	}
}

// Configure sets what a script's config says about output.
func (p *Text) Configure(c Config) { p.trunc, p.source = c.StrTrunc, c.ShowSource }

// Printf prints the arguments of a printf.
func (p *Text) Printf(f *Format, args []value.Value) {
	p.buf = f.append(p.buf, args, &p.render)
	p.done()
}

// Raw prints text. What a command printed has a line end behind it, as in bpftrace.
func (p *Text) Raw(kind, text string) {
	p.buf = append(p.buf, text...)
	if kind == "syscall" {
		p.buf = append(p.buf, '\n')
	}
	p.done()
}

// Value prints a value and a line end.
func (p *Text) Value(v value.Value) {
	p.buf = append(p.render.append(p.buf, v), '\n')
	p.done()
}

// Map prints the entries of a map.
func (p *Text) Map(m value.Map, top, div int) {
	for _, e := range shown(m, top) {
		p.buf = p.entry(p.buf, m, e, div)
	}
	p.done()
}

func (p *Text) entry(b []byte, m value.Map, e value.Entry, div int) []byte {
	b = append(b, m.Name...)
	if e.Key != nil {
		b = append(b, '[')
		b = append(p.key(b, e.Key), ']')
	}
	if h, ok := e.Value.(value.Hist); ok {
		if hasQuantiles(h) {
			return append(appendQuantiles(append(b, ": "...), quantiles(h, div)), '\n')
		}
		b = appendHist(append(b, ":\n"...), h, histDiv(h.T, div))
		return append(b, '\n')
	}
	if s, ok := e.Value.(value.Series); ok {
		b = appendSeries(append(b, ":\n"...), s)
		if s.End == 0 {
			return b
		}
		return append(b, '\n')
	}
	b = append(b, ": "...)
	return append(p.render.append(b, divided(e.Value, div)), '\n')
}

// key appends a key; several keys lose their parentheses.
func (r *render) key(b []byte, k value.Value) []byte {
	if s, ok := k.(value.Seq); ok {
		if _, ok := s.T.(types.Tuple); ok {
			return r.list(b, s.Elems, ", ")
		}
	}
	return r.append(b, k)
}

// End prints the two blank lines that follow a script's own output.
func (p *Text) End() { p.buf = append(p.buf, "\n\n"...) }

// Maps prints maps; unassigned scalars are left out.
func (p *Text) Maps(ms []value.Map) {
	for _, m := range ms {
		if len(m.Entries) > 0 {
			p.Map(m, 0, 0)
		}
	}
}

// Attached says how many probes are attached.
func (p *Text) Attached(n int) {
	if p.opts.Quiet {
		return
	}
	fmt.Fprintf(p.opts.Err, "Attached %d probe%s\n", n, plural(n))
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// Lost says how many events were lost.
func (p *Text) Lost(n uint64) {
	p.idle()
	if !p.opts.Quiet {
		fmt.Fprintf(p.opts.Err, "Lost %d events\n", n)
	}
	totalLost(p.opts, n)
}

func totalLost(opts Options, n uint64) {
	if !opts.NoWarnings {
		fmt.Fprintf(opts.Err, "WARNING: Total lost event count: %d\n", n)
	}
}

// Message shows a message on the error stream, after the output that came before it.
func (p *Text) Message(m Message) {
	if m.Kind != Errorf && p.opts.NoWarnings {
		return
	}
	p.idle()
	fmt.Fprint(p.opts.Err, m.text(p.opts.Color))
}

// text returns a message as it is shown.
func (m Message) text(color bool) string {
	severity := diag.Warning
	if m.Kind == Errorf {
		severity = diag.Error
	}
	text := m.Text
	if m.Kind == HelperError {
		text = fmt.Sprintf("%s\nAdditional Info - helper: %s, retcode: %d", m.Text, m.Helper, m.Code)
	}
	if m.Kind == Errorf || m.Kind == Warnf {
		return placed(m.Span, severity, text)
	}
	var l diag.List
	l.Errorf(m.Span, "runtime", "%s", text).Severity = severity
	var out strings.Builder
	l.Print(&out, diag.PrintOptions{Color: color})
	return out.String()
}

// placed returns a message of the script's own, which has a place but no excerpt.
func placed(s diag.Span, severity diag.Severity, text string) string {
	if !s.IsValid() {
		return fmt.Sprintf("%s: %s\n", severity, strings.TrimSuffix(text, "\n"))
	}
	return fmt.Sprintf("%s: %s: %s\n", s, severity, strings.TrimSuffix(text, "\n")) + diag.ExpandedFrom(s, severity)
}
