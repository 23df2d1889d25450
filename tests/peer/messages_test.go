package peer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessages(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"by place", "stdin:2:1-3: WARNING: b\nxx\n~~\nstdin:1:5-6: WARNING: a\ny\n~\n", "stdin:1:5-6: WARNING: a\ny\n~\nstdin:2:1-3: WARNING: b\nxx\n~~\n"},
		{"warnings beside errors", "stdin:1-2: ERROR: b\nHINT: x\nDIR/a.bt:1:5-6: WARNING: a\ny\n~\n", "stdin:1-2: ERROR: b\nHINT: x\n"},
		{"not about the script", "WARNING: Could not read functions from x\nAttached 2 probes\nWARNING: x\n", "WARNING: x\n"},
		{"another form", "usage\nmore\n", "usage\nmore\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, messages(strings.Split(tt.in, "\n")))
		})
	}
}

func TestWithoutHints(t *testing.T) {
	require.Equal(t, "a\nHINT: x\nb\n", WithoutHints("a\nHINT: x\nHINT: y\nb\n", "a\nHINT: x\nb\n"))
	require.Equal(t, "a\nc\n", WithoutHints("a\nHINT: x\nc\n", "a\nb\n"))
}
