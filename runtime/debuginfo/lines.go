package debuginfo

import (
	"debug/dwarf"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Addresses returns where a line of the source begins: an address for each function that has it and for each place that such a function
// was compiled into. The file is a path or the end of one; column 0 stands for the whole line. Errors are what to say about the line.
func (in *Info) Addresses(file string, line, column uint64) ([]uint64, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	units, err := in.list()
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	first := map[owner]uint64{}
	for _, u := range units {
		found, err := in.rowsOf(u, file, line, column, names)
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			key := in.ownerOf(u, row)
			if addr, seen := first[key]; !seen || row.Address < addr {
				first[key] = row.Address
			}
		}
	}
	place := fmt.Sprintf("%s:%d", file, line)
	if column != 0 {
		place += fmt.Sprintf(":%d", column)
	}
	switch {
	case len(names) == 0:
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("No compilation unit matches %s", file)
	case len(names) > 1:
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Ambiguous source path, matches multiple files: %s", strings.Join(slices.Sorted(maps.Keys(names)), ", "))
	case len(first) == 0:
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Unable to map '%s' to address", place)
	}
	return ofOwners(first), nil
}

// ofOwners returns the addresses. Those of a function that only calls what has the line count where nothing in it does.
func ofOwners(first map[owner]uint64) []uint64 {
	owned := map[dwarf.Offset]bool{}
	for o := range first {
		owned[o.function] = owned[o.function] || o.owns
	}
	var out []uint64
	for o, addr := range first {
		if o.owns || !owned[o.function] {
			out = append(out, addr)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rowsOf returns the rows of a line in a unit, and notes the files that match.
func (in *Info) rowsOf(u *unit, file string, line, column uint64, names map[string]bool) ([]dwarf.LineEntry, error) {
	var out []dwarf.LineEntry
	err := in.rows(u, func(row dwarf.LineEntry) {
		if row.EndSequence || row.File == nil || uint64(row.Line) != line || column != 0 && uint64(row.Column) != column {
			return
		}
		if u.isFile(row.File.Name, file) {
			out = append(out, row)
		}
	})
	for _, f := range u.files {
		if f != nil && u.isFile(f.Name, file) {
			names[f.Name] = true
		}
	}
	return out, err
}

// isFile reports whether a text is the path of a file of the unit, or its last parts.
func (u *unit) isFile(name, text string) bool {
	path := u.absolute(name)
	return name == text || path == text || strings.HasSuffix(path, "/"+text)
}

// owner is what has a row of the table of lines.
type owner struct {
	// function is the function that the code is in, or 0 if that is not known, part the same or what is compiled into it there.
	function, part dwarf.Offset
	// owns is set if the line is in the text of part.
	owns bool
}

// ownerOf returns the function that has a line, or the copy of it in another one: of those at the row's address, the one whose text
// begins last before the line.
func (in *Info) ownerOf(u *unit, row dwarf.LineEntry) owner {
	var out owner
	begin := int64(0)
	for i, e := range in.chain(u, row.Address) {
		if i == 0 {
			out = owner{function: e.Offset, part: e.Offset}
		}
		decl, at := in.attribute(e, dwarf.AttrDeclLine)
		line, ok := decl.(int64)
		if !ok || line > int64(row.Line) || line < begin {
			continue
		}
		if file, ok := at.Val(dwarf.AttrDeclFile).(int64); ok && u.fileName(file) == row.File.Name {
			out.part, out.owns, begin = e.Offset, true, line
		}
	}
	return out
}
