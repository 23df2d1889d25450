package output

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// Format is a printf format, parsed once.
type Format struct {
	parts []part
	// head is the text before the first conversion.
	head string
}

// part is a conversion and the text that follows it.
type part struct {
	conv                    string // d i u o x X c p s r rx rh gr
	bits                    int
	width                   int
	left, zero, plus, sharp bool
	tail                    string
}

// NewFormat parses a format. A conversion that is not one stays text; one of a percent sign is that sign, whatever its flags.
func NewFormat(s string) *Format {
	f := &Format{}
	var text strings.Builder
	flush := func() {
		if len(f.parts) == 0 {
			f.head = text.String()
		} else {
			f.parts[len(f.parts)-1].tail = text.String()
		}
		text.Reset()
	}
	for i := 0; i < len(s); {
		if s[i] != '%' {
			text.WriteByte(s[i])
			i++
			continue
		}
		p, n := parseConversion(s[i:])
		if n == 0 || p.conv == "%" {
			text.WriteByte('%')
			i += max(1, n)
			continue
		}
		flush()
		f.parts = append(f.parts, p)
		i += n
	}
	flush()
	return f
}

// parseConversion parses the conversion that s starts with and returns its length, or 0 if it is none.
func parseConversion(s string) (part, int) {
	p := part{bits: 32}
	i := 1
	for ; i < len(s) && strings.IndexByte("-+ #0", s[i]) >= 0; i++ {
		p.flag(s[i])
	}
	for ; i < len(s) && (isDigit(s[i]) || s[i] == '*'); i++ {
		if isDigit(s[i]) && p.width < 1<<16 {
			p.width = p.width*10 + int(s[i]-'0')
		}
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && (isDigit(s[i]) || s[i] == '*'); i++ {
			continue // a precision only matters for floating point numbers, which there are none of
		}
	}
	n := 0
	p.bits, n = length(s[i:])
	i += n
	p.conv = conversion(s[i:])
	if p.conv == "" {
		return p, 0
	}
	return p, i + len(p.conv)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *part) flag(c byte) {
	switch c {
	case '-':
		p.left = true
	case '0':
		p.zero = true
	case '+':
		p.plus = true
	case '#':
		p.sharp = true
	case ' ': // accepted without effect, as in bpftrace
	}
}

// length returns the width in bits that a length modifier stands for, and how long the modifier is.
func length(s string) (bits, n int) {
	for _, m := range [...]struct {
		text string
		bits int
	}{{"hh", 8}, {"h", 16}, {"ll", 64}, {"l", 64}, {"j", 64}, {"z", 64}, {"t", 64}} {
		if strings.HasPrefix(s, m.text) {
			return m.bits, len(m.text)
		}
	}
	return 32, 0
}

func conversion(s string) string {
	for _, c := range [...]string{"%", "gr", "rx", "rh", "d", "i", "u", "o", "x", "X", "c", "p", "s", "r"} {
		if strings.HasPrefix(s, c) {
			return c
		}
	}
	return ""
}

// append appends the formatted arguments; a missing one is left out.
func (f *Format) append(b []byte, args []value.Value, r *render) []byte {
	b = append(b, f.head...)
	for i := range f.parts {
		p := &f.parts[i]
		if i < len(args) {
			b = p.append(b, args[i], r)
		}
		b = append(b, p.tail...)
	}
	return b
}

// Sprintf returns the text of a printf.
func (r *render) Sprintf(f *Format, args []value.Value) string { return string(f.append(nil, args, r)) }

func (p *part) append(b []byte, v value.Value, r *render) []byte {
	switch p.conv {
	case "d", "i":
		return p.signed(b, integer(v))
	case "u", "o", "x", "X":
		return p.unsigned(b, integer(v)<<(64-p.bits)>>(64-p.bits))
	case "p":
		return p.pad(appendPointer(b, integer(v)), len(b), false)
	case "c":
		return p.pad(append(b, byte(integer(v))), len(b), false)
	case "s":
		return p.any(b, v, r)
	case "gr":
		return p.pad(appendGFP(b, integer(v)), len(b), false)
	}
	return p.pad(appendRaw(b, raw(v), p.conv), len(b), false)
}

