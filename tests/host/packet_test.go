package host_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// packet is one of a file of packets.
type packet struct {
	time time.Time
	wire int
	data string
}

// readPackets reads a file by the description of its format; a file that ends within a packet is refused.
func readPackets(t *testing.T, path string) []packet {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	word := func(at int) int { return int(binary.NativeEndian.Uint32(b[at:])) }
	require.GreaterOrEqual(t, len(b), 24)
	require.Equal(t, 0xa1b2c3d4, word(0))
	require.Equal(t, 101, word(20), "raw IP")
	var out []packet
	for b = b[24:]; len(b) > 0; {
		require.GreaterOrEqual(t, len(b), 16)
		size := word(8)
		require.GreaterOrEqual(t, len(b), 16+size)
		out = append(out, packet{time.Unix(int64(word(0)), int64(word(4))*1000), word(12), string(b[16 : 16+size])})
		b = b[16+size:]
	}
	return out
}

// datagrams sends texts.
func datagrams(t *testing.T, conn net.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := conn.Write([]byte(text)); err != nil { // the answer to the one before: nobody is there
			_, err = conn.Write([]byte(text))
			require.NoError(t, err)
		}
	}
}

// nobody is a connection to a port of this machine where nobody listens.
func nobody(t *testing.T) (conn net.Conn, port int) {
	t.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	port = l.LocalAddr().(*net.UDPAddr).Port
	require.NoError(t, l.Close())
	conn, err = net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn, port
}

const (
	ipHead  = 20
	udpHead = 8
)

// withPort restricts a program to datagrams to a port: those of others have other lengths, or other ports behind the IP header.
func withPort(port int, body string) string {
	return fmt.Sprintf(`rawtracepoint:netif_receive_skb { $skb = args.skb; $udp = (uint16*)($skb->data + %d); if ($skb->protocol == 8 && *($skb->data + 9) == 17 && bswap(*($udp + 1)) == %d) { %s } }`,
		ipHead, port, body)
}

func packetProbe(t *testing.T) {
	t.Helper()
	testenv.Privileged(t)
	testenv.BTF(t)
}

func TestPacketFile(t *testing.T) {
	packetProbe(t)
	path := filepath.Join(t.TempDir(), "out.pcap")
	conn, port := nobody(t)
	began := time.Now()
	s := start(t, "-e", withPort(port, fmt.Sprintf(`@[skboutput(%q, args.skb, args.skb->len, 0)] = count();`, path)))
	datagrams(t, conn, "first", "second", strings.Repeat("long", 1000))
	require.Eventually(t, func() bool { return len(readPackets(t, path)) == 3 }, 10*time.Second, 50*time.Millisecond, "the file is whole while gtrace runs")
	datagrams(t, conn, "last")
	r := s.interrupt()
	require.Equal(t, "@[0]: 4", strings.TrimSpace(r.stdout), r.stderr)
	got := readPackets(t, path)
	require.Len(t, got, 4)
	for i, text := range []string{"first", "second", strings.Repeat("long", 1000), "last"} {
		p := got[i]
		require.Equal(t, ipHead+udpHead+len(text), p.wire)
		require.Len(t, p.data, p.wire)
		require.Equal(t, byte(0x45), p.data[0], "an IPv4 header")
		require.Equal(t, port, int(binary.BigEndian.Uint16([]byte(p.data[ipHead+2:]))))
		require.Equal(t, text, p.data[ipHead+udpHead:])
		require.WithinRange(t, p.time, began.Add(-time.Second), time.Now().Add(time.Second))
	}
}

// The kernel's records are smaller than the largest packet: the file says what it has, and how much there was.
func TestLargestPacket(t *testing.T) {
	packetProbe(t)
	path := filepath.Join(t.TempDir(), "out.pcap")
	conn, port := nobody(t)
	s := start(t, "-e", withPort(port, fmt.Sprintf(`@[skboutput(%q, args.skb, args.skb->len, 0), args.skb->len] = count();`, path)))
	datagrams(t, conn, strings.Repeat("x", 65507), "small")
	r := s.interrupt()
	require.ElementsMatch(t, []string{"@[0, 65535]: 1", "@[0, 33]: 1"}, strings.Split(strings.TrimSpace(r.stdout), "\n"), r.stderr)
	got := readPackets(t, path)
	require.Len(t, got, 2)
	require.Equal(t, 65535, got[0].wire)
	require.Len(t, got[0].data, 65472)
	require.Equal(t, strings.Repeat("x", 65472-ipHead-udpHead), got[0].data[ipHead+udpHead:])
	require.Equal(t, "small", got[1].data[ipHead+udpHead:])
}

