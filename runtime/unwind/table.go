package unwind

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/gtrace/gtrace/codegen/object"
)

const (
	// maxSection is the size of the largest section that is read.
	maxSection = 1 << 29
	// maxScanned is the size of the largest segment that is searched for code without call frame information.
	maxScanned = 32 << 20
)

// ErrNoInfo says that a file has no call frame information.
var ErrNoInfo = errors.New("it has no call frame information")

// Table is what a file says of its functions' frames.
type Table struct {
	// Rows are sorted by address, as the file has it. They begin with the first function; behind the last one there is a row for unknown code.
	Rows []Row
	// Bad is the number of functions that were left out since what the file says of them makes no sense.
	Bad int

	segments []elf.ProgHeader
}

// ReadTable reads the table of a program or library. Its rules are numbered in rules.
func ReadTable(f *elf.File, rules *Rules) (*Table, error) {
	if f.Machine != elf.EM_X86_64 || f.Class != elf.ELFCLASS64 {
		return nil, fmt.Errorf("it is for %v, which is not supported", f.Machine)
	}
	t := &Table{}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 {
			t.segments = append(t.segments, p.ProgHeader)
		}
	}
	eh, err := ehFrame(f)
	if err != nil {
		return nil, err
	}
	debug, err := debugFrame(f)
	if err != nil {
		return nil, err
	}
	if eh == nil && debug == nil {
		return t, ErrNoInfo
	}
	t.addSection(eh, rules)
	t.addSection(debug, rules)
	t.addSignals(f, rules)
	return t, nil
}

// ehFrame finds the information for running programs: by its section or, in a file without any, by the header for it.
func ehFrame(f *elf.File) (*section, error) {
	if s := f.Section(".eh_frame"); s != nil && s.Type != elf.SHT_NOBITS {
		if s.Size > maxSection {
			return nil, fmt.Errorf("its .eh_frame has %d bytes, which is too much", s.Size)
		}
		data, err := s.Data()
		if err != nil {
			return nil, fmt.Errorf("read .eh_frame: %w", err)
		}
		return &section{data: data, addr: s.Addr}, nil
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_GNU_EH_FRAME {
			return byHeader(f, p)
		}
	}
	return nil, nil
}

// byHeader finds the section by the header that programs have in memory.
func byHeader(f *elf.File, p *elf.Prog) (*section, error) {
	b := make([]byte, min(p.Filesz, 64))
	if _, err := p.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read .eh_frame_hdr: %w", err)
	}
	r := &reader{b: b}
	version, enc := r.u8(), r.u8()
	r.u16()
	addr := r.pointer(enc, p.Vaddr, p.Vaddr)
	if version != 1 || r.failed {
		return nil, errors.New("its .eh_frame_hdr makes no sense")
	}
	for _, load := range f.Progs {
		if load.Type != elf.PT_LOAD || addr < load.Vaddr || addr-load.Vaddr >= load.Filesz {
			continue
		}
		data, err := io.ReadAll(io.NewSectionReader(load, int64(addr-load.Vaddr), int64(min(load.Filesz-(addr-load.Vaddr), maxSection))))
		if err != nil {
			return nil, fmt.Errorf("read .eh_frame: %w", err)
		}
		return &section{data: untilEnd(data), addr: addr}, nil
	}
	return nil, errors.New("its .eh_frame_hdr points nowhere")
}

// untilEnd cuts what begins with a section at the entry of size 0 that ends it.
func untilEnd(data []byte) []byte {
	for off := 0; ; {
		r := &reader{b: data, off: off}
		size := uint64(r.u32())
		if size == 0xffffffff {
			size = r.u64()
		}
		if r.failed || size == 0 || size > uint64(r.left()) {
			return data[:off]
		}
		off = r.off + int(size)
	}
}

// debugFrame finds the information for debuggers, which also covers what .eh_frame leaves out.
func debugFrame(f *elf.File) (*section, error) {
	s := f.Section(".debug_frame")
	if s == nil || s.Type == elf.SHT_NOBITS {
		return nil, nil
	}
	if s.Size > maxSection {
		return nil, fmt.Errorf("its .debug_frame has %d bytes, which is too much", s.Size)
	}
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("read .debug_frame: %w", err)
	}
	return &section{data: data, debug: true}, nil
}

