package symbol

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

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
		{start: 0x555500000000, end: 0x555500001000, mappedFile: &mappedFile{fileID{0xfe, 0, 13}, "/tmp/a b"}},
		{start: 0x7f0000200000, end: 0x7f0000300000, offset: 0x1000, mappedFile: &mappedFile{fileID{0xfe, 0, 12}, "/lib/libc.so.6"}},
		{start: 0x7fff00000000, end: 0x7fff00001000, mappedFile: &mappedFile{path: "[vdso]"}},
	}, parseMaps(text, &fileNames{}))
}

// mustRecord makes a record as the kernel would: a head, numbers and a text, filled up to a multiple of 8 bytes, and the time.
func mustRecord(kind uint32, flags uint16, numbers []any, text string, time uint64) record {
	var b bytes.Buffer
	for _, n := range numbers {
		_ = binary.Write(&b, binary.NativeEndian, n)
	}
	if text != "" {
		b.WriteString(text)
		b.Write(make([]byte, 8-len(text)%8))
	}
	_ = binary.Write(&b, binary.NativeEndian, time)
	out := make(record, recordHeader, recordHeader+b.Len())
	binary.NativeEndian.PutUint32(out, kind)
	binary.NativeEndian.PutUint16(out[4:], flags)
	binary.NativeEndian.PutUint16(out[6:], uint16(recordHeader+b.Len()))
	return append(out, b.Bytes()...)
}

func mustMapRecord(pid uint32, start, size uint64, prot uint32, path string) record {
	return mustRecord(unix.PERF_RECORD_MMAP2, 0,
		[]any{pid, pid, start, size, uint64(0x1000), uint32(254), uint32(1), uint64(12), uint64(0), prot, uint32(2)}, path, 9)
}

func TestParseRecord(t *testing.T) {
	tests := []struct {
		name string
		rec  record
		want happening
		ok   bool
	}{
		{
			"code", mustMapRecord(7, 0x5000, 0x2000, unix.PROT_READ|unix.PROT_EXEC, "/bin/a (deleted)"),
			happening{time: 9, kind: processMaps, pid: 7, mapping: mapping{
				start: 0x5000, end: 0x7000, offset: 0x1000, mappedFile: &mappedFile{fileID{254, 1, 12}, "/bin/a"},
			}},
			true,
		},
		{"data", mustMapRecord(7, 0x5000, 0x2000, unix.PROT_READ, "/bin/a"), happening{}, false},
		{"nothing", mustMapRecord(7, 0x5000, 0, unix.PROT_EXEC, "/bin/a"), happening{}, false},
		{"nobody", mustMapRecord(nobody, 0x5000, 0x2000, unix.PROT_EXEC, "/bin/a"), happening{}, false},
		{"exec", mustRecord(unix.PERF_RECORD_COMM, commExec, []any{uint32(7), uint32(7)}, "sh", 8), happening{time: 8, kind: processRuns, pid: 7}, true},
		{"name", mustRecord(unix.PERF_RECORD_COMM, 0, []any{uint32(7), uint32(7)}, "sh", 8), happening{}, false},
		{
			"fork", mustRecord(unix.PERF_RECORD_FORK, 0, []any{uint32(8), uint32(7), uint32(8), uint32(7), uint64(3)}, "", 3),
			happening{time: 3, kind: processForks, pid: 8, parent: 7},
			true,
		},
		{"thread", mustRecord(unix.PERF_RECORD_FORK, 0, []any{uint32(7), uint32(7), uint32(9), uint32(7), uint64(3)}, "", 3), happening{}, false},
		{
			"end", mustRecord(unix.PERF_RECORD_EXIT, 0, []any{uint32(8), uint32(7), uint32(8), uint32(7), uint64(4)}, "", 4),
			happening{time: 4, kind: processEnds, pid: 8},
			true,
		},
		{"end of a thread", mustRecord(unix.PERF_RECORD_EXIT, 0, []any{uint32(8), uint32(7), uint32(9), uint32(7), uint64(4)}, "", 4), happening{}, false},
		{"short", make(record, recordHeader), happening{}, false},
	}
	for _, test := range tests {
		got, ok := test.rec.parse()
		require.Equal(t, test.ok, ok, test.name)
		if ok {
			require.Equal(t, test.want, got, test.name)
		}
	}
	require.EqualValues(t, 5, mustRecord(unix.PERF_RECORD_LOST, 0, []any{uint64(1), uint64(5)}, "", 4).lost())
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(mustMapRecord(7, 0x5000, 0x2000, unix.PROT_EXEC, "/bin/a")))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if len(b) < recordHeader {
			return
		}
		record(b).parse()
		record(b).lost()
	})
}

