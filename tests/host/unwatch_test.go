package host_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

// TestUnwatch takes one of two watchpoints away. The event of unwatch is behind the line of the hit that asked for it and before
// those of later hits, so that a line of the other watchpoint says that it was handled.
func TestUnwatch(t *testing.T) {
	testenv.Privileged(t)
	mem, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(mem)) }()
	mem[0] = 1
	first := uintptr(unsafe.Pointer(&mem[0]))
	s := launch(t, command(t, "-p", fmt.Sprint(os.Getpid()), "-e", fmt.Sprintf(
		`watchpoint:%#x:1:w { printf("first\n"); unwatch(%#x); } watchpoint:%#x:1:w { printf("second %%d\n", @++); }`,
		first, first, first+64)))
	attached := s.stderr.await(s.ended, "Attached 2 probes")
	if strings.Contains(s.stderr.String(), "no debug registers") {
		testenv.Skip(t, testenv.Host, "needs debug registers")
	}
	require.True(t, attached, s.stderr)
	mem[0] = 2
	mem[64] = 2
	require.True(t, s.stdout.await(s.ended, "second 0\n"), s.stderr)
	for range 5 {
		mem[0]++
	}
	mem[64]++
	require.True(t, s.stdout.await(s.ended, "second 1\n"), s.stderr)
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "first\nsecond 0\nsecond 1\n\n\n@: 2\n", r.stdout)
}