// addSection adds the functions of a section that are not known yet.
func (t *Table) addSection(s *section, rules *Rules) {
	if s == nil {
		return
	}
	fs, bad := s.fdes()
	t.Bad += bad
	slices.SortStableFunc(fs, func(a, b fde) int { return cmp.Compare(a.start, b.start) })
	var rows []Row
	last := uint64(0)
	for _, f := range fs {
		if f.start < last || f.start == 0 { // 0: a function that the linker has thrown away
			continue
		}
		one, err := rowsOf(f, rules)
		if err != nil {
			t.Bad++
			continue
		}
		rows = appendRows(rows, one, f.end)
		last = f.end
	}
	t.Rows = merge(t.Rows, rows)
}

// padding is the number of bytes below which what is between two functions is nothing that runs.
const padding = 16

// appendRows adds the rows of a function that ends at an address to those of the functions before it.
func appendRows(rows, one []Row, end uint64) []Row {
	if n := len(rows); n > 0 && len(one) > 0 && one[0].PC-rows[n-1].PC < padding {
		rows = rows[:n-1] // the end of the function before
	}
	for _, r := range one {
		if n := len(rows); n > 0 && rows[n-1].Rule == r.Rule {
			continue
		}
		rows = append(rows, r)
	}
	return append(rows, Row{end, noRule})
}

// merge fills the places of which a knows nothing with what b knows of them.
func merge(a, b []Row) []Row {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	var out []Row
	add := func(pc uint64, rule uint32) {
		if n := len(out); n == 0 && rule != noRule || n > 0 && out[n-1].Rule != rule {
			out = append(out, Row{pc, rule})
		}
	}
	ra, rb := uint32(noRule), uint32(noRule)
	for len(a) > 0 || len(b) > 0 {
		var pc uint64
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].PC <= b[0].PC:
			pc, ra = a[0].PC, a[0].Rule
			if len(b) > 0 && b[0].PC == pc {
				rb, b = b[0].Rule, b[1:]
			}
			a = a[1:]
		default:
			pc, rb = b[0].PC, b[0].Rule
			b = b[1:]
		}
		if ra != noRule {
			add(pc, ra)
		} else {
			add(pc, rb)
		}
	}
	return out
}

// sigreturn is the code that a handler of a signal returns to, where that is not described: mov $15, %rax; syscall.
var sigreturn = []byte{0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}

// contextR8 is where R8 is in the context of a signal, counted from RSP in the code that its handler returns to.
const contextR8 = 40

// addSignals adds rows for such code: musl and Go have no others.
func (t *Table) addSignals(f *elf.File, rules *Rules) {
	var rows []Row
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 || p.Filesz > maxScanned {
			continue
		}
		code, err := io.ReadAll(io.NewSectionReader(p, 0, int64(p.Filesz)))
		if err != nil {
			continue
		}
		for at := 0; ; {
			n := bytes.Index(code[at:], sigreturn)
			if n < 0 {
				break
			}
			at += n
			pc := p.Vaddr + uint64(at)
			at += len(sigreturn)
			// A handler returns to the first byte, but an address of a return is looked up one byte before it.
			rows = append(rows, Row{pc - 1, rules.number(Rule{Kind: object.UnwindSignal, Offset: contextR8})}, Row{p.Vaddr + uint64(at), noRule})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.PC, b.PC) })
	t.Rows = merge(t.Rows, rows)
}

// rule returns the number of the rule at an address.
func (t *Table) rule(pc uint64) uint32 {
	n, found := slices.BinarySearchFunc(t.Rows, pc, func(r Row, pc uint64) int { return cmp.Compare(r.PC, pc) })
	if !found {
		n--
	}
	if n < 0 {
		return noRule
	}
	return t.Rows[n].Rule
}

// base is the address that the rows' addresses are counted from in what programs read, where they have 32 bits.
func (t *Table) base() (uint64, error) {
	if len(t.Rows) == 0 {
		return 0, nil
	}
	first, last := t.Rows[0].PC, t.Rows[len(t.Rows)-1].PC
	if last-first > math.MaxUint32 {
		return 0, errors.New("its code is spread over more than 4 GiB")
	}
	return first, nil
}
