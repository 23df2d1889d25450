package emit_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// farSwitch makes a function with as many cases as said, each of which stores n numbers and adds its own. All cases end at the
// same far place; from there the function goes back to the beginning once.
func farSwitch(cases, n int) *ir.Func {
	b := ir.NewBuilder("main")
	sum, round := b.NewVariable(ir.I64), b.NewVariable(ir.I64)
	b.Define(sum, b.Const(0))
	b.Define(round, b.Const(0))
	cond := b.Load(b.Ctx(), 0, 8, false)
	head, again, end := b.NewBlock("head"), b.NewBlock("again"), b.NewBlock("end")
	b.Jump(head)
	b.SetBlock(head)
	for i := range cases {
		then, els := b.NewBlock("then"), b.NewBlock("else")
		b.Branch(b.Binary(ir.OpEq, cond, b.Const(int64(i))), then, els)
		b.Seal(then)
		b.Seal(els)
		b.SetBlock(then)
		for k := range n {
			b.Store(b.MapValue("d", 0), int64(8*(k%8)), 8, b.Const(int64(k)))
		}
		b.Define(sum, b.Binary(ir.OpAdd, b.Use(sum), b.Const(int64(100+i))))
		b.Jump(again)
		b.SetBlock(els)
	}
	b.Jump(again)
	b.Seal(again)
	b.SetBlock(again)
	b.Define(round, b.AddImm(b.Use(round), 1))
	b.Branch(b.Binary(ir.OpULt, b.Use(round), b.Const(2)), head, end)
	b.Seal(head)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Binary(ir.OpAdd, b.Use(sum), b.Load(b.MapValue("d", 0), 8, 8, false)))
	return b.Func
}

// TestLongJumpsRun runs programs whose branches reach far, both ways, with long jumps and with islands.
func TestLongJumpsRun(t *testing.T) {
	testenv.Privileged(t)
	for _, on := range []target.Recorded{newKernel, oldKernel} {
		for _, c := range []struct{ cases, stores int }{{1, 60000}, {3, 30000}, {9, 12000}, {40, 2000}, {600, 80}} {
			t.Run(fmt.Sprintf("%v %d cases", on.Version, c.cases), func(t *testing.T) {
				if on == newKernel {
					testenv.Kernel(t, "6.6", "long jumps")
				}
				maps := newKernelMaps(t)
				results, err := emit.Module(&ir.Module{Funcs: []*ir.Func{farSwitch(c.cases, c.stores)}}, emit.Options{Target: on})
				require.NoError(t, err)
				prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
					Name: "far", Type: ebpf.RawTracepoint, License: "GPL", Instructions: maps.link(t, results),
				})
				require.NoError(t, err)
				defer prog.Close()
				left := uint32(0) // what the map holds
				for _, i := range []int{c.cases, 0, c.cases / 2, c.cases - 1, c.cases + 1} {
					want := left
					if i < c.cases {
						left = uint32((c.stores-2)/8*8 + 1)
						want = 2*uint32(100+i) + left
					}
					ctx := make([]byte, ctxSize)
					binary.LittleEndian.PutUint64(ctx, uint64(i))
					got, err := prog.Run(&ebpf.RunOptions{Context: ctx})
					require.NoError(t, err)
					require.Equal(t, want, got, "case %d", i)
				}
			})
		}
	}
}

// TestJumpsKeepAMargin wants jumps to reach their targets when the kernel has put its code in the place of calls.
func TestJumpsKeepAMargin(t *testing.T) {
	for _, on := range []target.Recorded{newKernel, oldKernel} {
		r, err := emit.Func(farBranch(9000), emit.Options{Target: on})
		require.NoError(t, err)
		require.Less(t, r.Insns.Size()/asm.InstructionSize, uint64(32000), "without calls, the jump would reach")
		for i, in := range r.Insns {
			class := in.OpCode.Class()
			if !class.IsJump() || in.OpCode.JumpOp() == asm.Call || in.OpCode.JumpOp() == asm.Exit || class == asm.Jump32Class {
				continue
			}
			calls := 0
			for _, over := range r.Insns[i+1 : min(len(r.Insns), i+1+int(in.Offset))] {
				if over.OpCode.Class().IsJump() && over.OpCode.JumpOp() == asm.Call {
					calls++
				}
			}
			require.Less(t, int(in.Offset)+20*calls, 32767)
		}
	}
}
