package symbol

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

func TestParseMaps(t *testing.T) {
	const text = `7f0000200000-7f0000300000 r-xp 00001000 fe:00 12 /lib/libc.so.6
7f0000300000-7f0000301000 rw-p 00100000 fe:00 12 /lib/libc.so.6
555500000000-555500001000 r-xp 00000000 fe:00 13 /tmp/a b (deleted)
7fff00000000-7fff00001000 r-xp 00000000 00:00 0 [vdso]
7f0000400000-7f0000401000 r-xp 00000000 00:00 0 
nonsense
`
	require.Equal(t, []mapping{
		{start: 0x555500000000, end: 0x555500001000, inode: 13, path: "/tmp/a b"},
		{start: 0x7f0000200000, end: 0x7f0000300000, offset: 0x1000, inode: 12, path: "/lib/libc.so.6"},
		{start: 0x7fff00000000, end: 0x7fff00001000, path: "[vdso]"},
	}, parseMaps(text))
}

func TestParseUsers(t *testing.T) {
	users := parseUsers("root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nbad\nme:x:1000:1000::/home/me:/bin/sh\n")
	require.Equal(t, map[uint32]string{0: "root", 1000: "me"}, users)
}

func TestVDSO(t *testing.T) {
	testenv.File(t, "/proc/self/maps")
	b := readVDSO()
	if b == nil {
		testenv.Skip(t, testenv.Host, "a kernel without vdso")
	}
	s, ok := b.ByName("__vdso_clock_gettime")
	if !ok {
		s, ok = b.ByName("__kernel_clock_gettime")
	}
	require.True(t, ok)
	got, _, ok := b.Lookup(s.Addr)
	require.True(t, ok)
	require.Equal(t, s.Addr, got.Addr)
}
