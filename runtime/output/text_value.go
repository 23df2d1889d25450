package output

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// render turns values into text.
type render struct {
	symbols Symbols
	trunc   string
	// source adds places in the source to stacks.
	source bool
	// escape replaces control characters of strings.
	escape bool
	boot   bootClock
}

// append appends the text of a value.
func (r *render) append(b []byte, v value.Value) []byte {
	switch v := v.(type) {
	case value.Null:
		return append(b, "null"...)
	case value.Int:
		return r.integer(b, v)
	case value.Bytes:
		return r.bytes(b, v)
	case value.Seq:
		return r.seq(b, v)
	case value.Stack:
		return r.stack(b, v)
	case value.Usym:
		return r.usym(b, v)
	case value.Number:
		return appendNumber(b, v)
	case value.Stats:
		return appendStats(b, v)
	case value.Hist:
		if hasQuantiles(v) {
			return appendQuantiles(b, quantiles(v, 0))
		}
		return appendHist(b, v, 0)
	case value.Series:
		return appendSeries(b, v)
	}
	panic(fmt.Sprintf("BUG: output: unexpected value %T", v))
}

func (r *render) integer(b []byte, v value.Int) []byte {
	switch t := v.T.(type) {
	case types.Bool:
		return strconv.AppendBool(b, v.Bits != 0)
	case types.Int:
		return appendInt(b, v.Bits, t.Signed)
	case *types.Enum:
		return appendEnum(b, v.Bits, t)
	case types.Pointer:
		return appendHex(b, v.Bits)
	case types.Ksym:
		return r.ksym(b, v.Bits)
	case types.Username:
		return r.username(b, v.Bits)
	case types.Timestamp:
		return r.timestamp(b, t.Format, v.Bits)
	case types.CgroupPath:
		return r.cgroup(b, v.Bits, t.Filter)
	case types.Invalid, types.Void, types.String, types.Buffer, types.Array, types.Tuple, types.Record, *types.Struct,
		types.Stack, types.Usym, types.Inet, types.MacAddr, types.Count, types.Sum, types.Min, types.Max, types.Avg, types.Stats,
		types.Hist, types.LHist, types.TSeries:
		return strconv.AppendInt(b, int64(v.Bits), 10)
	}
	panic(fmt.Sprintf("BUG: output: unexpected type %T", v.T))
}

func appendInt(b []byte, bits uint64, signed bool) []byte {
	if signed {
		return strconv.AppendInt(b, int64(bits), 10)
	}
	return strconv.AppendUint(b, bits, 10)
}

func appendHex(b []byte, bits uint64) []byte {
	return strconv.AppendUint(append(b, "0x"...), bits, 16)
}

func appendEnum(b []byte, bits uint64, t *types.Enum) []byte {
	for _, e := range t.Values {
		if uint64(e.Value) == bits {
			return append(b, e.Name...)
		}
	}
	return appendInt(b, bits, t.Signed)
}

func (r *render) ksym(b []byte, addr uint64) []byte {
	if r.symbols != nil {
		if name, _, _, ok := r.symbols.Kernel(addr); ok {
			return append(b, name...)
		}
	}
	return appendNowhere(b, addr)
}

// appendNowhere appends an address that has no symbol.
func appendNowhere(b []byte, addr uint64) []byte {
	if addr == 0 {
		return append(b, '0')
	}
	return appendHex(b, addr)
}

func (r *render) usym(b []byte, v value.Usym) []byte {
	if r.symbols != nil {
		if name, _, _, ok := r.symbols.User(v.PID, v.Addr); ok {
			return append(b, name...)
		}
	}
	return appendNowhere(b, v.Addr)
}

func (r *render) username(b []byte, uid uint64) []byte {
	if r.symbols != nil {
		if name, ok := r.symbols.Username(uint32(uid)); ok {
			return append(b, name...)
		}
	}
	return strconv.AppendUint(b, uid, 10)
}

