package check

import (
	"math/big"
	"strings"
)

// maxNumberText is the length from which on a text is no number that fits 64 bits, however it is written.
const maxNumberText = 64

// units are the suffixes of durations, in nanoseconds.
func unitOf(suffix string) (int64, bool) {
	switch suffix {
	case "", "u", "l", "ul", "ll", "ull":
		return 1, true
	case "ns":
		return 1, true
	case "us":
		return 1e3, true
	case "ms":
		return 1e6, true
	case "s":
		return 1e9, true
	case "m":
		return 60e9, true
	case "h":
		return 3600e9, true
	case "d":
		return 24 * 3600e9, true
	}
	return 0, false
}

// numberText reads an integer as a script writes one, signed, from the command line. problem says what is wrong with it.
func numberText(text string) (v constInt, problem string) {
	const invalid, outside = "invalid integer", "value is out of range"
	s, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	if s == "" || len(s) > maxNumberText || s[0] < '0' || s[0] > '9' || strings.HasSuffix(s, "_") {
		return constInt{}, invalid
	}
	base, digits := 10, "0123456789_"
	switch {
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		base, digits, s = 16, "0123456789abcdefABCDEF_", s[2:]
	case s[0] == '0' && len(s) > 1 && strings.ContainsAny(s[1:2], "01234567"):
		base, digits = 8, "01234567_"
	}
	end := len(s) - len(strings.TrimLeft(s, digits))
	n, ok := new(big.Int).SetString(strings.ReplaceAll(s[:end], "_", ""), base)
	if !ok {
		return constInt{}, invalid
	}
	rest := s[end:]
	if base == 10 && strings.HasPrefix(rest, "e") {
		exp := len(rest) - len(strings.TrimLeft(rest[1:], "0123456789"))
		e, isNumber := new(big.Int).SetString(rest[1:exp], 10)
		switch {
		case !isNumber:
			return constInt{}, invalid
		case e.Cmp(big.NewInt(maxNumberText)) > 0:
			return constInt{}, outside
		}
		n.Mul(n, new(big.Int).Exp(big.NewInt(10), e, nil))
		rest = rest[exp:]
	}
	unit, ok := unitOf(strings.ToLower(rest))
	if !ok {
		return constInt{}, invalid
	}
	n.Mul(n, big.NewInt(unit))
	if negative {
		n.Neg(n)
	}
	if v, ok = fromBig(n); !ok {
		return constInt{}, outside
	}
	return v, ""
}
