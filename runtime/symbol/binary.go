package symbol

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"unsafe"
)

// Symbol is a function of a program or library.
type Symbol struct {
	Name string
	// Addr is the address in the file's own address space, before it is loaded anywhere.
	Addr, Size uint64
}

// Binary is a program or library and its functions. It is safe for concurrent use.
type Binary struct {
	Path  string
	segs  []segment
	syms  []Symbol // sorted by address
	names func() map[string]int32
	// stripped is set where the file has only the symbols that other files need.
	stripped bool
}

// segment is an executable part of the file that is mapped at run time.
type segment struct{ vaddr, offset, fileSize, memSize uint64 }

// ErrNotELF is returned for a file that is neither a program nor a library.
var ErrNotELF = errors.New("not a program or library")

// OpenBinary reads the symbols of an ELF file: .symtab and .dynsym.
func OpenBinary(path string) (*Binary, error) {
	f, err := elf.Open(path)
	if err != nil {
		if format := (*elf.FormatError)(nil); errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read %s: %w", path, ErrNotELF) // what is wrong with its bytes helps nobody
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	return newBinary(path, f)
}

func newBinary(path string, f *elf.File) (*Binary, error) {
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return nil, fmt.Errorf("read %s: %w", path, ErrNotELF)
	}
	b := &Binary{Path: path, segs: segments(f), stripped: f.Section(".symtab") == nil}
	var err error
	if b.syms, err = functions(f); err != nil {
		return nil, fmt.Errorf("read symbols of %s: %w", path, err)
	}
	b.names = sync.OnceValue(b.index)
	return b, nil
}

// addSymbols adds the functions that another file has symbols of. Of several names for one address, those that other files know are the last ones,
// which Lookup prefers.
func (b *Binary) addSymbols(f *elf.File) error {
	more, err := functions(f)
	if err != nil {
		return err
	}
	b.syms = sortSymbols(append(more, b.syms...))
	return nil
}

func segments(f *elf.File) []segment {
	var out []segment
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 {
			out = append(out, segment{vaddr: p.Vaddr, offset: p.Off, fileSize: p.Filesz, memSize: p.Memsz})
		}
	}
	return out
}

// functions returns the functions of both tables, sorted by address and without doubles.
func functions(f *elf.File) ([]Symbol, error) {
	var out []Symbol
	for _, read := range []func() ([]elf.Symbol, error){f.Symbols, f.DynamicSymbols} {
		syms, err := read()
		if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
			return nil, err
		}
		for _, s := range syms {
			if isFunction(s) {
				out = append(out, Symbol{Name: s.Name, Addr: s.Value, Size: s.Size})
			}
		}
	}
	return sortSymbols(out), nil
}

// sortSymbols sorts by address and drops doubles.
func sortSymbols(syms []Symbol) []Symbol {
	slices.SortStableFunc(syms, func(a, b Symbol) int { return cmp.Compare(a.Addr, b.Addr) })
	return dropDoubles(syms)
}

// dropDoubles removes symbols that both tables have; they are neighbours, but for other names of the same address.
func dropDoubles(syms []Symbol) []Symbol {
	out := syms[:0]
	for _, s := range syms {
		double := false
		for i := len(out) - 1; i >= 0 && out[i].Addr == s.Addr; i-- {
			if out[i].Name == s.Name {
				double = true
				break
			}
		}
		if !double {
			out = append(out, s)
		}
	}
	return slices.Clip(out)
}

// sttGNUIfunc is STT_GNU_IFUNC: a function that chooses the real one when the library is loaded.
const sttGNUIfunc = elf.STT_LOOS

func isFunction(s elf.Symbol) bool {
	if s.Section == elf.SHN_UNDEF || s.Value == 0 || s.Name == "" {
		return false
	}
	t := elf.ST_TYPE(s.Info)
	return t == elf.STT_FUNC || t == sttGNUIfunc
}

// size returns about how much memory the binary takes, the index of names among it.
func (b *Binary) size() int {
	const each = int(unsafe.Sizeof(Symbol{})) + 16 // with what an allocation and the index take
	n := int(unsafe.Sizeof(*b)) + cap(b.syms)*each
	for _, s := range b.syms {
		n += len(s.Name)
	}
	return n
}

func (b *Binary) index() map[string]int32 {
	m := make(map[string]int32, len(b.syms))
	for i := len(b.syms) - 1; i >= 0; i-- {
		m[b.syms[i].Name] = int32(i)
	}
	return m
}

// Functions returns all functions, sorted by address. The caller must not change the slice.
func (b *Binary) Functions() []Symbol { return b.syms }

// ByName returns the function of a name.
func (b *Binary) ByName(name string) (Symbol, bool) {
	i, ok := b.names()[name]
	if !ok {
		return Symbol{}, false
	}
	return b.syms[i], true
}

// Lookup returns the function that an address of the file's address space lies in.
func (b *Binary) Lookup(addr uint64) (sym Symbol, offset uint64, ok bool) {
	n, _ := slices.BinarySearchFunc(b.syms, addr, func(s Symbol, a uint64) int {
		if s.Addr <= a {
			return -1
		}
		return 1
	})
	// Functions that have no size, as hand-written ones, reach to the next symbol.
	for i := n - 1; i >= 0; i-- {
		s := b.syms[i]
		if addr-s.Addr < s.Size || s.Size == 0 && i == n-1 {
			return s, addr - s.Addr, true
		}
		if s.Addr != b.syms[n-1].Addr {
			break
		}
	}
	return Symbol{}, 0, false
}

// FileOffset returns where in the file the byte at an address is.
func (b *Binary) FileOffset(addr uint64) (uint64, bool) {
	for _, s := range b.segs {
		if addr >= s.vaddr && addr-s.vaddr < s.memSize {
			return addr - s.vaddr + s.offset, true
		}
	}
	return 0, false
}

// Addr returns the address of the byte at an offset in the file.
func (b *Binary) Addr(offset uint64) (uint64, bool) {
	for _, s := range b.segs {
		if offset >= s.offset && offset-s.offset < s.fileSize {
			return offset - s.offset + s.vaddr, true
		}
	}
	return 0, false
}
