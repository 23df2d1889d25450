package output

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// JSON prints one JSON object for each event and line, in bpftrace's shapes. Everything but warnings without a shape goes
// to standard output.
type JSON struct {
	writer
	render
	opts Options
	// scratch is the text of a string before it is escaped.
	scratch []byte
}

var _ Printer = (*JSON)(nil)

// NewJSON returns a printer of JSON lines.
func NewJSON(opts Options) *JSON {
	return &JSON{
		writer: writer{out: opts.Out, mode: opts.Buffering},
		render: render{symbols: opts.Symbols, trunc: ".."},
		opts:   opts,
	}
}

// Configure sets what a script's config says about output.
func (p *JSON) Configure(c Config) { p.trunc, p.source = c.StrTrunc, c.ShowSource }

// Printf prints the text of a printf.
func (p *JSON) Printf(f *Format, args []value.Value) {
	p.scratch = f.append(p.scratch[:0], args, &p.render)
	p.line("printf", appendQuoted(p.open("printf"), p.scratch))
}

// Raw prints text of another kind. What join prints is without its line end.
func (p *JSON) Raw(kind, text string) {
	if kind == "join" {
		text = strings.TrimSuffix(text, "\n")
	}
	p.line(kind, appendQuoted(p.open(kind), []byte(text)))
}

// Value prints a value as a JSON value.
func (p *JSON) Value(v value.Value) { p.line("value", p.value(p.open("value"), v)) }

// open starts the line of an event with data.
func (p *JSON) open(kind string) []byte {
	b := append(p.buf, `{"type": "`...)
	b = append(b, kind...)
	return append(b, `", "data": `...)
}

// line ends the line that b holds.
func (p *JSON) line(_ string, b []byte) {
	p.buf = append(b, "}\n"...)
	p.done()
}

// Map prints the entries of a map as one object. One without entries is left out, but for stats, where bpftrace prints an
// empty object.
func (p *JSON) Map(m value.Map, top, div int) { p.entries(m, shown(m, top), div) }

// Maps prints maps; unassigned scalars are left out.
func (p *JSON) Maps(ms []value.Map) {
	for _, m := range ms {
		p.entries(m, order(m, 0), 0)
	}
}

func (p *JSON) entries(m value.Map, entries []value.Entry, div int) {
	kind := mapKind(m.ValueType)
	if len(entries) == 0 && kind != "stats" {
		return
	}
	b := append(p.open(kind), '{')
	b = append(appendQuoted(b, []byte(m.Name)), ": "...)
	if m.KeyType == nil && len(entries) == 1 {
		b = p.mapValue(b, entries[0].Value, div)
	} else {
		b = p.object(b, entries, div)
	}
	p.line(kind, append(b, '}'))
}

func (p *JSON) object(b []byte, entries []value.Entry, div int) []byte {
	b = append(b, '{')
	for i, e := range entries {
		if i > 0 {
			b = append(b, ", "...)
		}
		p.scratch = noBlanks(p.key(p.scratch[:0], e.Key))
		b = append(appendQuoted(b, p.scratch), ": "...)
		b = p.mapValue(b, e.Value, div)
	}
	return append(b, '}')
}

// noBlanks drops the blanks of a key, as bpftrace does.
func noBlanks(b []byte) []byte {
	out := b[:0]
	for _, c := range b {
		if c != ' ' {
			out = append(out, c)
		}
	}
	return out
}

func mapKind(t types.Type) string {
	switch t := t.(type) {
	case types.Hist:
		if t.Quantiles != "" {
			return "stats"
		}
		return "hist"
	case types.LHist:
		return "hist"
	case types.Avg, types.Stats:
		return "stats"
	case types.TSeries:
		return "tseries"
	default: // no other type matters here
	}
	return "map"
}

func (p *JSON) mapValue(b []byte, v value.Value, div int) []byte {
	if h, ok := v.(value.Hist); ok {
		return appendJSONHist(b, h, histDiv(h.T, div))
	}
	return p.value(b, divided(v, div))
}

func appendJSONHist(b []byte, v value.Hist, div int) []byte {
	if hasQuantiles(v) {
		return appendJSONQuantiles(b, quantiles(v, div))
	}
	b = append(b, '[')
	t, _ := v.T.(types.Hist)
	first := true
	for _, r := range rows(v) {
		if r.count == 0 && t.Fit {
			continue // most of its many buckets are empty
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '{')
		if !r.openLo {
			b = append(appendInt(append(b, `"min": `...), r.lo, r.signed), ", "...)
		}
		if !r.openHi {
			b = append(appendInt(append(b, `"max": `...), r.hi-1, r.signed), ", "...)
		}
		b = strconv.AppendUint(append(b, `"count": `...), divide(r.count, div), 10)
		b = append(b, '}')
	}
	return append(b, ']')
}

