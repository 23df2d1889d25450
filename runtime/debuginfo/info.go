package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"io"
	"strings"
	"sync"
)

// Info is the debug information of a program. It is safe for concurrent use.
type Info struct {
	data *dwarf.Data
	// size is about how many bytes data takes.
	size int

	// starts are where the units begin.
	starts []dwarf.Offset

	mu     sync.Mutex
	units  map[dwarf.Offset]*unit
	frames map[uint64][]Frame
}

// unit is what was compiled at once: a source file, mostly.
type unit struct {
	entry *dwarf.Entry
	// The others are nil until they are read.
	files []*dwarf.LineFile
	funcs []function
	read  bool
}

// function is a function with code.
type function struct {
	ranges [][2]uint64
	offset dwarf.Offset
}

func newInfo(f *elf.File) (*Info, error) {
	data, err := f.DWARF()
	if err != nil {
		return nil, err
	}
	starts, err := unitStarts(f)
	if err != nil {
		return nil, err
	}
	return &Info{data: data, size: size(f), starts: starts, units: map[dwarf.Offset]*unit{}, frames: map[uint64][]Frame{}}, nil
}

// size returns how many bytes the debug information of a file has.
func size(f *elf.File) int {
	n := 0
	for _, s := range f.Sections {
		if strings.HasPrefix(s.Name, ".debug_") || strings.HasPrefix(s.Name, ".zdebug_") {
			n += int(s.Size)
		}
	}
	return n
}

// unitFrom returns the unit that begins with an entry.
func (in *Info) unitFrom(e *dwarf.Entry) *unit {
	u := in.units[e.Offset]
	if u == nil {
		u = &unit{entry: e}
		in.units[e.Offset] = u
	}
	return u
}

// list returns all units that have code.
func (in *Info) list() ([]*unit, error) {
	var out []*unit
	r := in.data.Reader()
	for _, at := range in.starts {
		r.Seek(at)
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e != nil && (e.Tag == dwarf.TagCompileUnit || e.Tag == dwarf.TagSkeletonUnit) {
			out = append(out, in.unitFrom(e))
		}
	}
	return out, nil
}

// unitAt returns the unit that the code at an address is of, or nil.
func (in *Info) unitAt(addr uint64) *unit {
	e, err := in.data.Reader().SeekPC(addr)
	if err != nil || e == nil {
		return nil
	}
	return in.unitFrom(e)
}

// rows calls f for each row of a unit's table of lines.
func (in *Info) rows(u *unit, f func(dwarf.LineEntry)) error {
	lr, err := in.data.LineReader(u.entry)
	if err != nil || lr == nil {
		return err
	}
	u.files = lr.Files()
	for {
		var row dwarf.LineEntry
		err := lr.Next(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f(row)
	}
}

// rowAt returns the row of a unit's table of lines that an address is in. The last one of those that begin at the same address counts.
func (in *Info) rowAt(u *unit, addr uint64) (dwarf.LineEntry, bool) {
	var last, found dwarf.LineEntry
	valid, ok := false, false
	err := in.rows(u, func(row dwarf.LineEntry) {
		if valid && !ok && last.Address <= addr && addr < row.Address {
			found, ok = last, true
		}
		last, valid = row, !row.EndSequence
	})
	return found, ok && err == nil
}

// functions reads where the functions of a unit are.
func (in *Info) functions(u *unit) []function {
	if u.read {
		return u.funcs
	}
	u.read = true
	r := in.data.Reader()
	r.Seek(u.entry.Offset)
	depth, last := 0, dwarf.Offset(0)
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			return u.funcs
		}
		if e.Tag == 0 {
			if depth--; depth <= 0 {
				return u.funcs
			}
			continue
		}
		if e.Offset <= last { // damaged entries may lead back
			return u.funcs
		}
		last = e.Offset
		if e.Tag == dwarf.TagSubprogram {
			if ranges, err := in.data.Ranges(e); err == nil && len(ranges) > 0 {
				u.funcs = append(u.funcs, function{ranges: ranges, offset: e.Offset})
			}
		}
		switch {
		case !e.Children:
			if depth == 0 {
				return u.funcs // an empty unit
			}
		case depth == 0 || holdsFunctions(e.Tag):
			depth++
		default:
			r.SkipChildren()
		}
	}
}

// holdsFunctions reports whether functions may be in an entry.
func holdsFunctions(t dwarf.Tag) bool {
	switch t {
	case dwarf.TagNamespace, dwarf.TagClassType, dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagModule:
		return true
	default: // no other tag matters here
		return false
	}
}

func within(ranges [][2]uint64, addr uint64) bool {
	for _, r := range ranges {
		if addr >= r[0] && addr < r[1] {
			return true
		}
	}
	return false
}

// chain returns the function that an address is in, and what was compiled into it there, the innermost last.
func (in *Info) chain(u *unit, addr uint64) []*dwarf.Entry {
	for _, f := range in.functions(u) {
		if within(f.ranges, addr) {
			return in.descend(f.offset, addr)
		}
	}
	return nil
}

// descend returns a function and what is inlined into it at an address.
func (in *Info) descend(at dwarf.Offset, addr uint64) []*dwarf.Entry {
	r := in.data.Reader()
	r.Seek(at)
	e, err := r.Next()
	if err != nil || e == nil {
		return nil
	}
	out := []*dwarf.Entry{e}
	if !e.Children {
		return out
	}
	last := e.Offset
	for depth := 1; depth > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			return out
		}
		if e.Tag == 0 {
			depth--
			continue
		}
		if e.Offset <= last { // damaged entries may lead back
			return out
		}
		last = e.Offset
		inlined := e.Tag == dwarf.TagInlinedSubroutine
		if !inlined && e.Tag != dwarf.TagLexDwarfBlock || !in.holds(e, addr) {
			r.SkipChildren()
			continue
		}
		if inlined {
			out = append(out, e)
		}
		if !e.Children {
			return out
		}
		depth = 1 // what is around cannot hold the address a second time
	}
	return out
}

// holds reports whether an address is in a block. Where the first instructions of inlined functions are mingled with those around, only
// the address that a function is entered at is said to be its own.
func (in *Info) holds(e *dwarf.Entry, addr uint64) bool {
	ranges, err := in.data.Ranges(e)
	if err == nil && within(ranges, addr) {
		return true
	}
	entry, ok := e.Val(dwarf.AttrEntrypc).(uint64)
	return ok && entry == addr
}

// maxOrigins bounds how far the entries of a function lead from one to the next.
const maxOrigins = 8

// attribute returns an attribute of an entry, or of what the entry is a copy or the definition of.
func (in *Info) attribute(e *dwarf.Entry, attrs ...dwarf.Attr) (any, *dwarf.Entry) {
	for range maxOrigins {
		for _, a := range attrs {
			if v := e.Val(a); v != nil {
				return v, e
			}
		}
		next, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if next, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				return nil, nil
			}
		}
		r := in.data.Reader()
		r.Seek(next)
		var err error
		if e, err = r.Next(); err != nil || e == nil {
			return nil, nil
		}
	}
	return nil, nil
}
