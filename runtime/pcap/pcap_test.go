package pcap_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/pcap"
)

// numbers writes numbers of 32 bits in the byte order of this machine.
func numbers(ns ...uint32) string {
	var b []byte
	for _, n := range ns {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	return string(b)
}

// head is the file's head, written out by the format's description: magic, version 2.4, zone, accuracy, longest packet, raw IP.
var head = numbers(0xa1b2c3d4) + string(binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, 2), 4)) + numbers(0, 0, 65535, 101)

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcap")
	require.NoError(t, os.WriteFile(path, []byte("what was there before"), 0o600))
	f, err := pcap.Create(path)
	require.NoError(t, err)
	require.Equal(t, head, contents(t, path))
	require.Equal(t, path, f.Path())

	require.NoError(t, f.Append(3_000_001_999, 90, []byte("late")))
	require.NoError(t, f.Append(2_999_999_999, 3, []byte("one")))
	require.Equal(t, head, contents(t, path), "packets wait")
	require.NoError(t, f.Flush())
	want := head + numbers(2, 999_999, 3, 3) + "one" + numbers(3, 1, 4, 90) + "late"
	require.Equal(t, want, contents(t, path))

	require.NoError(t, f.Append(4_000_000_000, 0, []byte("cut")), "a length that is less than what there is is wrong")
	require.NoError(t, f.Close())
	require.Equal(t, want+numbers(4, 0, 3, 3)+"cut", contents(t, path))
	require.Zero(t, f.Lost())
}

// A lot of packets do not wait, and one is never larger than the format allows.
func TestFileDoesNotGrowInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcap")
	f, err := pcap.Create(path)
	require.NoError(t, err)
	defer f.Close()
	packet := make([]byte, 100_000)
	for range 20 {
		require.NoError(t, f.Append(1, len(packet), packet))
	}
	require.Equal(t, 24+16*(16+65535), len(contents(t, path)), "16 packets make a megabyte")
}

func TestSame(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	f, err := pcap.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, os.Symlink("a", link))
	require.True(t, f.Same(path))
	require.True(t, f.Same(link))
	require.False(t, f.Same(filepath.Join(dir, "c")))
	require.False(t, f.Same(dir))
}

func TestCreateFails(t *testing.T) {
	_, err := pcap.Create(filepath.Join(t.TempDir(), "no", "such", "folder"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "/no/such/folder")
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	_, err = pcap.Create(pipe)
	require.ErrorIs(t, err, unix.ENXIO)
	_, err = pcap.Create("/dev/full")
	require.ErrorIs(t, err, unix.ENOSPC)
}

// A file that cannot grow keeps the packets that it has whole; the others are counted, and the failure is told once.
func TestFileThatIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcap")
	f, err := pcap.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Append(1, 1, []byte("a")))
	require.NoError(t, f.Flush())
	whole := contents(t, path)

	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	limit := old
	limit.Cur = uint64(len(whole) + 100)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &limit))
	err = errOfWrites(f)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old))

	require.ErrorIs(t, err, unix.EFBIG)
	require.ErrorContains(t, err, path)
	require.Equal(t, whole, contents(t, path))
	require.NoError(t, f.Append(1, 1, []byte("more")))
	require.NoError(t, f.Flush())
	require.Equal(t, whole, contents(t, path))
	require.EqualValues(t, 4, f.Lost())
}

func errOfWrites(f *pcap.File) error {
	for range 3 {
		if err := f.Append(2, 80, make([]byte, 80)); err != nil {
			return err
		}
	}
	return f.Flush()
}
