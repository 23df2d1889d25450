package emit_test

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/gtrace/gtrace/codegen/ir"
)

// machine interprets the IR. Addresses are the number of an object in the upper and an offset in the lower half.
type machine struct {
	module  *ir.Module
	objects [][]byte
	array   []int // objects of the entries of the map "m"
	data    int   // object of the value of the map "d"
	ctx     int
	steps   int
}

const objectShift = 32

func (m *machine) object(b []byte) int {
	m.objects = append(m.objects, b)
	return len(m.objects) // not 0, so that no address is NULL
}

func address(object, off int) uint64 { return uint64(object)<<objectShift + uint64(off) }

func (m *machine) memory(addr uint64, width int) []byte {
	b, off := m.objects[addr>>objectShift-1], int(uint32(addr))
	return b[off : off+width]
}

func get(b []byte) uint64 {
	var x [8]byte
	copy(x[:], b)
	return binary.LittleEndian.Uint64(x[:])
}

func put(b []byte, x uint64) {
	var y [8]byte
	binary.LittleEndian.PutUint64(y[:], x)
	copy(b, y[:])
}

func (m *machine) fn(name string) *ir.Func {
	for _, f := range m.module.Funcs {
		if f.Name == name {
			return f
		}
	}
	panic("no function " + name)
}

// run interprets a function.
func (m *machine) run(f *ir.Func, args []uint64) uint64 {
	vals := map[*ir.Value]uint64{}
	slots := map[*ir.Slot]int{}
	for _, s := range f.Slots {
		slots[s] = m.object(make([]byte, s.Size))
	}
	blk := f.Blocks[0]
	for {
		for i, p := range blk.Params {
			vals[p] = args[i]
		}
		for _, v := range blk.Instrs {
			if m.steps++; m.steps > 1e6 {
				panic("endless loop")
			}
			if v.Op.Info().Terminator {
				break
			}
			vals[v] = m.eval(v, vals, slots)
		}
		t := blk.Instrs[len(blk.Instrs)-1]
		if t.Op == ir.OpReturn {
			return vals[t.Args[0]]
		}
		to := t.Targets[0]
		if t.Op == ir.OpBranch && vals[t.Args[0]] == 0 {
			to = t.Targets[1]
		}
		args = nil
		for _, a := range to.Args {
			args = append(args, vals[a])
		}
		blk = to.Block
	}
}

func (m *machine) eval(v *ir.Value, vals map[*ir.Value]uint64, slots map[*ir.Slot]int) uint64 {
	var a []uint64
	for _, x := range v.Args {
		a = append(a, vals[x])
	}
	switch v.Op {
	case ir.OpConst:
		return uint64(v.Imm)
	case ir.OpCtx:
		return address(m.ctx, 0)
	case ir.OpSlot:
		return address(slots[v.Slot], 0)
	case ir.OpMapPtr:
		return 0
	case ir.OpMapValue:
		return address(m.data, int(v.Imm))
	case ir.OpLoad:
		return extendTo(get(m.memory(a[0]+uint64(v.Imm), int(v.Width))), int(v.Width), v.Signed)
	case ir.OpStore:
		put(m.memory(a[0]+uint64(v.Imm), int(v.Width)), a[1])
	case ir.OpAtomicAdd, ir.OpXchgAdd:
		b := m.memory(a[0]+uint64(v.Imm), int(v.Width))
		old := get(b)
		put(b, old+a[1])
		return old
	case ir.OpXchg:
		b := m.memory(a[0]+uint64(v.Imm), 8)
		old := get(b)
		put(b, a[1])
		return old
	case ir.OpCall:
		return m.helper(v, a)
	case ir.OpCallFunc:
		return m.run(m.fn(v.Sym), a)
	case ir.OpNeg:
		return -a[0]
	case ir.OpNumber:
		return a[0]
	case ir.OpSExt, ir.OpZExt:
		return extendTo(a[0], int(v.Width), v.Op == ir.OpSExt)
	case ir.OpBswap:
		return bits.ReverseBytes64(a[0]) >> (64 - 8*uint(v.Width))
	default:
		return arith(v.Op, a[0], a[1])
	}
	return 0
}

func (m *machine) helper(v *ir.Value, a []uint64) uint64 {
	switch v.Helper {
	case ir.HelperMapLookupElem:
		if i := int(uint32(get(m.memory(a[1], 4)))); i < len(m.array) {
			return address(m.array[i], 0)
		}
		return 0
	case ir.HelperGetPrandomU32, ir.HelperKtimeGetNs:
		return uint64(m.steps) * 7919
	case ir.HelperMapUpdateElem:
		if i := int(uint32(get(m.memory(a[1], 4)))); i < len(m.array) {
			copy(m.objects[m.array[i]-1], m.memory(a[2], entrySize))
			return 0
		}
		e2big := -7
		return uint64(e2big)
	}
	panic(fmt.Sprintf("helper %v", v.Helper))
}

func extendTo(x uint64, width int, signed bool) uint64 {
	n := uint(64 - 8*width)
	if signed {
		return uint64(int64(x<<n) >> n)
	}
	return x << n >> n
}

func arith(op ir.Op, x, y uint64) uint64 {
	sx, sy := int64(x), int64(y)
	flag := func(b bool) uint64 {
		if b {
			return 1
		}
		return 0
	}
	switch op {
	case ir.OpAdd:
		return x + y
	case ir.OpSub:
		return x - y
	case ir.OpMul:
		return x * y
	case ir.OpUDiv, ir.OpSDiv:
		if y == 0 {
			return 0
		}
		if op == ir.OpSDiv {
			return uint64(sx / sy)
		}
		return x / y
	case ir.OpUMod, ir.OpSMod:
		if y == 0 {
			return x
		}
		if op == ir.OpSMod {
			return uint64(sx % sy)
		}
		return x % y
	case ir.OpAnd:
		return x & y
	case ir.OpOr:
		return x | y
	case ir.OpXor:
		return x ^ y
	case ir.OpShl:
		return x << (y & 63)
	case ir.OpLShr:
		return x >> (y & 63)
	case ir.OpAShr:
		return uint64(sx >> (y & 63))
	case ir.OpEq:
		return flag(x == y)
	case ir.OpNe:
		return flag(x != y)
	case ir.OpULt:
		return flag(x < y)
	case ir.OpULe:
		return flag(x <= y)
	case ir.OpSLt:
		return flag(sx < sy)
	case ir.OpSLe:
		return flag(sx <= sy)
	}
	panic(fmt.Sprintf("op %v", op))
}