func TestRingWraps(t *testing.T) {
	page := &unix.PerfEventMmapPage{}
	r := &ring{meta: page, data: make([]byte, 256)}
	rec := mustRecord(unix.PERF_RECORD_FORK, 0, []any{uint32(8), uint32(7), uint32(8), uint32(7), uint64(3)}, "", 3)
	for range 40 { // several times around
		for i, b := range rec {
			r.data[(page.Data_head+uint64(i))%256] = b
		}
		page.Data_head += uint64(len(rec))
		n := 0
		r.read(r.head(), func(got record) {
			require.Equal(t, rec, got)
			n++
		})
		require.Equal(t, 1, n)
		require.False(t, r.pending())
	}
	page.Data_head += 8 // zeros, which are no record
	r.data[(page.Data_tail+6)%256], r.data[(page.Data_tail+7)%256] = 0, 0
	r.read(r.head(), func(record) { require.Fail(t, "not a record") })
	require.False(t, r.pending())
}

// TestSpaces has a process that forks, runs another program, and maps anew where something was.
func TestSpaces(t *testing.T) {
	r := New(Options{})
	w := &watch{}
	const pid, child = 1 << 29, 1<<29 + 1 // numbers that no process has
	maps := func(pid int, start, end uint64, path string) {
		w.apply(r, happening{kind: processMaps, pid: pid, mapping: mapping{start: start, end: end, mappedFile: &mappedFile{path: path}}})
	}
	find := func(pid int, addr uint64) string {
		m, ok := r.process(pid).find(addr, false)
		if !ok {
			return ""
		}
		return m.path
	}
	maps(pid, 0x1000, 0x3000, "/a")
	maps(pid, 0x5000, 0x6000, "/b")
	w.apply(r, happening{kind: processForks, pid: child, parent: pid})
	maps(pid, 0x2000, 0x4000, "/c")
	require.Equal(t, []string{"/a", "/a", "/b", ""}, []string{find(child, 0x1000), find(child, 0x2fff), find(child, 0x5000), find(child, 0x3000)})
	require.Equal(t, []string{"", "/c", "/c", "/b"}, []string{find(pid, 0x1000), find(pid, 0x2000), find(pid, 0x3fff), find(pid, 0x5fff)})
	w.apply(r, happening{kind: processRuns, pid: child})
	maps(child, 0x5000, 0x8000, "/d")
	require.Equal(t, []string{"/a", "/d", "/d"}, []string{find(child, 0x1000), find(child, 0x5000), find(child, 0x7fff)})
	require.Equal(t, "/c", find(pid, 0x2000))
	require.Equal(t, pid, r.process(child).cameOf())
	for i := range 3 * maxSpaces {
		w.apply(r, happening{kind: processRuns, pid: child})
		maps(child, uint64(i)<<20, uint64(i+1)<<20, "/e")
	}
	require.Len(t, r.process(child).spaces, maxSpaces)
	w.apply(r, happening{kind: processEnds, pid: child})
	require.Equal(t, "/e", find(child, 3*maxSpaces<<20-1), "what has ended is remembered")
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
