package parser

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// durations are the units of time in nanoseconds.
var durations = map[string]uint64{
	"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9,
}

// intSuffixes are the suffixes of C, which mean nothing.
var intSuffixes = map[string]bool{"": true, "u": true, "l": true, "ul": true, "lu": true, "ll": true, "ull": true, "llu": true}

func (p *parser) intLit(t *lexer.Token) ast.Expr {
	lit := &ast.IntLit{Place: p.from(t.Pos.Offset), Text: t.Value}
	var problem string
	lit.Value, lit.Duration, problem = parseInt(t.Value)
	if problem == "" {
		return lit
	}
	code := codeInteger
	if problem == outOfRange {
		code = codeRange
	}
	p.diags.Errorf(lit.At, code, "%s: %s", problem, shorten(t.Value))
	return &ast.BadExpr{Place: lit.Place}
}

const outOfRange = "integer literal does not fit 64 bits"

// parseInt returns the value of an integer literal: decimal, octal (017), hexadecimal (0x1f) or with an exponent (2e3),
// with `_` between digits, and a unit of time or a suffix of C.
func parseInt(text string) (value uint64, duration bool, problem string) {
	lower := strings.ToLower(text)
	base, digits := uint64(10), "0123456789"
	switch {
	case strings.HasPrefix(lower, "0x"):
		base, digits, lower = 16, "0123456789abcdef", lower[2:]
	case len(lower) > 1 && lower[0] == '0' && (isDigit(lower[1]) || lower[1] == '_'):
		base = 8
	}
	n := 0
	for n < len(lower) && (lower[n] == '_' || strings.IndexByte(digits, lower[n]) >= 0) {
		n++
	}
	mantissa, rest := lower[:n], lower[n:]
	if strings.HasSuffix(mantissa, "_") {
		return 0, false, "trailing underscore in integer literal"
	}
	if value, problem = digitsValue(strings.ReplaceAll(mantissa, "_", ""), base); problem != "" {
		return 0, false, problem
	}
	if base == 10 && strings.HasPrefix(rest, "e") {
		return exponent(value, rest[1:])
	}
	if unit, ok := durations[rest]; ok && base == 10 && strings.HasSuffix(text, rest) {
		hi, lo := bits.Mul64(value, unit)
		if hi != 0 {
			return 0, false, outOfRange
		}
		return lo, true, ""
	}
	if !intSuffixes[rest] {
		return 0, false, "invalid integer literal"
	}
	return value, false, ""
}

func digitsValue(digits string, base uint64) (uint64, string) {
	if digits == "" {
		return 0, "invalid integer literal"
	}
	var v uint64
	for i := range len(digits) {
		d := uint64(digits[i] - '0')
		if digits[i] >= 'a' {
			d = uint64(digits[i]-'a') + 10
		}
		if d >= base {
			return 0, "invalid digit in octal integer literal"
		}
		hi, lo := bits.Mul64(v, base)
		if hi != 0 || lo > math.MaxUint64-d {
			return 0, outOfRange
		}
		v = lo + d
	}
	return v, ""
}

// exponent multiplies by ten as often as the text says.
func exponent(v uint64, text string) (uint64, bool, string) {
	for _, suffix := range []string{"ull", "llu", "ul", "lu", "ll", "u", "l"} {
		if cut, ok := strings.CutSuffix(text, suffix); ok {
			text = cut
			break
		}
	}
	n, ok := decimal(text)
	if !ok {
		return 0, false, "invalid integer literal"
	}
	for ; n > 0 && v != 0; n-- {
		if v > math.MaxUint64/10 {
			return 0, false, outOfRange
		}
		v *= 10
	}
	return v, false, ""
}

// decimal reads a small number of decimal digits only.
func decimal(text string) (int, bool) {
	if text == "" || len(text) > 9 {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

func (p *parser) posParam(t *lexer.Token) ast.Expr {
	x := &ast.PosParam{Place: p.from(t.Pos.Offset), Count: t.Value == "$#"}
	if x.Count {
		return x
	}
	n, ok := decimal(t.Value[1:])
	if !ok || n == 0 {
		p.diags.Errorf(x.At, codeInteger, "%s is not a positional parameter", shorten(t.Value)).
			Hintf("the first one is $1")
		return &ast.BadExpr{Place: x.Place}
	}
	x.N = n
	return x
}

// unquote returns the value of a string token and reports its bad escapes.
func (p *parser) unquote(t *lexer.Token) string {
	body := t.Value[1 : len(t.Value)-1]
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	var out strings.Builder
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			out.WriteByte(body[i])
			i++
			continue
		}
		c, n := unescape(body[i:])
		if n == 0 {
			n = min(2, len(body)-i)
			at := t.Pos.Offset + 1 + i
			p.diags.Errorf(diag.Span{File: p.file, Start: at, End: at + n}, codeEscape, "invalid escape character '%s'", body[i:i+n]).
				Hintf("the escapes are \\n \\t \\r \\\\ \\\" \\ooo (octal, at most 377) and \\xhh; a backslash is \\\\")
		} else {
			out.WriteByte(c)
		}
		i += n
	}
	return out.String()
}

// unescape returns the character that an escape stands for and its length, which is 0 if there is no such escape.
func unescape(text string) (byte, int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch c := text[1]; c {
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case '\\', '"':
		return c, 2
	case 'x':
		return escapedNumber(text, 2, 2, 16)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		return escapedNumber(text, 1, 3, 8)
	}
	return 0, 0
}

// escapedNumber reads up to n digits from an offset on.
func escapedNumber(text string, from, n, base int) (byte, int) {
	end := from
	for end < len(text) && end < from+n {
		if _, err := strconv.ParseUint(text[end:end+1], base, 8); err != nil {
			break
		}
		end++
	}
	v, err := strconv.ParseUint(text[from:end], base, 8)
	if err != nil {
		return 0, 0
	}
	return byte(v), end
}