// signed appends a number cut to the conversion's width.
func (p *part) signed(b []byte, bits uint64) []byte {
	n := int64(bits<<(64-p.bits)) >> (64 - p.bits)
	start := len(b)
	if p.plus && n >= 0 {
		b = append(b, '+')
	}
	return p.pad(strconv.AppendInt(b, n, 10), start, true)
}

func (p *part) unsigned(b []byte, n uint64) []byte {
	start := len(b)
	switch p.conv {
	case "u":
		b = strconv.AppendUint(b, n, 10)
	case "o":
		if p.sharp && n != 0 {
			b = append(b, '0')
		}
		b = strconv.AppendUint(b, n, 8)
	case "x", "X":
		if p.sharp && n != 0 {
			b = append(b, '0', 'x')
		}
		b = strconv.AppendUint(b, n, 16)
		if p.conv == "X" {
			upper(b[start:])
		}
	}
	return p.pad(b, start, true)
}

func upper(b []byte) {
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
}

// appendPointer writes an address as C's %#lx does: zero without prefix.
func appendPointer(b []byte, n uint64) []byte {
	if n == 0 {
		return append(b, '0')
	}
	return appendHex(b, n)
}

// pad fills what was appended from start up to the conversion's width. Zeros go between a number's sign or prefix and its
// digits.
func (p *part) pad(b []byte, start int, isNumber bool) []byte {
	n := p.width - (len(b) - start)
	if n <= 0 {
		return b
	}
	fill, at := byte(' '), start
	switch {
	case p.left:
		at = len(b)
	case p.zero:
		fill = '0'
		if isNumber {
			at += prefix(b[start:])
		}
	}
	for range n {
		b = append(b, fill)
	}
	copy(b[at+n:], b[at:len(b)-n])
	for i := range n {
		b[at+i] = fill
	}
	return b
}

func prefix(s []byte) int {
	switch {
	case len(s) > 0 && (s[0] == '-' || s[0] == '+'):
		return 1
	case len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'):
		return 2
	}
	return 0
}

// any appends any value as text. The width counts for the opening bracket of tuples and structs, and not at all for stacks,
// as in bpftrace, where it holds for the first thing written.
func (p *part) any(b []byte, v value.Value, r *render) []byte {
	start := len(b)
	b = r.append(b, v)
	if p.width == 0 {
		return b
	}
	switch v := v.(type) {
	case value.Stack:
		return b
	case value.Seq:
		n := 1
		switch v.T.(type) {
		case types.Record, *types.Struct:
			n = min(2, len(b)-start)
		default: // no other type matters here
		}
		rest := string(b[start+n:])
		return append(p.pad(b[:start+n], start, false), rest...)
	default: // no other type matters here
	}
	return p.pad(b, start, false)
}

// integer returns the number that a value stands for in a numeric conversion.
func integer(v value.Value) uint64 {
	switch v := v.(type) {
	case value.Int:
		return v.Bits
	case value.Number:
		return v.Bits
	case value.Stats:
		return average(v)
	case value.Usym:
		return v.Addr
	default: // no other type matters here
	}
	return 0
}

func raw(v value.Value) []byte {
	if v, ok := v.(value.Bytes); ok {
		return v.B
	}
	return nil
}

func appendRaw(b, s []byte, conv string) []byte {
	switch conv {
	case "rx":
		for _, c := range s {
			b = appendHexByte(append(b, '\\', 'x'), c)
		}
		return b
	case "rh":
		for i, c := range s {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendHexByte(b, c)
		}
		return b
	}
	return appendEscaped(b, s)
}
