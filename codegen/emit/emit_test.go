package emit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/diag"
)

var (
	newKernel = target.Recorded{Version: target.Version{Major: 6, Minor: 12}}
	oldKernel = target.Recorded{Version: target.Version{Major: 5, Minor: 10}}
)

// touched makes a function with slots of a size that are all in use at the same time, or one after the other.
func touched(n, size int, together bool) *ir.Func {
	b := ir.NewBuilder("main")
	var slots []*ir.Slot
	for i := range n {
		slots = append(slots, b.NewSlot(fmt.Sprint(i), size, 8))
		b.Call(ir.HelperGetCurrentComm, b.SlotAddr(slots[i]), b.Const(int64(size)))
		if !together {
			b.Load(b.SlotAddr(slots[i]), 0, 8, false)
		}
	}
	sum := b.Const(0)
	if together {
		for _, s := range slots {
			sum = b.Binary(ir.OpAdd, sum, b.Load(b.SlotAddr(s), 0, 8, false))
		}
	}
	b.Return(sum)
	return b.Func
}

func TestFrame(t *testing.T) {
	for _, c := range []struct {
		name           string
		n, size        int
		together       bool
		stack, scratch int
	}{
		{"all on the stack", 4, 64, true, 256, 0},
		{"one after the other", 40, 64, false, 64, 0},
		{"too many", 10, 64, true, 512, 128},
		{"too large", 1, 264, true, 8, 264},
		{"large ones share scratch memory", 3, 400, false, 8, 400},
		{"large ones do not", 3, 400, true, 8, 1200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := emit.Func(touched(c.n, c.size, c.together), emit.Options{Target: newKernel, ScratchMap: "scratch"})
			require.NoError(t, err)
			require.LessOrEqual(t, r.StackSize, c.stack+16)
			require.GreaterOrEqual(t, r.StackSize, min(c.stack, 448))
			require.Equal(t, c.scratch > 0, r.ScratchMap == "scratch")
			if c.name != "too many" {
				require.Equal(t, c.scratch, r.ScratchSize)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	_, err := emit.Func(touched(1, 264, true), emit.Options{Target: newKernel})
	require.ErrorContains(t, err, "memory objects need 264 bytes of stack")

	recursive := &ir.Module{}
	for i := range 2 {
		b := ir.NewBuilder(fmt.Sprint("f", i))
		b.Func.Sub = true
		b.Return(b.CallFunc(fmt.Sprint("f", 1-i)))
		recursive.Funcs = append(recursive.Funcs, b.Func)
	}
	_, err = emit.Module(recursive, emit.Options{Target: newKernel})
	require.ErrorContains(t, err, "calls itself")

	_, err = emit.Func(manyLive(100), emit.Options{Target: newKernel})
	require.ErrorContains(t, err, "bytes of stack, 512 are available")
}

// manyLive makes a function with n values that are needed at the same time.
func manyLive(n int) *ir.Func {
	b := ir.NewBuilder("main")
	var vals []*ir.Value
	for range n {
		vals = append(vals, b.Call(ir.HelperKtimeGetNs))
	}
	sum := b.Const(0)
	for _, v := range vals {
		sum = b.Binary(ir.OpXor, sum, v)
	}
	b.Return(sum)
	return b.Func
}

// farBranch makes a function that jumps over n calls.
func farBranch(n int) *ir.Func {
	b := ir.NewBuilder("main")
	far, end := b.NewBlock("far"), b.NewBlock("end")
	b.Branch(b.Call(ir.HelperKtimeGetNs), far, end)
	b.Seal(far)
	b.SetBlock(far)
	for range n {
		b.Call(ir.HelperRingbufSubmit, b.Const(1), b.Const(0))
	}
	b.Jump(end)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Const(3))
	return b.Func
}

func TestLongJumps(t *testing.T) {
	f := farBranch(12000)
	r, err := emit.Func(f, emit.Options{Target: newKernel})
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, emit.Dump(&text, r.Insns))
	require.Contains(t, text.String(), fmt.Sprintf("gotol %d\n", r.Insns.Size()/8-2), "the end is where 3 is returned")
}

func TestSourceLines(t *testing.T) {
	file := diag.NewFile("a.bt", "BEGIN\n{\n  @x = 1;\n  exit();\n}\n")
	b := ir.NewBuilder("a:b/c")
	b.Func.Name = "a:b/c"
	x := b.Call(ir.HelperKtimeGetNs)
	b.Span = diag.Span{File: file, Start: 10, End: 16}
	y := b.Call(ir.HelperGetPrandomU32)
	b.Span = diag.Span{File: file, Start: 20, End: 26}
	b.Return(b.Binary(ir.OpAdd, x, y))
	r, err := emit.Func(b.Func, emit.Options{Target: newKernel})
	require.NoError(t, err)
	seen := map[string]bool{}
	for i := range r.Insns {
		require.NotNil(t, r.Insns[i].Source(), "instruction %d", i)
		seen[r.Insns[i].Source().String()] = true
	}
	require.Equal(t, map[string]bool{"a.bt:3:3 @x = 1": true, "a.bt:4:3 exit()": true}, seen)
	require.Equal(t, "a:b/c", r.Insns[0].Symbol())
	require.Equal(t, "a_b_c", btf.FuncMetadata(&r.Insns[0]).Name)
}

// TestDeterminism compiles the same functions again and compares.
func TestDeterminism(t *testing.T) {
	dump := func(seed int64) string {
		results, err := emit.Module(generate(seed, true), emit.Options{Target: newKernel, ScratchMap: "scratch"})
		require.NoError(t, err)
		var text strings.Builder
		for _, r := range results {
			require.NoError(t, emit.Dump(&text, r.Insns))
		}
		return text.String()
	}
	for seed := range int64(30) {
		want := dump(seed)
		for range 2 {
			require.Equal(t, want, dump(seed), "seed %d", seed)
		}
	}
}

// TestHelpers loops over all helpers, so that none is without a number.
func TestHelpers(t *testing.T) {
	for h := ir.HelperInvalid + 1; h.Info().Name != ""; h++ {
		b := ir.NewBuilder("main")
		var args []*ir.Value
		for range h.Info().Args {
			args = append(args, b.Const(0))
		}
		v := b.Call(h, args...)
		if h.Info().Result == ir.None {
			v = b.Const(0)
		}
		b.Return(v)
		r, err := emit.Func(b.Func, emit.Options{Target: newKernel})
		require.NoError(t, err)
		var text strings.Builder
		require.NoError(t, emit.Dump(&text, r.Insns))
		require.Contains(t, text.String(), "call "+h.String()+"\n")
		if h == ir.HelperSkbOutput {
			break
		}
	}
}

// A call of the kernel's function goes by name until the program is linked; its result is where a helper's is.
func TestKfunc(t *testing.T) {
	b := ir.NewBuilder("main")
	task := b.Kfunc("bpf_task_from_pid", ir.Ptr, b.Const(7))
	found, done := b.NewBlock("found"), b.NewBlock("done")
	b.Branch(task, found, done)
	b.Seal(found)
	b.SetBlock(found)
	b.Kfunc("bpf_task_release", ir.None, task)
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	b.Return(b.Const(0))
	r, err := emit.Func(b.Func, emit.Options{Target: newKernel})
	require.NoError(t, err)
	var called []string
	for i := range r.Insns {
		if in := &r.Insns[i]; in.IsKfuncCall() {
			called = append(called, in.Reference())
		}
	}
	require.Equal(t, []string{"bpf_task_from_pid", "bpf_task_release"}, called)
	require.Empty(t, r.Calls)
	var text strings.Builder
	require.NoError(t, emit.Dump(&text, r.Insns))
	require.Contains(t, text.String(), "r1 = 7")
	require.Contains(t, text.String(), "call bpf_task_release\n")
}

func BenchmarkModule(b *testing.B) {
	m := generate(36, true)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := emit.Module(m, emit.Options{Target: newKernel, ScratchMap: "scratch"}); err != nil {
			b.Fatal(err)
		}
	}
}
