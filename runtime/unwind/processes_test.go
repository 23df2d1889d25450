package unwind

import (
	"cmp"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/tests/testenv"
)

// rowAt looks an address up as programs do: the range, the row, the rule.
func rowAt(p *Processes, pid int, addr uint64) (Rule, bool) {
	ranges := p.Ranges(pid)
	n, found := slices.BinarySearchFunc(ranges, addr, func(r Range, a uint64) int { return cmp.Compare(r.Start, a) })
	if !found {
		n--
	}
	if n < 0 || addr-ranges[n].Start >= uint64(ranges[n].Size) || ranges[n].Rows == 0 {
		return Rule{}, false
	}
	r := ranges[n]
	rows := p.Chunks()[r.Chunk][r.First : r.First+r.Rows]
	k, found := slices.BinarySearchFunc(rows, uint32(addr-r.Bias), func(row PackedRow, pc uint32) int { return cmp.Compare(row.PC, pc) })
	if !found {
		k--
	}
	if k < 0 {
		return Rule{}, false
	}
	return p.Rules()[rows[k].Rule], true
}

func TestProcesses(t *testing.T) {
	cmd := exec.Command(testenv.NoFramePointers(t, "-pie", "-fPIE"), "spin", "60")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	pid := cmd.Process.Pid
	p := NewProcesses()
	require.Eventually(t, func() bool {
		_, errs := p.Refresh(pid)
		require.Empty(t, errs)
		return slices.ContainsFunc(p.procs[pid].maps, func(m mapping) bool { return filepath.Base(m.path) == "libc.so.6" })
	}, 10*time.Second, 10*time.Millisecond)
	changed, errs := p.Refresh(pid)
	require.False(t, changed)
	require.Empty(t, errs)
	require.Equal(t, []int{pid}, p.PIDs())

	ranges := p.Ranges(pid)
	require.True(t, slices.IsSortedFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) }))
	tables := map[string]int{}
	for _, m := range p.procs[pid].maps {
		for a := m.start; a < m.end; a += 64 {
			if rule, ok := rowAt(p, pid, a); ok && rule.Kind != object.UnwindNone {
				tables[filepath.Base(m.path)]++
			}
		}
	}
	for _, name := range []string{"nofp", "libc.so.6", vdso} {
		require.Greater(t, tables[name], 2, "addresses of %s with a rule, of %v", name, tables)
	}
	m := p.procs[pid].maps[0]
	off, id, ok := p.File(pid, m.start+5)
	require.True(t, ok)
	require.Equal(t, m.offset+5, off)
	require.Len(t, id, 40)
}

func TestRefreshOfNobody(t *testing.T) {
	_, errs := NewProcesses().Refresh(1 << 30)
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "read what process 1073741824 has mapped")
}

func TestStore(t *testing.T) {
	p := NewProcesses()
	const base, n = 0x400000, 3*object.UnwindChunkRows + 10
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{base + 4*uint64(i), uint32(i % 7)}
	}
	_, err := p.store(rows[:100], base)
	require.NoError(t, err)
	pieces, err := p.store(rows, base)
	require.NoError(t, err)
	require.Len(t, pieces, 4)
	require.Equal(t, piece{from: base, chunk: 0, first: 100, rows: object.UnwindChunkRows - 100}, pieces[0])

	f := &file{base: base, pieces: pieces}
	m := &mapping{start: 0x7f0000000000, end: 0x7f0000000000 + 4*n}
	const bias = 0x7f0000000000 - base
	p.procs[7] = &process{ranges: f.ranges(m, bias)}
	require.Len(t, p.Ranges(7), 4)
	p.rules.list = make([]Rule, 7)
	for i := range p.rules.list {
		p.rules.list[i].Offset = int32(i)
	}
	for _, i := range []int{0, 1, 99, object.UnwindChunkRows - 101, object.UnwindChunkRows - 100, 2 * object.UnwindChunkRows, n - 1} {
		rule, ok := rowAt(p, 7, m.start+4*uint64(i)+2)
		require.True(t, ok, "row %d", i)
		require.Equal(t, int32(i%7), rule.Offset, "row %d", i)
	}
	_, ok := rowAt(p, 7, m.end)
	require.False(t, ok)
}

func TestStoreTooMuch(t *testing.T) {
	p := NewProcesses()
	p.chunks = make([][]PackedRow, object.UnwindMaxChunks)
	p.chunks[object.UnwindMaxChunks-1] = make([]PackedRow, object.UnwindChunkRows-1)
	_, err := p.store(make([]Row, 1), 0)
	require.NoError(t, err)
	_, err = p.store(make([]Row, 1), 0)
	require.ErrorContains(t, err, "is too much")
}

func TestParseMappings(t *testing.T) {
	const text = `55d0c0000000-55d0c0002000 r--p 00000000 08:01 1234                       /usr/bin/a b
55d0c0002000-55d0c0005000 r-xp 00002000 08:01 1234                       /usr/bin/a b
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7ffe00000000-7ffe00002000 r-xp 00000000 00:00 0                          [vdso]
nonsense
7fff00000000-7ffe00002000 r-xp 00000000 00:00 0                          backwards
`
	got := parseMappings(text)
	require.Equal(t, []mapping{
		{start: 0x55d0c0002000, end: 0x55d0c0005000, offset: 0x2000, dev: "08:01", inode: 1234, path: "/usr/bin/a b"},
		{start: 0x7f0000000000, end: 0x7f0000001000, dev: "00:00"},
		{start: 0x7ffe00000000, end: 0x7ffe00002000, dev: "00:00", path: vdso},
	}, got)
	require.Equal(t, []string{"08:01:1234", "", vdso}, []string{got[0].key(), got[1].key(), got[2].key()})
}
