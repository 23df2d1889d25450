package emit_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// TestClaimedScratch runs a reentrant function while other runs hold some of the scratch memory, or all of it.
func TestClaimedScratch(t *testing.T) {
	testenv.Privileged(t)
	for _, on := range []target.Recorded{newKernel, oldKernel} {
		t.Run(on.Version.String(), func(t *testing.T) { claimScratch(t, on) })
	}
}

func claimScratch(t *testing.T, on target.Recorded) {
	t.Helper()
	f := touched(1, 264, true)
	f.Reentrant = true
	r, err := emit.Func(f, emit.Options{Target: on, ScratchMap: "scratch", LostMap: "lost"})
	require.NoError(t, err)
	const entries = 4
	require.Equal(t, entries, r.ScratchEntries)
	require.Equal(t, 264+8, r.ScratchSize)

	maps := map[string]*ebpf.Map{}
	for name, spec := range map[string]*ebpf.MapSpec{
		"scratch": {Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: uint32(r.ScratchSize), MaxEntries: entries},
		"lost":    {Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1},
	} {
		maps[name], err = ebpf.NewMap(spec)
		require.NoError(t, err)
		defer maps[name].Close()
	}
	prog := loadWith(t, r.Insns, maps)
	for held := range entries + 1 {
		hold(t, maps["scratch"], r.ScratchSize, held)
		before := lostRuns(t, maps["lost"])
		got, err := prog.Run(&ebpf.RunOptions{})
		require.NoError(t, err)
		if held < entries {
			require.NotZero(t, got, "%d held", held) // the beginning of the command's name
			require.Equal(t, before, lostRuns(t, maps["lost"]))
		} else {
			require.Zero(t, got)
			require.Equal(t, before+1, lostRuns(t, maps["lost"]))
		}
		require.Equal(t, held, holders(t, maps["scratch"]), "who held memory still does, and nobody else")
	}
}

func loadWith(t *testing.T, insns asm.Instructions, maps map[string]*ebpf.Map) *ebpf.Program {
	t.Helper()
	for i := range insns {
		if insns[i].IsLoadFromMap() {
			require.NoError(t, insns[i].AssociateMap(maps[insns[i].Reference()]))
		}
	}
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, Instructions: insns, License: "GPL"})
	require.NoError(t, err)
	t.Cleanup(func() { prog.Close() })
	return prog
}

// hold makes the first n entries of every CPU look as if a run held them.
func hold(t *testing.T, scratch *ebpf.Map, size, n int) {
	t.Helper()
	for i := range n {
		values := make([][]byte, ebpf.MustPossibleCPU())
		for cpu := range values {
			values[cpu] = make([]byte, size)
			values[cpu][0] = 1
		}
		require.NoError(t, scratch.Put(uint32(i), values))
	}
}

// holders is the number of entries that are held, the same on every CPU.
func holders(t *testing.T, scratch *ebpf.Map) int {
	t.Helper()
	n := make([]int, ebpf.MustPossibleCPU())
	for i := range scratch.MaxEntries() {
		var values [][]byte
		require.NoError(t, scratch.Lookup(i, &values))
		for cpu, v := range values {
			n[cpu] += int(v[0])
		}
	}
	for _, m := range n {
		require.Equal(t, n[0], m)
	}
	return n[0]
}

func lostRuns(t *testing.T, m *ebpf.Map) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, m.Lookup(uint32(0), &n))
	return n
}

// A program whose runs can be interrupted by others of it has a tail call that is never reached, so that the kernel gives each run a stack.
func TestReentrantProgramsHaveTheirOwnStack(t *testing.T) {
	shared := target.Recorded{Version: target.Version{Major: 6, Minor: 13}}
	for _, test := range []struct {
		reentrant, sub bool
		on             target.Recorded
		want           bool
	}{
		{true, false, shared, true},
		{false, false, shared, false},
		{true, true, shared, false}, // the program decides
		{true, false, newKernel, false},
	} {
		f := touched(1, 64, false)
		f.Reentrant, f.Sub = test.reentrant, test.sub
		r, err := emit.Func(f, emit.Options{Target: test.on, ScratchMap: "scratch", LostMap: "lost"})
		require.NoError(t, err)
		found := false
		for _, in := range r.Insns {
			found = found || in.IsBuiltinCall() && in.Constant == int64(asm.FnTailCall)
		}
		require.Equal(t, test.want, found, test)
	}
}

// TestMoreScratchThanOnePiece runs functions whose memory objects take more than the kernel has in one piece for a CPU, also while other runs hold
// the first ones.
func TestMoreScratchThanOnePiece(t *testing.T) {
	testenv.Privileged(t)
	const slots, size = 40, 2080
	for _, reentrant := range []bool{false, true} {
		for held := range 4 {
			if held > 0 && !reentrant {
				break
			}
			f := touched(slots, size, true)
			f.Reentrant = reentrant
			r, err := emit.Func(f, emit.Options{Target: newKernel, ScratchMap: "scratch", LostMap: "lost"})
			require.NoError(t, err)
			require.LessOrEqual(t, r.ScratchSize, 32<<10)
			maps := map[string]*ebpf.Map{}
			for name, spec := range map[string]*ebpf.MapSpec{
				"scratch": {Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: uint32(r.ScratchSize), MaxEntries: uint32(r.ScratchEntries)},
				"lost":    {Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1},
			} {
				maps[name], err = ebpf.NewMap(spec)
				require.NoError(t, err)
				defer maps[name].Close()
			}
			if reentrant {
				hold(t, maps["scratch"], r.ScratchSize, held)
			}
			one, err := emit.Func(touched(1, 264, true), emit.Options{Target: newKernel, ScratchMap: "scratch"})
			require.NoError(t, err)
			name, err := loadWith(t, one.Insns, maps).Run(&ebpf.RunOptions{})
			require.NoError(t, err)
			sum, err := loadWith(t, r.Insns, maps).Run(&ebpf.RunOptions{})
			require.NoError(t, err)
			require.Equal(t, slots*name, sum, "the beginning of the command's name, from each object")
		}
	}
}
