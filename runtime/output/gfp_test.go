package output

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGFPFlags(t *testing.T) {
	for _, tt := range []struct {
		flags uint64
		want  string
	}{
		{0, "0"},
		{0xcc0, "GFP_KERNEL"},
		{0x400dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"},
		{0x21c24ca, "GFP_TRANSHUGE"},
		{0x21c20ca, "GFP_TRANSHUGE_LIGHT"},
		{0x2100cca, "GFP_HIGHUSER_MOVABLE"},
		{0x100cca, "GFP_HIGHUSER|0x8"},
		{0x800, "__GFP_KSWAPD_RECLAIM"},
		{0x80000000, "0x80000000"},
		{0x20 | 1<<31, "__GFP_HIGH|0x80000000"},
	} {
		require.Equal(t, tt.want, string(appendGFP(nil, tt.flags)), "%#x", tt.flags)
	}
	seen := map[uint64]bool{}
	for _, f := range &gfpFlags {
		require.False(t, seen[f.bits], f.name)
		seen[f.bits] = true
	}
}
