package symbol

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
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
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	if len(data) > math.MaxUint32 {
		return nil, fmt.Errorf("read kernel symbols: table of %d bytes is too large", len(data))
	}
	t := &KernelTable{text: string(data), modules: []string{""}}
	t.syms = make([]kernelSym, 0, bytes.Count(data, []byte{'\n'})+1)
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
	addrText, rest, ok := strings.Cut(line, " ")
	if !ok || len(rest) < 3 || rest[1] != ' ' {
		return
	}
	addr, err := strconv.ParseUint(addrText, 16, 64)
	if err != nil {
		return
	}
	name, module, _ := strings.Cut(rest[2:], "\t")
	module = strings.Trim(module, " []")
	index, ok := modules[module]
	if !ok {
		index = uint16(len(t.modules))
		modules[module] = index
		t.modules = append(t.modules, module)
	}
	t.syms = append(t.syms, kernelSym{
		addr: addr, kind: rest[0], module: index,
		name: uint32(start + len(addrText) + 3), nameLen: uint16(len(name)),
	})
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

// Lookup returns the symbol that an address belongs to: the last one that starts at or before it.
func (t *KernelTable) Lookup(addr uint64) (sym KernelSymbol, offset uint64, ok bool) {
	n, _ := slices.BinarySearchFunc(t.syms, addr, func(s kernelSym, a uint64) int {
		if s.addr <= a {
			return -1
		}
		return 1
	})
	if n == 0 || t.syms[n-1].addr == 0 {
		return KernelSymbol{}, 0, false
	}
	sym = t.symbol(n - 1)
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
