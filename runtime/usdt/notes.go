package usdt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Note is one place in the code that has a static probe. A probe may have several places.
type Note struct {
	Provider, Name string
	// Addr is the place in the file's own address space, Offset the same in the file.
	Addr, Offset uint64
	// Semaphore is where in the file the counter is that says whether anyone listens; 0 if there is none.
	Semaphore uint64
	// Args are the operands of the arguments as the compiler wrote them: "-4@%eax 8@16(%rsp)".
	Args string
}

const (
	noteSection = ".note.stapsdt"
	baseSection = ".stapsdt.base"
	noteOwner   = "stapsdt"
	noteType    = 3
	// maxNotes bounds the notes of a file; the largest programs have some thousands.
	maxNotes = 1 << 20
	// maxSection is the size of the largest section of notes that is read.
	maxSection = 256 << 20
)

// ErrNotELF is returned for a file that is neither a program nor a library.
var ErrNotELF = errors.New("not a program or library")

// Read returns the static probes of an ELF file, in the order of its notes; none if it has none.
func Read(path string) ([]Note, error) {
	f, err := elf.Open(path)
	if err != nil {
		if format := (*elf.FormatError)(nil); errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read %s: %w", path, ErrNotELF)
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	notes, err := readFile(f)
	if err != nil {
		return nil, fmt.Errorf("read static probes of %s: %w", path, err)
	}
	return notes, nil
}

func readFile(f *elf.File) ([]Note, error) {
	s := f.Section(noteSection)
	if s == nil || s.Type != elf.SHT_NOTE {
		return nil, nil
	}
	if f.Class != elf.ELFCLASS64 {
		return nil, errors.New("only 64-bit programs can be traced")
	}
	if s.Size > maxSection {
		return nil, fmt.Errorf("section %s of %d bytes is too large", noteSection, s.Size)
	}
	data, err := s.Data()
	if err != nil {
		return nil, err
	}
	var base uint64
	if b := f.Section(baseSection); b != nil {
		base = b.Addr
	}
	raw, err := parseSection(data, f.ByteOrder)
	if err != nil {
		return nil, err
	}
	return place(f, raw, base)
}

// rawNote is a note as it is in the file.
type rawNote struct {
	pc, base, semaphore  uint64
	provider, name, args string
}

// parseSection reads the notes of a section.
func parseSection(data []byte, order binary.ByteOrder) ([]rawNote, error) {
	var out []rawNote
	for len(data) > 0 {
		if len(data) < 12 {
			return nil, errors.New("a note is cut short")
		}
		nameSize, descSize, kind := order.Uint32(data), order.Uint32(data[4:]), order.Uint32(data[8:])
		name, rest, ok := cut(data[12:], nameSize)
		if !ok {
			return nil, errors.New("a note's name is cut short")
		}
		desc, rest, ok := cut(rest, descSize)
		if !ok {
			return nil, errors.New("a note is cut short")
		}
		data = rest
		if kind != noteType || string(bytes.TrimRight(name, "\x00")) != noteOwner {
			continue
		}
		n, err := parseNote(desc, order)
		if err != nil {
			return nil, err
		}
		if len(out) == maxNotes {
			return nil, fmt.Errorf("more than %d notes", maxNotes)
		}
		out = append(out, n)
	}
	return out, nil
}

// cut splits size bytes off, and what fills them up to a multiple of 4.
func cut(data []byte, size uint32) (part, rest []byte, ok bool) {
	if uint64(size) > uint64(len(data)) {
		return nil, nil, false
	}
	end := min((uint64(size)+3)&^3, uint64(len(data)))
	return data[:size], data[end:], true
}

func parseNote(desc []byte, order binary.ByteOrder) (rawNote, error) {
	if len(desc) < 24 {
		return rawNote{}, errors.New("a note is cut short")
	}
	n := rawNote{pc: order.Uint64(desc), base: order.Uint64(desc[8:]), semaphore: order.Uint64(desc[16:])}
	texts := bytes.SplitN(desc[24:], []byte{0}, 4)
	if len(texts) < 4 {
		return rawNote{}, errors.New("a note's text is cut short")
	}
	n.provider, n.name, n.args = string(texts[0]), string(texts[1]), string(texts[2])
	return n, nil
}

// place finds the notes' places in the file. Where the file was moved after it was linked (prelink), the base says by how much.
func place(f *elf.File, raw []rawNote, base uint64) ([]Note, error) {
	var out []Note
	for _, r := range raw {
		var moved uint64
		if base != 0 && r.base != 0 {
			moved = base - r.base
		}
		n := Note{Provider: r.provider, Name: r.name, Addr: r.pc + moved, Args: r.args}
		var ok bool
		if n.Offset, ok = fileOffset(f, n.Addr, elf.PF_X); !ok {
			return nil, fmt.Errorf("probe %s:%s is not in the code", r.provider, r.name)
		}
		if r.semaphore != 0 {
			if n.Semaphore, ok = fileOffset(f, r.semaphore+moved, elf.PF_W); !ok {
				return nil, fmt.Errorf("the semaphore of probe %s:%s is not in the data", r.provider, r.name)
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// fileOffset returns where in the file an address is, which must be in a segment with a flag.
func fileOffset(f *elf.File, addr uint64, flag elf.ProgFlag) (uint64, bool) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&flag != 0 && addr >= p.Vaddr && addr-p.Vaddr < p.Memsz {
			return addr - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}