func TestPacketPieces(t *testing.T) {
	packetProbe(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	conn, port := nobody(t)
	require.NoError(t, os.Symlink("twice", path("link")))
	s := start(t, "-e", withPort(port, fmt.Sprintf(`
		@beginning = skboutput(%q, args.skb, 30, 0);
		@rest = skboutput(%q, args.skb, args.skb->len, 28);
		@middle = skboutput(%q, args.skb, 3, 30);
		@long = skboutput(%q, args.skb, args.skb->len + 1, 0);
		@none = skboutput(%q, args.skb, 0, 0);
		$r = skboutput(%q, args.skb, 29, 28); $r = skboutput(%q, args.skb, 28, 28);
		@negative = @long < 0;`,
		path("beginning"), path("rest"), path("middle"), path("long"), path("none"), path("twice"), path("link"))))
	datagrams(t, conn, "abcdefgh")
	r := s.interrupt()
	require.Equal(t, "@beginning: 0\n@long: -14\n@middle: 0\n@negative: true\n@none: 0\n@rest: 0", strings.TrimSpace(r.stdout), r.stderr)
	beginning := timeless(readPackets(t, path("beginning")))
	require.Len(t, beginning, 1)
	require.Equal(t, 36, beginning[0].wire)
	require.Equal(t, "ab", beginning[0].data[ipHead+udpHead:])
	require.Equal(t, []packet{{wire: 8, data: "abcdefgh"}}, timeless(readPackets(t, path("rest"))))
	require.Equal(t, []packet{{wire: 6, data: "cde"}}, timeless(readPackets(t, path("middle"))))
	require.Equal(t, []packet{{wire: 36}}, timeless(readPackets(t, path("none"))))
	require.Equal(t, []packet{{wire: 8, data: "abcdefgh"}, {wire: 8, data: "abcdefgh"}}, timeless(readPackets(t, path("twice"))))
	require.Empty(t, readPackets(t, path("long")))
}

// What finds no room is counted: each datagram is in the file or among the lost.
func TestPacketsThatAreLost(t *testing.T) {
	packetProbe(t)
	path := filepath.Join(t.TempDir(), "out.pcap")
	conn, port := nobody(t)
	s := start(t, "-e", withPort(port, fmt.Sprintf(`@seen = count(); @[skboutput(%q, args.skb, args.skb->len, 0)] = count();`, path)))
	s.signal(syscall.SIGSTOP)
	const sent = 1000
	for range sent {
		datagrams(t, conn, strings.Repeat("x", 4000))
	}
	s.signal(syscall.SIGCONT)
	r := s.interrupt()
	lost := regexp.MustCompile(`Lost (\d+) events`).FindStringSubmatch(r.stderr)
	require.NotNil(t, lost, r.stderr)
	n, err := strconv.Atoi(lost[1])
	require.NoError(t, err)
	kept := len(readPackets(t, path))
	require.Positive(t, kept)
	require.Contains(t, r.stdout, fmt.Sprintf("@seen: %d\n", sent))
	require.Equal(t, sent, kept+n)
	require.Contains(t, r.stdout, fmt.Sprintf("@[-28]: %d\n", n))
	require.Contains(t, r.stdout, fmt.Sprintf("@[0]: %d\n", kept))
}

func TestPacketFileThatCannotBeMade(t *testing.T) {
	packetProbe(t)
	path := filepath.Join(t.TempDir(), "no", "out.pcap")
	r := run(t, "-e", fmt.Sprintf(`rawtracepoint:netif_receive_skb { $r = skboutput(%q, args.skb, 1, 0); }`, path))
	require.Equal(t, notStarted, r.code)
	require.Equal(t, fmt.Sprintf("ERROR: skboutput(): open %s: no such file or directory\n", path), r.stderr)
	require.Empty(t, r.stdout)
}

// The kernel does not know what a number or a value of a map points to.
func TestPacketFromAMap(t *testing.T) {
	packetProbe(t)
	path := filepath.Join(t.TempDir(), "out.pcap")
	r := run(t, "-e", fmt.Sprintf(`rawtracepoint:netif_receive_skb { @p = args.skb; $r = skboutput(%q, @p, 1, 0); }`, path))
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "ERROR: the kernel takes only a pointer that comes straight from the probe's arguments")
	require.NoFileExists(t, path)
}

func TestPacketFileThatIsFull(t *testing.T) {
	packetProbe(t)
	r := run(t, "-e", withPort(1, `@[skboutput("/dev/full", args.skb, args.skb->len, 0)] = count();`))
	require.Equal(t, notStarted, r.code)
	require.Equal(t, "ERROR: skboutput(): write /dev/full: no space left on device\n", r.stderr)
}

func timeless(ps []packet) []packet {
	for i := range ps {
		ps[i].time = time.Time{}
	}
	return ps
}
