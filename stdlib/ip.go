package stdlib

import (
	"strconv"
	"strings"
)

// parseIP returns the 4 or 16 bytes of an internet address.
func parseIP(s string) ([]byte, bool) {
	if !strings.Contains(s, ":") {
		return parseIPv4(s)
	}
	before, after, short := strings.Cut(s, "::")
	head, ok := parseGroups(before, !short)
	if !ok || !short {
		return head, ok && len(head) == ipv6Size
	}
	tail, ok := parseGroups(after, true)
	gap := ipv6Size - len(head) - len(tail)
	if !ok || gap < 2 {
		return nil, false
	}
	return append(append(head, make([]byte, gap)...), tail...), true
}

func parseIPv4(s string) ([]byte, bool) {
	parts := strings.Split(s, ".")
	out := make([]byte, 0, ipv4Size)
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return nil, false
		}
		out = append(out, byte(n))
	}
	return out, len(out) == ipv4Size
}

// parseGroups returns the bytes of groups of four hexadecimal digits; where they end the address, the last one may be an
// IPv4 address.
func parseGroups(s string, last bool) ([]byte, bool) {
	if s == "" {
		return nil, true
	}
	var out []byte
	groups := strings.Split(s, ":")
	for i, group := range groups {
		if last && i == len(groups)-1 && strings.Contains(group, ".") {
			v4, ok := parseIPv4(group)
			return append(out, v4...), ok
		}
		n, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 {
			return nil, false
		}
		out = append(out, byte(n>>8), byte(n))
	}
	return out, true
}
