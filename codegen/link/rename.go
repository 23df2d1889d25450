package link

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The library that reads object files takes functions in the section .text for parts of programs elsewhere in the file and drops those
// that no program calls. Here all are wanted, so the section gets another name, in the file's table of sections and in its BTF.
const (
	textSection = ".text"
	newSection  = "gtext"
)

// The parts of a 64-bit ELF file that are needed for that.
const (
	elfHeaderSize = 64
	sectionSize   = 64
	offSectionsAt = 40 // e_shoff
	offSections   = 58 // e_shentsize, e_shnum, e_shstrndx: 16 bits each
	secName       = 0  // sh_name, 32 bits
	secOffset     = 24 // sh_offset
	secSize       = 32 // sh_size
	offMachine    = 18 // e_machine
	machineBPF    = 247
	btfHeaderSize = 24
	btfHeaderLen  = 4  // hdr_len
	btfStringsAt  = 16 // str_off, str_len
)

var (
	errNoBPF    = errors.New("no BPF object file of this byte order")
	errTooShort = errors.New("the file is cut short")
)

// section is a header in an ELF file: where it is, and what it says.
type section struct {
	at           int
	name         string
	offset, size int
}

// renameText returns the file with .text renamed; the file itself is not changed.
func renameText(file []byte) ([]byte, error) {
	sections, names, err := readSections(file)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(file)
	order := binary.LittleEndian
	for _, s := range sections {
		switch s.name {
		case textSection:
			table := append(bytes.Clone(file[names.offset:names.offset+names.size]), newSection+"\x00"...)
			order.PutUint32(out[s.at+secName:], uint32(names.size))
			order.PutUint64(out[names.at+secOffset:], uint64(len(out)))
			order.PutUint64(out[names.at+secSize:], uint64(len(table)))
			out = append(out, table...)
		case ".BTF":
			renameInBTF(out[s.offset : s.offset+s.size])
		}
	}
	return out, nil
}

// readSections returns the sections of an ELF file and the one that holds their names.
func readSections(file []byte) (all []section, names section, err error) {
	order := binary.LittleEndian
	if len(file) < elfHeaderSize || string(file[:4]) != "\x7fELF" || file[4] != 2 || file[5] != 1 || order.Uint16(file[offMachine:]) != machineBPF {
		return nil, section{}, errNoBPF
	}
	start := order.Uint64(file[offSectionsAt:])
	size, n, strings := order.Uint16(file[offSections:]), order.Uint16(file[offSections+2:]), order.Uint16(file[offSections+4:])
	if size != sectionSize || strings >= n || start > uint64(len(file)) || uint64(n)*sectionSize > uint64(len(file))-start {
		return nil, section{}, errTooShort
	}
	for i := range int(n) {
		s, ok := readSection(file, int(start)+i*sectionSize)
		if !ok {
			continue // one without contents in the file
		}
		if i == int(strings) {
			names = s
		}
		all = append(all, s)
	}
	for i := range all {
		nameAt := int(order.Uint32(file[all[i].at+secName:]))
		if nameAt < names.size {
			text, _, _ := bytes.Cut(file[names.offset+nameAt:names.offset+names.size], []byte{0})
			all[i].name = string(text)
		}
	}
	return all, names, nil
}

func readSection(file []byte, at int) (section, bool) {
	offset, size := binary.LittleEndian.Uint64(file[at+secOffset:]), binary.LittleEndian.Uint64(file[at+secSize:])
	if offset > uint64(len(file)) || size > uint64(len(file))-offset {
		return section{}, false
	}
	return section{at: at, offset: int(offset), size: int(size)}, true
}

// renameInBTF renames .text among the strings of BTF data, by which what BTF says of lines and functions finds its section.
func renameInBTF(data []byte) {
	if len(data) < btfHeaderSize {
		return
	}
	order := binary.LittleEndian
	start := uint64(order.Uint32(data[btfHeaderLen:])) + uint64(order.Uint32(data[btfStringsAt:]))
	end := start + uint64(order.Uint32(data[btfStringsAt+4:]))
	if end > uint64(len(data)) {
		return
	}
	strings := data[start:end]
	if i := bytes.Index(strings, []byte("\x00"+textSection+"\x00")); i >= 0 {
		copy(strings[i+1:], newSection)
	}
}
