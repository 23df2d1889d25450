package unwind

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gtrace/gtrace/codegen/object"
)

// PackedRow is a row as programs read it.
type PackedRow struct{ PC, Rule uint32 }

// Range is a range of addresses of a process and the rows for it, as programs read it. One without rows is code of which nothing is
// known.
type Range struct {
	Start, Bias              uint64
	Size, Chunk, First, Rows uint32
}

// Processes keeps the tables of the files that processes have mapped. Its methods are for one goroutine at a time.
type Processes struct {
	rules  *Rules
	chunks [][]PackedRow
	files  map[string]*file
	procs  map[int]*process
}

// file is a file whose table is loaded.
type file struct {
	table *Table // without rows, which are in pieces; nil if there is none
	base  uint64
	// buildID is empty if the file has none.
	buildID string
	// pieces are where the rows are.
	pieces []piece
}

// piece is a part of a file's rows, all in one chunk; from is the address of the first.
type piece struct {
	from               uint64
	chunk, first, rows uint32
}

// process is a process and what it has mapped.
type process struct {
	maps   []mapping
	ranges []Range
}

// NewProcesses returns a set without processes.
func NewProcesses() *Processes {
	return &Processes{rules: NewRules(), files: map[string]*file{}, procs: map[int]*process{}}
}

// Rules returns the rules of all files. Ones that were there before keep their numbers.
func (p *Processes) Rules() []Rule { return p.rules.All() }

// Chunks returns the rows of all files. Chunks only grow.
func (p *Processes) Chunks() [][]PackedRow { return p.chunks }

// Ranges returns the ranges of a process, sorted by address.
func (p *Processes) Ranges(pid int) []Range {
	if q := p.procs[pid]; q != nil {
		return q.ranges
	}
	return nil
}

// PIDs returns the processes, sorted.
func (p *Processes) PIDs() []int {
	var out []int
	for pid := range p.procs {
		out = append(out, pid)
	}
	slices.Sort(out)
	return out
}

// Forget forgets what a process has mapped. The tables of its files stay.
func (p *Processes) Forget(pid int) { delete(p.procs, pid) }

// Refresh looks what a process has mapped and reports whether that is something else than when it last did. The errors are about
// files that could not be read, once for each, and about the process. What a process had mapped that is gone stays known.
func (p *Processes) Refresh(pid int) (changed bool, errs []error) {
	mapped, err := readMappings(pid)
	if err != nil {
		return false, []error{fmt.Errorf("read what process %d has mapped: %w", pid, err)}
	}
	q := p.procs[pid]
	if q == nil {
		q = &process{}
		p.procs[pid] = q
	}
	if len(mapped) == 0 || slices.Equal(mapped, q.maps) { // a process that ended but was not waited for has no mappings
		return false, nil
	}
	q.maps, q.ranges = mapped, nil
	failed := map[string]error{}
	for i := range mapped {
		rs, err := p.rangesOf(pid, &mapped[i])
		q.ranges = append(q.ranges, rs...)
		if err != nil {
			failed[mapped[i].key()] = fmt.Errorf("read how to unwind %s: %w", mapped[i].name(), err)
		}
	}
	if len(failed) > 0 && !hasMapped(pid, mapped) {
		p.retry(failed)
	}
	for _, key := range slices.Sorted(maps.Keys(failed)) {
		errs = append(errs, failed[key])
	}
	return true, errs
}

// retry has files read again the next time that could not be read: the process has ended or runs another program meanwhile, and that may be why.
func (p *Processes) retry(failed map[string]error) {
	for key := range failed {
		if f := p.files[key]; f != nil && f.table == nil {
			delete(p.files, key)
			delete(failed, key)
		}
	}
}

// hasMapped reports whether these are what a process has mapped.
func hasMapped(pid int, mapped []mapping) bool {
	now, err := readMappings(pid)
	return err == nil && slices.Equal(mapped, now)
}

