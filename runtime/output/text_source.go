package output

import (
	"strconv"

	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/runtime/value"
)

// sourced appends a frame of a stack. Where that is asked for and known, the functions that were compiled into it stand before it, each in a
// line of its own, and the place in the source behind it.
func (r *render) sourced(b []byte, v value.Stack, i int) []byte {
	addr := v.Addrs[i]
	frames := r.sources(v, i)
	if len(frames) == 0 {
		return r.frame(b, v, addr)
	}
	last := len(frames) - 1
	for _, f := range frames[:last] {
		b = append(r.inlined(b, v, addr, f), '\n')
	}
	b = r.frame(b, v, addr)
	if v.T.Mode == "perf" {
		return b // which has the file of the code
	}
	return appendPlace(b, frames[last])
}

// sources returns what is at work in a frame. Where it called another one, its address is that of the next instruction, which may be of
// another line.
func (r *render) sources(v value.Stack, i int) []symbol.Frame {
	known, ok := r.symbols.(Sources)
	if !ok || !r.source || v.T.Mode == "raw" || v.T.Mode == "build_id" {
		return nil
	}
	addr := v.Addrs[i]
	if i > 0 {
		addr--
	}
	if v.T.User {
		return known.UserSource(v.PID, addr)
	}
	return known.KernelSource(addr)
}

// inlined appends the line of a function that was compiled into another one.
func (r *render) inlined(b []byte, v value.Stack, addr uint64, f symbol.Frame) []byte {
	if v.T.Mode == "perf" {
		b = append(b, '\t')
		b = append(strconv.AppendUint(b, addr, 16), ' ')
		return append(append(b, f.Func...), " (inlined)"...)
	}
	b = append(append(b, frameIndent...), "[inlined] "...)
	return appendPlace(append(b, f.Func...), f)
}

// appendPlace appends @file:line.
func appendPlace(b []byte, f symbol.Frame) []byte {
	if f.File == "" {
		return b
	}
	b = append(append(append(b, '@'), f.File...), ':')
	return strconv.AppendInt(b, int64(f.Line), 10)
}
