package vm

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

func TestArchive(t *testing.T) {
	var buf bytes.Buffer
	a := newArchive(&buf)
	a.dir("tmp")
	a.file("/bin/tool", 0o755, []byte("12345"))
	a.file("bin/other", 0o644, nil)
	a.link("bin/alias", "tool")
	require.NoError(t, a.close())

	require.Equal(t, []string{"tmp 40755", "bin 40755", "bin/tool 100755 12345", "bin/other 100644", "bin/alias 120777 tool"}, list(t, buf.Bytes()))
	require.Zero(t, buf.Len()%4, "the archive is a multiple of four bytes long")
}

// list reads an archive back by the kernel's description of the format.
func list(t *testing.T, b []byte) []string {
	t.Helper()
	field := func(at, i int) int {
		raw, err := hex.DecodeString(string(b[at+6+8*i : at+14+8*i]))
		require.NoError(t, err)
		n, err := strconv.ParseInt(hex.EncodeToString(raw), 16, 64)
		require.NoError(t, err)
		return int(n)
	}
	round := func(n int) int { return (n + 3) / 4 * 4 }
	var out []string
	for at := 0; ; {
		require.Equal(t, "070701", string(b[at:at+6]))
		mode, size, nameSize := field(at, 1), field(at, 6), field(at, 11)
		name := string(b[at+110 : at+110+nameSize-1])
		data := at + round(110+nameSize)
		if name == "TRAILER!!!" {
			return out
		}
		entry := name + " " + strconv.FormatInt(int64(mode), 8) + " " + string(b[data:data+size])
		out = append(out, strings.TrimSpace(entry))
		at = data + round(size)
	}
}

func TestArchiveMissingFile(t *testing.T) {
	a := newArchive(&bytes.Buffer{})
	a.copyFile("bin/tool", filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, a.close(), os.ErrNotExist)
}

// The archive is also read by the tool that everybody has.
func TestArchiveBusybox(t *testing.T) {
	busybox, err := FindBusybox()
	if err != nil {
		testenv.Skip(t, testenv.VM, err.Error())
	}
	var buf bytes.Buffer
	a := newArchive(&buf)
	a.file("etc/motd", 0o644, []byte("hello\n"))
	require.NoError(t, a.close())
	cmd := exec.Command(busybox, "cpio", "-t")
	cmd.Stdin = &buf
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, "etc\netc/motd\n", string(out))
}
