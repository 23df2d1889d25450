package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/event"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// pump prints the group's events until drain.
func (g *Group) pump() {
	defer close(g.done)
	if g.reader == nil {
		return
	}
	var rec ringbuf.Record
	var vals []value.Value
	dec := g.s.decoder()
	for {
		err := g.reader.ReadInto(&rec)
		if errors.Is(err, ringbuf.ErrFlushed) || errors.Is(err, ringbuf.ErrClosed) {
			return
		}
		g.s.mu.Lock()
		switch {
		case err != nil || g.s.exited || g.left && !g.ending:
		case g.muted:
			g.unshown++
		default:
			vals, err = g.record(dec, rec.RawSample, vals[:0])
		}
		g.consumed += ringRecord(len(rec.RawSample))
		if err != nil {
			g.s.fail(err)
		}
		if rec.Remaining == 0 || err != nil {
			g.s.opts.Printer.Idle()
		}
		g.s.mu.Unlock()
		if err != nil && !errors.Is(err, event.ErrMalformed) {
			return
		}
	}
}

// drain prints what is in the ring buffer and ends the pump.
func (g *Group) drain() error {
	if g.reader != nil {
		if err := g.reader.Flush(); err != nil {
			return fmt.Errorf("flush ring buffer: %w", err)
		}
	}
	<-g.done
	return g.drainPackets()
}

// record decodes and handles one record. It returns vals for reuse.
func (g *Group) record(dec *event.Decoder, raw []byte, vals []value.Value) ([]value.Value, error) {
	e, id, vals, err := dec.Record(raw, g.o.Manifest.Events, vals)
	if err != nil {
		return vals, err
	}
	if e.Kind == object.EventPrintf {
		g.s.opts.Printer.Printf(g.formats[id], vals)
		return vals, nil
	}
	return vals, g.handle(e, id, vals)
}

// handle does what an event asks for.
func (g *Group) handle(e *object.Event, id int, vals []value.Value) error {
	p := g.s.opts.Printer
	switch e.Kind {
	case object.EventPrintf:
		p.Printf(g.formats[id], vals)
	case object.EventPrintValue, object.EventPrintMapElem:
		if len(vals) == 0 {
			return fmt.Errorf("%w: event %d has no value", event.ErrMalformed, id)
		}
		p.Value(vals[len(vals)-1])
	case object.EventPrintMap, object.EventClear, object.EventZero:
		return g.mapEvent(e, vals)
	case object.EventExit:
		code := 0
		if n, ok := first(vals); ok {
			code = int(n)
		}
		g.exit(code)
	case object.EventTime:
		p.Raw("time", output.Strftime(timeFormat(e.Format), time.Now()))
	case object.EventJoin:
		p.Raw("join", join(e, vals))
	case object.EventErrorf:
		p.Message(output.Message{Kind: output.Errorf, Text: p.Sprintf(g.formats[id], vals), Span: g.span(e.Place)})
	case object.EventWarnf:
		p.Message(output.Message{Kind: output.Warnf, Text: p.Sprintf(g.formats[id], vals), Span: g.span(e.Place)})
	case object.EventRuntimeError:
		p.Message(g.runtimeError(e, vals))
	case object.EventCat:
		g.cat(p.Sprintf(g.formats[id], vals))
	case object.EventSystem:
		g.system(p.Sprintf(g.formats[id], vals))
	case object.EventUnwatch:
		addr, ok := first(vals)
		if !ok {
			return fmt.Errorf("%w: event %d has no address", event.ErrMalformed, id)
		}
		return g.s.unwatch(addr)
	case object.EventPacket:
		return fmt.Errorf("%w: event %d is for packets", event.ErrMalformed, id)
	default:
		panic(fmt.Sprintf("BUG: runtime: unexpected event %q", e.Kind))
	}
	return nil
}

// mapEvent handles the events about a whole map.
func (g *Group) mapEvent(e *object.Event, vals []value.Value) error {
	m := g.s.maps[e.Map]
	if m == nil {
		return fmt.Errorf("%w: no map %s", event.ErrMalformed, e.Map)
	}
	switch e.Kind {
	case object.EventClear:
		if len(vals) > 0 {
			return m.ClearKey(g.s.decoder(), vals[0])
		}
		return m.Clear()
	case object.EventZero:
		return m.Zero()
	}
	v, err := m.Read(g.s.decoder())
	if err != nil {
		return err
	}
	g.s.opts.Printer.Map(v, e.Top, e.Div)
	return nil
}

func first(vals []value.Value) (uint64, bool) {
	if len(vals) == 0 {
		return 0, false
	}
	n, ok := vals[0].(value.Int)
	return n.Bits, ok
}

// timeFormat returns the format of time(), whose default is the time of day and a line end.
func timeFormat(f string) string {
	if f == "" {
		return "%H:%M:%S\n"
	}
	return f
}

func (g *Group) runtimeError(e *object.Event, vals []value.Value) output.Message {
	m := output.Message{Kind: output.RuntimeError, Text: e.Message, Span: g.span(e.Place)}
	if e.Helper == "" {
		return m
	}
	m.Kind, m.Helper = output.HelperError, e.Helper
	if n, ok := first(vals); ok {
		m.Code = int(int32(n))
	}
	m.Text = helperText(e, m.Code)
	return m
}

// span returns the place of an event in its source.
func (g *Group) span(p object.Place) diag.Span {
	if p.Source < 0 || p.Source >= len(g.files) || g.files[p.Source] == nil {
		return diag.Span{}
	}
	return diag.Span{File: g.files[p.Source], Start: p.Start, End: p.End}
}

// exit does what an exit() asks for. s.mu is held.
func (g *Group) exit(code int) {
	if g.s.opts.Mode != ModeRun && !g.ending {
		return // the flag says so, and the tests go on
	}
	if g.s.opts.OnExit == nil {
		g.s.exited = true
		g.s.stop(code)
		return
	}
	if !g.left && !g.ending {
		g.left, g.code = true, code
		go g.s.opts.OnExit(g, code)
	}
}

// fail keeps or shows a failure to read events. s.mu is held.
func (s *Session) fail(err error) {
	if s.opts.Errors == nil {
		s.errs = append(s.errs, err)
		return
	}
	fmt.Fprintf(s.opts.Errors, "ERROR: %v\n", err)
}
