package stdlib

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseIP(t *testing.T) {
	for _, s := range []string{
		"1.2.3.4", "0.0.0.0", "255.255.255.255", "::", "::1", "ff::1", "1:2:3:4:5:6:7:8", "1::8", "fe80::1:2", "::ffff:1.2.3.4",
		"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::", "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "+1.2.3.4", "1.2.3.", ":", ":::", "1:2",
		"1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "1:", ":1", "::1:",
	} {
		want, err := netip.ParseAddr(s)
		got, ok := parseIP(s)
		require.Equal(t, err == nil, ok, s)
		if ok {
			require.Equal(t, want.AsSlice(), got, s)
		}
	}
}