// rangesOf returns the ranges of a mapping. An error comes with the first mapping of a file alone.
func (p *Processes) rangesOf(pid int, m *mapping) ([]Range, error) {
	unknown := []Range{{Start: m.start, Size: clip(m.end - m.start)}}
	key := m.key()
	if key == "" {
		return unknown, nil
	}
	f, known := p.files[key]
	var err error
	if !known {
		f, err = p.load(pid, m)
		p.files[key] = f
	}
	bias, ok := uint64(0), false
	if f.table != nil {
		bias, ok = m.bias(f.table.segments)
	}
	if !ok {
		return unknown, err
	}
	return f.ranges(m, bias), err
}

// clip returns a size of at most 4 GiB.
func clip(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

// ranges returns the ranges of a mapping of the file: one for each piece that it reaches into.
func (f *file) ranges(m *mapping, bias uint64) []Range {
	var out []Range
	for i, pc := range f.pieces {
		start, end := m.start, m.end
		if i > 0 {
			start = max(start, pc.from+bias)
		}
		if i+1 < len(f.pieces) {
			end = min(end, f.pieces[i+1].from+bias)
		}
		if start < end {
			out = append(out, Range{Start: start, Size: clip(end - start), Bias: bias + f.base, Chunk: pc.chunk, First: pc.first, Rows: pc.rows})
		}
	}
	if len(out) == 0 {
		return []Range{{Start: m.start, Size: clip(m.end - m.start)}}
	}
	return out
}

// load reads the file of a mapping and puts its rows into chunks. There is always a file, though maybe without a table.
func (p *Processes) load(pid int, m *mapping) (*file, error) {
	f := &file{}
	img, err := m.open(pid)
	if err != nil {
		return f, err
	}
	f.buildID = buildID(img.File)
	dropped := p.rules.Dropped
	t, err := ReadTable(img.File, p.rules)
	if err := errors.Join(err, img.close()); err != nil {
		return f, err
	}
	if f.base, err = t.base(); err != nil {
		return f, err
	}
	if f.pieces, err = p.store(t.Rows, f.base); err != nil {
		return f, err
	}
	f.table = &Table{segments: t.segments}
	switch {
	case t.Bad > 0:
		err = fmt.Errorf("%d functions have information that makes no sense", t.Bad)
	case p.rules.Dropped > dropped:
		err = fmt.Errorf("there are more than %d kinds of frames", object.UnwindMaxRules)
	}
	return f, err
}

// store puts rows into chunks and returns where they are.
func (p *Processes) store(rows []Row, base uint64) ([]piece, error) {
	const size = object.UnwindChunkRows
	free := 0
	if n := len(p.chunks); n > 0 {
		free = size - len(p.chunks[n-1])
	}
	if need := (len(rows) - free + size - 1) / size; need+len(p.chunks) > object.UnwindMaxChunks {
		return nil, fmt.Errorf("its table of %d entries is too much: all tables together may have %d", len(rows), size*object.UnwindMaxChunks)
	}
	var out []piece
	for len(rows) > 0 {
		if n := len(p.chunks); n == 0 || len(p.chunks[n-1]) == size {
			p.chunks = append(p.chunks, nil)
		}
		last := len(p.chunks) - 1
		c := p.chunks[last]
		n := min(len(rows), size-len(c))
		out = append(out, piece{from: rows[0].PC, chunk: uint32(last), first: uint32(len(c)), rows: uint32(n)})
		for _, r := range rows[:n] {
			c = append(c, PackedRow{uint32(r.PC - base), r.Rule})
		}
		p.chunks[last] = c
		rows = rows[n:]
	}
	return out, nil
}

// File returns where an address of a process is in the file that it is mapped from, and the file's build id.
func (p *Processes) File(pid int, addr uint64) (offset uint64, buildID string, ok bool) {
	q := p.procs[pid]
	if q == nil {
		return 0, "", false
	}
	n, found := slices.BinarySearchFunc(q.maps, addr, func(m mapping, a uint64) int { return cmp.Compare(m.start, a) })
	if !found {
		n--
	}
	if n < 0 || addr >= q.maps[n].end {
		return 0, "", false
	}
	m := &q.maps[n]
	f := p.files[m.key()]
	if f == nil || f.buildID == "" {
		return 0, "", false
	}
	return addr - m.start + m.offset, f.buildID, true
}
