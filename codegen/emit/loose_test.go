package emit_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// limitedUse makes use of a number of which the verifier must know that it is below 8, and maybe calls mix to use all others.
type limitedUse func(b *ir.Builder, mem *ir.Slot, limited *ir.Value, mix func()) *ir.Value

// TestNumbersWithLimitsStayOnTheStack has the verifier take programs with more numbers in use than the stack has room for, some of which go to
// a map's memory. Those that it must know the limits of are used less than all others, so that they would be the first to go: it refuses the
// programs if they do.
func TestNumbersWithLimitsStayOnTheStack(t *testing.T) {
	testenv.Privileged(t)
	for _, c := range []struct {
		name string
		use  limitedUse
	}{
		{"index", func(b *ir.Builder, mem *ir.Slot, limited *ir.Value, _ func()) *ir.Value {
			return b.Load(b.Binary(ir.OpAdd, b.SlotAddr(mem), limited), 0, 1, false)
		}},
		{"index with a sum", func(b *ir.Builder, mem *ir.Slot, limited *ir.Value, _ func()) *ir.Value {
			return b.Load(b.Binary(ir.OpAdd, b.SlotAddr(mem), b.AddImm(limited, 5)), 0, 1, false)
		}},
		{"place of a store", func(b *ir.Builder, mem *ir.Slot, limited *ir.Value, _ func()) *ir.Value {
			b.Store(b.Binary(ir.OpAdd, b.SlotAddr(mem), limited), 1, 1, b.Const(7))
			return b.Load(b.SlotAddr(mem), 0, 8, false)
		}},
		{"size", func(b *ir.Builder, mem *ir.Slot, limited *ir.Value, _ func()) *ir.Value {
			return b.Call(ir.HelperProbeReadKernel, b.SlotAddr(mem), limited, b.Const(0))
		}},
		{"end of a loop", countTo},
	} {
		for _, on := range []target.Recorded{newKernel, oldKernel} {
			t.Run(c.name+" "+on.Version.String(), func(t *testing.T) { crowded(t, on, c.use) })
		}
	}
}

// crowded loads and runs a program that uses a number below 8 with many others in use.
func crowded(t *testing.T, on target.Recorded, use limitedUse) {
	t.Helper()
	const others, mixes = 90, 4
	b := ir.NewBuilder("crowded")
	mem := b.NewSlot("mem", 16, 8)
	b.Store(b.SlotAddr(mem), 0, 8, b.Const(0))
	b.Store(b.SlotAddr(mem), 8, 8, b.Const(0))
	limited := b.Binary(ir.OpAnd, b.Call(ir.HelperGetPrandomU32), b.Const(7))
	var live []*ir.Value
	for i := range others {
		live = append(live, b.AddImm(b.Call(ir.HelperKtimeGetNs), int64(i)))
	}
	sum := b.NewVariable(ir.I64)
	b.Define(sum, b.Call(ir.HelperKtimeGetNs))
	mix := func() {
		for _, v := range live {
			b.Define(sum, b.Binary(ir.OpXor, b.Binary(ir.OpMul, b.Use(sum), b.Const(3)), v))
		}
	}
	for range mixes {
		mix()
		b.Call(ir.HelperKtimeGetNs)
	}
	result := use(b, mem, limited, mix)
	b.Define(sum, b.Binary(ir.OpAdd, b.Use(sum), result))
	mix()
	b.Return(b.Binary(ir.OpAnd, b.Use(sum), b.Const(1)))

	r, err := emit.Func(b.Func, emit.Options{Target: on, ScratchMap: "scratch"})
	require.NoError(t, err)
	require.NotZero(t, r.ScratchSize, "some numbers are not on the stack")
	scratch, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: uint32(r.ScratchSize), MaxEntries: uint32(r.ScratchEntries)})
	require.NoError(t, err)
	defer scratch.Close()
	_, err = loadWith(t, r.Insns, map[string]*ebpf.Map{"scratch": scratch}).Run(&ebpf.RunOptions{})
	require.NoError(t, err)
}

// countTo counts up to a number that is used in the loop only to compare with.
func countTo(b *ir.Builder, _ *ir.Slot, end *ir.Value, mix func()) *ir.Value {
	i := b.NewVariable(ir.I64)
	b.Define(i, b.Const(0))
	head, body, done := b.NewBlock("head"), b.NewBlock("body"), b.NewBlock("done")
	b.Jump(head)
	b.SetBlock(head)
	b.Branch(b.Binary(ir.OpULt, b.Use(i), end), body, done)
	b.Seal(body)
	b.SetBlock(body)
	for range 6 {
		mix()
		b.Call(ir.HelperKtimeGetNs)
	}
	b.Define(i, b.AddImm(b.Use(i), 1))
	b.Jump(head)
	b.Seal(head)
	b.Seal(done)
	b.SetBlock(done)
	return b.Use(i)
}
