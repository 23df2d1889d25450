package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
)

// errUnits is returned for units whose sizes lead nowhere.
var errUnits = errors.New("damaged list of units")

// unitStarts returns the offsets of the first entries of all units, without reading what is in them.
func unitStarts(f *elf.File) ([]dwarf.Offset, error) {
	s := f.Section(".debug_info")
	if s == nil {
		return nil, nil // compressed as it was done before there was a standard for it; no line can be found then
	}
	if s.Flags&elf.SHF_COMPRESSED == 0 {
		return walkUnits(s, s.Size, f.ByteOrder)
	}
	b, err := s.Data()
	if err != nil {
		return nil, err
	}
	return walkUnits(bytes.NewReader(b), uint64(len(b)), f.ByteOrder)
}

// wide is the length of a unit whose real length follows in 8 bytes.
const wide = 0xffffffff

func walkUnits(r io.ReaderAt, size uint64, order binary.ByteOrder) ([]dwarf.Offset, error) {
	var out []dwarf.Offset
	var head [16]byte
	for at := uint64(0); at+12 <= size; {
		n, err := r.ReadAt(head[:], int64(at))
		if n < 12 && err != nil {
			return nil, err
		}
		length, word := uint64(order.Uint32(head[:])), uint64(4)
		begin := at + 4
		if length == wide {
			length, word = order.Uint64(head[4:]), 8
			begin = at + 12
		}
		if length < 2+word || length > size-begin {
			return nil, errUnits
		}
		version := order.Uint16(head[begin-at:])
		header := 2 + word + 1 // version, abbreviations, size of addresses
		if version >= 5 {
			header++ // and the kind of unit, after which a skeleton has an id
			if kind := head[begin-at+2]; kind == unitSkeleton || kind == unitSplit {
				header += 8
			}
		}
		out = append(out, dwarf.Offset(begin+header))
		at = begin + length
	}
	return out, nil
}

// The kinds of units that have an id.
const (
	unitSkeleton = 4 // DW_UT_skeleton
	unitSplit    = 5 // DW_UT_split_compile
)