// value appends a JSON value.
func (p *JSON) value(b []byte, v value.Value) []byte {
	switch v := v.(type) {
	case value.Null:
		return append(b, "null"...)
	case value.Int:
		return p.integer(b, v)
	case value.Number:
		return appendJSONInt(b, v.Bits, types.IsSigned(v.T))
	case value.Stats:
		return appendJSONStats(b, v)
	case value.Hist:
		return appendJSONHist(b, v, 0)
	case value.Series:
		return appendJSONSeries(b, v)
	case value.Seq:
		return p.seq(b, v)
	case value.Bytes:
		if _, ok := v.T.(types.Buffer); ok {
			return appendJSONBytes(b, v.B)
		}
	case value.Stack, value.Usym:
	default:
		panic(fmt.Sprintf("BUG: output: unexpected value %T", v))
	}
	return appendQuoted(b, p.render.append(nil, v))
}

func (p *JSON) integer(b []byte, v value.Int) []byte {
	switch t := v.T.(type) {
	case types.Bool:
		return strconv.AppendBool(b, v.Bits != 0)
	case types.Int:
		return appendJSONInt(b, v.Bits, t.Signed)
	case *types.Enum:
		return appendJSONInt(b, v.Bits, t.Signed)
	case types.Pointer:
		return appendJSONInt(b, v.Bits, false)
	default: // no other type matters here
	}
	return appendQuoted(b, p.render.append(nil, v))
}

// appendJSONInt appends a number; one that readers cannot have exactly, since they keep numbers in 64 bits of floating point, as a string.
func appendJSONInt(b []byte, n uint64, signed bool) []byte {
	if exact(n, signed) {
		return appendInt(b, n, signed)
	}
	return append(appendInt(append(b, '"'), n, signed), '"')
}

// exact reports whether a number survives as a floating point one: what is left of it without the zeros at its end has 53 bits.
func exact(n uint64, signed bool) bool {
	if signed && int64(n) < 0 {
		n = -n
	}
	return bits.Len64(n)-bits.TrailingZeros64(n) <= 53
}

func appendJSONStats(b []byte, v value.Stats) []byte {
	s := types.IsSigned(v.T)
	if isAvg(v.T) {
		return appendJSONInt(b, average(v), s)
	}
	b = appendJSONInt(append(b, `{"count": `...), v.Count, false)
	b = appendJSONInt(append(b, `, "average": `...), average(v), s)
	b = appendJSONInt(append(b, `, "total": `...), v.Total, s)
	return append(b, '}')
}

func appendJSONBytes(b, s []byte) []byte {
	b = append(b, '[')
	for i, c := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(c), 10)
	}
	return append(b, ']')
}

func (p *JSON) seq(b []byte, v value.Seq) []byte {
	switch t := v.T.(type) {
	case types.Record:
		return p.members(b, len(t.Fields), func(i int) string { return t.Fields[i].Name }, v.Elems)
	case *types.Struct:
		names, elems := members(t, v.Elems)
		return p.members(b, len(names), func(i int) string { return names[i] }, elems)
	default: // no other type matters here
	}
	b = append(b, '[')
	for i, e := range v.Elems {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.value(b, e)
	}
	return append(b, ']')
}

func (p *JSON) members(b []byte, n int, name func(int) string, elems []value.Value) []byte {
	b = append(b, '{')
	for i := range min(n, len(elems)) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(appendQuoted(b, []byte(name(i))), ": "...)
		b = p.value(b, elems[i])
	}
	return append(b, '}')
}

// End prints nothing.
func (p *JSON) End() {}

// Attached says how many probes are attached.
func (p *JSON) Attached(n int) {
	if p.opts.Quiet {
		return
	}
	p.buf = fmt.Appendf(p.buf, `{"type": "attached_probes", "count": %d, "data": {"probes": %d}}`+"\n", n, n)
	p.done()
}

// Lost says how many events were lost.
func (p *JSON) Lost(n uint64) {
	if !p.opts.Quiet {
		p.buf = fmt.Appendf(p.buf, `{"type": "lost_events", "count": %d, "data": {"events": %d}}`+"\n", n, n)
		p.done()
	}
	totalLost(p.opts, n)
}

// Message shows a message.
func (p *JSON) Message(m Message) {
	if m.Kind == Warnf && p.opts.NoWarnings {
		return // what went wrong at run time is a record of its own
	}
	b := append(p.buf, `{"type": "`...)
	b = append(b, m.Kind...)
	b = appendQuoted(append(b, `", "msg": `...), []byte(m.jsonText()))
	if m.Kind == HelperError {
		b = appendQuoted(append(b, `, "helper": `...), []byte(m.Helper))
		b = strconv.AppendInt(append(b, `, "retcode": `...), int64(m.Code), 10)
	}
	if m.Span.IsValid() {
		at := m.Span.Pos()
		b = appendQuoted(append(b, `, "filename": `...), []byte(m.Span.File.Name))
		b = fmt.Appendf(b, `, "line": %d, "col": %d`, at.Line, at.Col)
	}
	p.line(string(m.Kind), b)
}
