package opt

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
)

// machine runs one function of a module: the reference that optimised code is compared with. Addresses are numbers: slots
// by name (a pass may renumber them), the context, and one value for each map.
type machine struct {
	memory map[uint64][]byte // by base address
	bases  map[string]uint64
	values map[int]int64
	trace  []string
	counts map[int]int
	steps  int
}

// maxRun bounds the instructions of a run.
const maxRun = 20000

// run executes a function and returns all that can be seen of it from outside.
func run(f *ir.Func, seed uint64) ([]string, error) {
	m := &machine{memory: map[uint64][]byte{}, bases: map[string]uint64{}, values: map[int]int64{}, counts: map[int]int{}}
	for _, s := range f.Slots {
		m.region("slot "+s.Name, s.Size, 7)
	}
	ctx := m.region("ctx", 64, seed)
	m.region("map m", 64, 3) // the map of random functions
	b, args := f.Entry(), []int64(nil)
	for {
		for i, p := range b.Params {
			m.values[p.ID] = args[i]
		}
		for _, v := range b.Instrs[:len(b.Instrs)-1] {
			if m.steps++; m.steps > maxRun {
				return nil, fmt.Errorf("runs too long")
			}
			if err := m.exec(v, ctx); err != nil {
				return nil, err
			}
		}
		term := b.Terminator()
		if m.steps++; m.steps > maxRun {
			return nil, fmt.Errorf("runs too long")
		}
		t := m.next(term)
		if t == nil {
			m.trace = append(m.trace, fmt.Sprintf("return %d", m.arg(term, 0)))
			for _, base := range slices.Sorted(maps.Keys(m.memory)) {
				if base>>40 == 2 { // maps outlive the run
					m.trace = append(m.trace, fmt.Sprintf("%x", m.memory[base]))
				}
			}
			return m.trace, nil
		}
		b, args = t.Block, nil
		for _, x := range t.Args {
			args = append(args, m.values[x.ID])
		}
	}
}

func (m *machine) next(term *ir.Value) *ir.Target {
	switch {
	case term.Op == ir.OpReturn:
		return nil
	case term.Op == ir.OpBranch && m.arg(term, 0) == 0:
		return &term.Targets[1]
	}
	return &term.Targets[0]
}

// region returns the address of a named piece of memory with known contents.
func (m *machine) region(name string, size int, seed uint64) uint64 {
	if base, ok := m.bases[name]; ok {
		return base
	}
	kind := uint64(1)
	if name[0] == 'm' {
		kind = 2
	}
	base := kind<<40 | hash(name)&0xffff<<16
	m.bases[name] = base
	mem := make([]byte, size)
	for i := range mem {
		mem[i] = byte(hash(name, seed, i))
	}
	m.memory[base] = mem
	return base
}

func (m *machine) arg(v *ir.Value, i int) int64 { return m.values[v.Args[i].ID] }

func (m *machine) exec(v *ir.Value, ctx uint64) error {
	switch v.Op {
	case ir.OpConst:
		m.values[v.ID] = v.Imm
	case ir.OpCtx:
		m.values[v.ID] = int64(ctx)
	case ir.OpSlot:
		m.values[v.ID] = int64(m.bases["slot "+v.Slot.Name])
	case ir.OpMapPtr:
		m.values[v.ID] = int64(hash("pointer to map", v.Sym) >> 1)
	case ir.OpMapValue:
		m.values[v.ID] = int64(m.region("map "+v.Sym, 64, 3)) + v.Imm
	case ir.OpLoad, ir.OpStore, ir.OpAtomicAdd, ir.OpXchgAdd, ir.OpXchg:
		return m.access(v)
	case ir.OpCall:
		m.call(v)
	default:
		var args [2]int64
		for i := range v.Args {
			args[i] = m.arg(v, i)
		}
		m.values[v.ID] = compute(v, args[0], args[1])
	}
	return nil
}

