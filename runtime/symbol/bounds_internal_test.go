package symbol

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// nowhere is the first of numbers that no process has.
const nowhere = 1 << 29

// TestEndedProcessesAreBounded has many short processes, one that is asked for all the time, one that lives, and one whose number is used again.
func TestEndedProcessesAreBounded(t *testing.T) {
	r, w := New(Options{}), &watch{}
	run := func(pid int) {
		w.apply(r, happening{kind: processForks, pid: pid, parent: nowhere})
		w.apply(r, happening{kind: processRuns, pid: pid})
		for i := range uint64(5) {
			w.apply(r, happening{kind: processMaps, pid: pid, mapping: mapping{start: i << 20, end: (i + 1) << 20, mappedFile: &mappedFile{path: "/a"}}})
		}
	}
	known := func(pid int) bool {
		_, ok := r.procs.known[pid]
		return ok
	}
	run(nowhere)
	const asked, again, first, n = nowhere + 1, nowhere + 2, nowhere + 3, 100_000
	for _, pid := range []int{asked, again, first} {
		run(pid)
		w.apply(r, happening{kind: processEnds, pid: pid})
	}
	run(again)
	for i := range n {
		run(first + 1 + i)
		w.apply(r, happening{kind: processEnds, pid: first + 1 + i})
		if i%1000 == 0 {
			_, found := r.process(asked).find(0, false)
			require.True(t, found)
		}
	}
	require.LessOrEqual(t, r.procs.bytes, maxEnded)
	require.Greater(t, r.procs.bytes, maxEnded/2)
	require.Len(t, r.procs.known, r.procs.ended.Len()+2)
	require.True(t, known(nowhere), "it lives")
	require.True(t, known(again), "it lives again")
	require.True(t, known(asked), "it was asked for")
	require.False(t, known(first))
	require.True(t, known(first+n), "the last one")

	sum := 0
	for e := r.procs.ended.Front(); e != nil; e = e.Next() {
		sum += e.Value.(*process).size()
	}
	require.Equal(t, sum, r.procs.bytes)
}

// TestGeneratedCodeCounts has ended processes with many names of generated code, which may be found after they ended.
func TestGeneratedCodeCounts(t *testing.T) {
	r, w := New(Options{}), &watch{}
	for i := range 4 {
		p := r.process(nowhere + i)
		w.apply(r, happening{kind: processEnds, pid: nowhere + i})
		p.generated.syms = make([]Symbol, maxEnded/100)
		r.weigh(p)
		require.Equal(t, min(i+1, 3), r.procs.ended.Len())
	}
	large := r.process(nowhere + 9)
	w.apply(r, happening{kind: processEnds, pid: large.pid})
	large.generated.offset = 2 * maxEnded
	r.weigh(large)
	require.Len(t, r.procs.known, 1, "nothing but the last one")
}

// TestProcessesEndWithoutNews asks for processes that are not there, as where the kernel tells nothing.
func TestProcessesEndWithoutNews(t *testing.T) {
	r := New(Options{})
	for i := range 200_000 {
		r.process(nowhere + i)
	}
	r.process(os.Getpid())
	require.LessOrEqual(t, r.procs.bytes, maxEnded)
	require.LessOrEqual(t, len(r.procs.known)-r.procs.ended.Len(), minSweep+1)
	require.Nil(t, r.process(os.Getpid()).place)
}

// read is a file of about n bytes that was just read.
func read(c *Cache, inode uint64, n int) *cached {
	e := c.entry(identity{ino: inode})
	e.binary = &Binary{syms: make([]Symbol, n/48)}
	e.ready.Store(true)
	c.use(e)
	return e
}

func TestCacheForgetsWhatIsNotUsed(t *testing.T) {
	var c Cache
	const part = maxIdle / 4
	var all []*cached
	for i := range 5 {
		all = append(all, read(&c, uint64(i), part))
	}
	require.Len(t, c.files, 5, "all are in use")
	for _, e := range all[:3] {
		e.used = e.used.Add(-2 * idle)
	}
	_, ok := c.read(all[0].id)
	require.True(t, ok)
	read(&c, 9, part)
	require.Len(t, c.files, 4)
	for i, want := range []bool{true, false, false, true, true} {
		_, ok := c.read(all[i].id)
		require.Equal(t, want, ok, i)
	}
	sum := 0
	for _, e := range c.files {
		sum += e.bytes
	}
	require.Equal(t, sum, c.bytes)
}

func TestCacheIsBounded(t *testing.T) {
	var c Cache
	for i := range 40 {
		e := read(&c, uint64(i), 0)
		c.bytes += maxSymbols/8 - e.bytes // as if it were large
		e.bytes = maxSymbols / 8
		require.Less(t, time.Since(e.used), idle)
	}
	require.LessOrEqual(t, c.bytes, maxSymbols+maxSymbols/8)
	require.Len(t, c.files, c.order.Len())
	_, ok := c.read(identity{ino: 39})
	require.True(t, ok)
}

func TestBounded(t *testing.T) {
	var b bounded[int, int]
	b.put(-1, 7)
	for i := range 10 * maxBounded {
		b.put(i, i)
		v, ok := b.get(-1)
		require.True(t, ok, "what is asked for stays")
		require.Equal(t, 7, v)
		require.LessOrEqual(t, len(b.recent)+len(b.older), maxBounded)
	}
	_, ok := b.get(0)
	require.False(t, ok)
	v, ok := b.get(10*maxBounded - 1)
	require.True(t, ok)
	require.Equal(t, 10*maxBounded-1, v)
}