// cgroup appends the paths of a cgroup, or its id if there are none.
func (r *render) cgroup(b []byte, id uint64, filter string) []byte {
	if c, ok := r.symbols.(Cgroups); ok {
		return append(b, c.Cgroup(id, filter)...)
	}
	return strconv.AppendUint(b, id, 10)
}

func (r *render) bytes(b []byte, v value.Bytes) []byte {
	switch v.T.(type) {
	case types.Buffer:
		return appendEscaped(b, v.B)
	case types.Inet:
		return appendInet(b, v.B)
	case types.MacAddr:
		for i, c := range v.B {
			if i > 0 {
				b = append(b, ':')
			}
			b = fmt.Appendf(b, "%02X", c)
		}
		return b
	default: // no other type matters here
	}
	b = r.text(b, v.B)
	if v.Truncated {
		b = append(b, r.trunc...)
	}
	return b
}

// text appends traced bytes, on a terminal without the control characters that it would act on.
func (r *render) text(b, s []byte) []byte {
	if !r.escape {
		return append(b, s...)
	}
	for _, c := range s {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			b = fmt.Appendf(b, "\\x%02x", c)
			continue
		}
		b = append(b, c)
	}
	return b
}

func appendInet(b, addr []byte) []byte {
	ip, ok := netip.AddrFromSlice(addr)
	if !ok {
		return b
	}
	return ip.AppendTo(b)
}

// appendEscaped appends a buffer: printable ASCII as it is, other bytes as \x escapes.
func appendEscaped(b, s []byte) []byte {
	for _, c := range s {
		if c >= ' ' && c < 0x7f {
			b = append(b, c)
		} else {
			b = appendHexByte(append(b, '\\', 'x'), c)
		}
	}
	return b
}

const hexDigits = "0123456789abcdef"

func appendHexByte(b []byte, c byte) []byte { return append(b, hexDigits[c>>4], hexDigits[c&15]) }

func (r *render) seq(b []byte, v value.Seq) []byte {
	switch t := v.T.(type) {
	case types.Array:
		return append(r.list(append(b, '['), v.Elems, ","), ']')
	case types.Tuple:
		return append(r.list(append(b, '('), v.Elems, ", "), ')')
	case types.Record:
		names := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			names[i] = f.Name
		}
		return r.fields(b, names, v.Elems)
	case *types.Struct:
		names, elems := members(t, v.Elems)
		return r.fields(b, names, elems)
	default: // no other type matters here
	}
	panic(fmt.Sprintf("BUG: output: unexpected sequence type %T", v.T))
}

// members returns the members of a struct with their names. Those of anonymous structs and unions in it are its own; a
// bitfield without a name is shown as bpftrace shows it; what has no name otherwise is padding.
func members(t *types.Struct, values []value.Value) (names []string, elems []value.Value) {
	for i, f := range t.Fields[:min(len(t.Fields), len(values))] {
		inner, isStruct := f.Type.(*types.Struct)
		seq, isSeq := values[i].(value.Seq)
		switch {
		case f.Name != "" || f.BitSize > 0:
			names, elems = append(names, f.Name), append(elems, values[i])
		case isStruct && isSeq:
			n, e := members(inner, seq.Elems)
			names, elems = append(names, n...), append(elems, e...)
		}
	}
	return names, elems
}

func (r *render) list(b []byte, elems []value.Value, sep string) []byte {
	for i, e := range elems {
		if i > 0 {
			b = append(b, sep...)
		}
		b = r.append(b, e)
	}
	return b
}

func (r *render) fields(b []byte, names []string, elems []value.Value) []byte {
	if len(elems) == 0 {
		return append(b, "{}"...)
	}
	b = append(b, "{ "...)
	for i, e := range elems {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '.')
		b = append(b, names[i]...)
		b = append(b, " = "...)
		b = r.append(b, e)
	}
	return append(b, " }"...)
}