func (m *machine) access(v *ir.Value) error {
	addr := uint64(m.arg(v, 0) + v.Imm)
	mem, offset := m.memory[addr&^0xffff], int(addr&0xffff)
	if offset+int(v.Width) > len(mem) {
		return fmt.Errorf("%v: bad address %x", v, addr)
	}
	var buf [8]byte
	copy(buf[:v.Width], mem[offset:])
	old := int64(binary.LittleEndian.Uint64(buf[:]))
	switch v.Op {
	case ir.OpLoad:
		if v.Signed {
			old = old << (64 - 8*v.Width) >> (64 - 8*v.Width)
		}
		m.values[v.ID] = old
		return nil
	case ir.OpStore:
		binary.LittleEndian.PutUint64(buf[:], uint64(m.arg(v, 1)))
	default:
		m.values[v.ID] = old
		binary.LittleEndian.PutUint64(buf[:], uint64(old+m.arg(v, 1)))
	}
	copy(mem[offset:], buf[:v.Width])
	return nil
}

// call models a helper: pure ones depend on their arguments, reading ones on when they are called, writing ones also change
// the memory that they are given, and are seen from outside with the contents of it.
func (m *machine) call(v *ir.Value) {
	info := v.Helper.Info()
	seen := []any{v.Helper}
	for i := range v.Args {
		seen = append(seen, m.arg(v, i))
		if mem := m.memory[uint64(m.arg(v, i))&^0xffff]; mem != nil {
			seen = append(seen, string(mem))
		}
	}
	if info.Effect != ir.EffectPure {
		m.counts[v.ID]++
		seen = append(seen, v.ID, m.counts[v.ID])
	}
	result := hash(seen...)
	if info.Effect == ir.EffectWrite {
		m.trace = append(m.trace, fmt.Sprintf("%v %x", v.Helper, result))
		for i := range v.Args {
			mem := m.memory[uint64(m.arg(v, i))&^0xffff]
			for j := range mem {
				mem[j] ^= byte(hash(result, i, j))
			}
		}
	}
	m.values[v.ID] = int64(result)
}

// compute is a second opinion on arithmetic, written apart from eval.
func compute(v *ir.Value, x, y int64) int64 {
	ux, uy := uint64(x), uint64(y)
	bit := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	low := ux
	if v.Width != 0 && v.Width < 8 {
		low = ux % (1 << (8 * uint64(v.Width)))
	}
	switch v.Op {
	case ir.OpAdd:
		return int64(ux + uy)
	case ir.OpSub:
		return int64(ux - uy)
	case ir.OpMul:
		return int64(ux * uy)
	case ir.OpUDiv:
		if y == 0 {
			return 0
		}
		return int64(ux / uy)
	case ir.OpUMod:
		if y == 0 {
			return x
		}
		return int64(ux % uy)
	case ir.OpSDiv:
		if y == 0 {
			return 0
		}
		if y == -1 {
			return -x
		}
		return x / y
	case ir.OpSMod:
		if y == 0 {
			return x
		}
		if y == -1 {
			return 0
		}
		return x % y
	case ir.OpAnd:
		return x & y
	case ir.OpOr:
		return x | y
	case ir.OpXor:
		return x ^ y
	case ir.OpShl:
		return int64(ux << (uy % 64))
	case ir.OpLShr:
		return int64(ux >> (uy % 64))
	case ir.OpAShr:
		return x >> (uy % 64)
	case ir.OpNeg:
		return 0 - x
	case ir.OpNumber:
		return x
	case ir.OpZExt:
		return int64(low)
	case ir.OpSExt:
		top := uint64(1) << (8*uint64(v.Width) - 1)
		return int64((low ^ top) - top)
	case ir.OpBswap:
		out := uint64(0)
		for range v.Width {
			out = out<<8 | low&0xff
			low >>= 8
		}
		return int64(out)
	case ir.OpEq:
		return bit(x == y)
	case ir.OpNe:
		return bit(x != y)
	case ir.OpULt:
		return bit(ux < uy)
	case ir.OpULe:
		return bit(ux <= uy)
	case ir.OpSLt:
		return bit(x < y)
	case ir.OpSLe:
		return bit(x <= y)
	}
	panic("BUG: reference: unexpected op " + v.Op.String())
}

// hash mixes numbers, strings and helpers into 64 bits.
func hash(parts ...any) uint64 {
	h := uint64(14695981039346656037)
	mix := func(n uint64) {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			mix(uint64(p))
		case int64:
			mix(uint64(p))
		case uint64:
			mix(p)
		case ir.Helper:
			mix(uint64(p))
		case string:
			for i := range len(p) {
				mix(uint64(p[i]))
			}
			mix(uint64(len(p)))
		default:
			panic(fmt.Sprintf("BUG: reference: cannot hash %T", p))
		}
	}
	return h
}
