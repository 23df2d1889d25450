package symbol

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
)

// KernelTable is the kernel's symbol table as kallsyms gave it. It is safe for concurrent use.
type KernelTable struct {
	text    string // the whole of kallsyms; names are slices of it
	syms    []kernelSym
	modules []string // modules[0] is "", the kernel itself

	byName func() map[string]int32
}

type kernelSym struct {
	addr    uint64
	name    uint32 // offset in text
	nameLen uint16
	module  uint16
	kind    byte
}

// KernelSymbol is a symbol of the kernel.
type KernelSymbol struct {
	Name string
	Addr uint64
	// Module is empty for the kernel itself.
	Module string
	// Kind is the letter of nm(1): t and T are functions.
	Kind byte
}

// ReadKernel reads a symbol table in the format of /proc/kallsyms. Addresses are all 0 for callers who may not see them.
func ReadKernel(r io.Reader) (*KernelTable, error) {
	var b strings.Builder
	b.Grow(6 << 20) // the usual size
	if _, err := io.Copy(&b, r); err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	if b.Len() > math.MaxUint32 {
		return nil, fmt.Errorf("read kernel symbols: table of %d bytes is too large", b.Len())
	}
	t := &KernelTable{text: b.String(), modules: []string{""}}
	t.syms = make([]kernelSym, 0, strings.Count(t.text, "\n")+1)
	modules := map[string]uint16{"": 0}
	for start := 0; start < len(t.text); {
		end := start + strings.IndexByte(t.text[start:], '\n')
		if end < start {
			end = len(t.text)
		}
		t.addLine(start, end, modules)
		start = end + 1
	}
	byAddr := func(a, b kernelSym) int { return cmp.Compare(a.addr, b.addr) }
	if !slices.IsSortedFunc(t.syms, byAddr) {
		slices.SortStableFunc(t.syms, byAddr)
	}
	t.byName = sync.OnceValue(t.index)
	return t, nil
}

// addLine adds the line at text[start:end], "address type name\t[module]". Lines of any other form are skipped.
func (t *KernelTable) addLine(start, end int, modules map[string]uint16) {
	line := t.text[start:end]
	addr, digits := parseHex(line)
	if digits == 0 || len(line) < digits+4 || line[digits] != ' ' || line[digits+2] != ' ' {
		return
	}
	name, module := line[digits+3:], ""
	if tab := strings.IndexByte(name, '\t'); tab >= 0 {
		name, module = name[:tab], strings.Trim(name[tab:], "\t []")
	}
	index, known := modules[module]
	if !known {
		index = uint16(len(t.modules))
		modules[module] = index
		t.modules = append(t.modules, module)
	}
	t.syms = append(t.syms, kernelSym{
		addr: addr, kind: line[digits+1], module: index,
		name: uint32(start + digits + 3), nameLen: uint16(len(name)),
	})
}

// parseHex reads the hexadecimal digits at the start of a line and returns how many there are; 0 if they are no 64-bit number.
func parseHex(line string) (n uint64, digits int) {
	for digits < len(line) {
		c := line[digits]
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			if digits > 16 {
				return 0, 0
			}
			return n, digits
		}
		digits++
	}
	return 0, 0
}

func (t *KernelTable) index() map[string]int32 {
	m := make(map[string]int32, len(t.syms))
	for i := len(t.syms) - 1; i >= 0; i-- {
		m[t.name(i)] = int32(i) // the first of a name wins
	}
	return m
}

func (t *KernelTable) name(i int) string {
	s := t.syms[i]
	return t.text[s.name : s.name+uint32(s.nameLen)]
}

func (t *KernelTable) symbol(i int) KernelSymbol {
	s := t.syms[i]
	return KernelSymbol{Name: t.name(i), Addr: s.addr, Module: t.modules[s.module], Kind: s.kind}
}

// Len returns the number of symbols.
func (t *KernelTable) Len() int { return len(t.syms) }

// All calls yield for every symbol in the order of the addresses, until it returns false.
func (t *KernelTable) All(yield func(KernelSymbol) bool) {
	for i := range t.syms {
		if !yield(t.symbol(i)) {
			return
		}
	}
}

// Lookup returns the symbol that an address belongs to: the last one that is no data and starts at or before it.
func (t *KernelTable) Lookup(addr uint64) (sym KernelSymbol, offset uint64, ok bool) {
	n, _ := slices.BinarySearchFunc(t.syms, addr, func(s kernelSym, a uint64) int {
		if s.addr <= a {
			return -1
		}
		return 1
	})
	for n > 0 && isData(t.syms[n-1].kind) {
		n--
	}
	if n == 0 || t.syms[n-1].addr == 0 {
		return KernelSymbol{}, 0, false
	}
	sym = t.symbol(n - 1)
	if sym.Addr>>63 == 0 {
		return KernelSymbol{}, 0, false // an offset in per-CPU memory, which is no address
	}
	return sym, addr - sym.Addr, true
}

// ByName returns the first symbol of a name.
func (t *KernelTable) ByName(name string) (KernelSymbol, bool) {
	i, ok := t.byName()[name]
	if !ok {
		return KernelSymbol{}, false
	}
	return t.symbol(int(i)), true
}

// IsFunction reports whether the symbol is code.
func (s KernelSymbol) IsFunction() bool {
	switch s.Kind {
	case 't', 'T', 'w', 'W':
		return true
	default:
		return false
	}
}

func isData(kind byte) bool {
	switch kind {
	case 'b', 'B', 'd', 'D', 'r', 'R':
		return true
	default:
		return false
	}
}
