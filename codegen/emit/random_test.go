package emit_test

import (
	"flag"
	"math/rand"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

var (
	randomCount = flag.Int("random.count", 3000, "number of random functions")
	randomAll   = flag.Bool("random.all", false, "go on after a failure")
	randomSeed  = flag.Int64("random.seed", 0, "seed of the first random function; 0 for the time")
)

const scratchSize = 16384

// kernelMaps are the maps of the random functions.
type kernelMaps map[string]*ebpf.Map

func newKernelMaps(t *testing.T) kernelMaps {
	t.Helper()
	testenv.Privileged(t)
	require.NoError(t, rlimit.RemoveMemlock())
	create := func(typ ebpf.MapType, size, n uint32) *ebpf.Map {
		m, err := ebpf.NewMap(&ebpf.MapSpec{Type: typ, KeySize: 4, ValueSize: size, MaxEntries: n})
		require.NoError(t, err)
		t.Cleanup(func() { m.Close() })
		return m
	}
	return kernelMaps{
		"m": create(ebpf.Array, entrySize, entries), "d": create(ebpf.Array, dataSize, 1),
		"scratch0": create(ebpf.PerCPUArray, scratchSize, 1), "scratch1": create(ebpf.PerCPUArray, scratchSize, 1),
		"scratch2": create(ebpf.PerCPUArray, scratchSize, 1),
	}
}

// image is the contents of the maps.
type image struct {
	Entries [entries][]byte
	Data    []byte
}

func randomImage(r *rand.Rand) image {
	var im image
	for i := range im.Entries {
		im.Entries[i] = make([]byte, entrySize)
		r.Read(im.Entries[i])
	}
	im.Data = make([]byte, dataSize)
	r.Read(im.Data)
	return im
}

func (k kernelMaps) store(t *testing.T, im image) {
	t.Helper()
	for i, e := range im.Entries {
		require.NoError(t, k["m"].Put(uint32(i), e))
	}
	require.NoError(t, k["d"].Put(uint32(0), im.Data))
}

func (k kernelMaps) load(t *testing.T) image {
	t.Helper()
	var im image
	for i := range im.Entries {
		require.NoError(t, k["m"].Lookup(uint32(i), &im.Entries[i]))
	}
	require.NoError(t, k["d"].Lookup(uint32(0), &im.Data))
	return im
}

// link puts the functions of a module together as one program.
func (k kernelMaps) link(t *testing.T, results []emit.Result) asm.Instructions {
	t.Helper()
	var insns asm.Instructions
	for _, r := range results {
		require.LessOrEqual(t, r.ScratchSize, scratchSize)
		insns = append(insns, r.Insns...)
	}
	for i := range insns {
		if !insns[i].IsLoadFromMap() {
			continue
		}
		require.NoError(t, insns[i].AssociateMap(k[insns[i].Reference()]))
	}
	return insns
}

// TestRandomFunctions runs random functions in the kernel and compares with the interpreter.
func TestRandomFunctions(t *testing.T) {
	maps := newKernelMaps(t)
	seed := *randomSeed
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	t.Logf("first seed %d", seed)
	targets := []target.Recorded{{Version: target.Version{Major: 6, Minor: 12}}, {Version: target.Version{Major: 5, Minor: 15}}}
	for i := range *randomCount {
		runRandom(t, maps, seed+int64(i), targets[i%2])
		if t.Failed() && !*randomAll {
			return
		}
	}
}

func runRandom(t *testing.T, maps kernelMaps, seed int64, on target.Recorded) {
	t.Helper()
	module := generate(seed, on.Has(target.CPUv4))
	require.NoError(t, ir.Validate(module), "seed %d", seed)
	// Only functions that are called may be in a program.
	results, err := emit.Module(module, emit.Options{Target: on, ScratchMap: "scratch"})
	require.NoError(t, err, "seed %d", seed)
	results = called(results)

	r := rand.New(rand.NewSource(seed))
	before := randomImage(r)
	ctx := make([]byte, ctxSize)
	r.Read(ctx)
	maps.store(t, before)
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "random", Type: ebpf.RawTracepoint, License: "GPL", Instructions: maps.link(t, results),
	})
	if err != nil {
		t.Errorf("seed %d: %+v\n%s", seed, err, module)
		return
	}
	defer prog.Close()
	got, err := prog.Run(&ebpf.RunOptions{Context: ctx})
	require.NoError(t, err, "seed %d", seed)

	m := &machine{module: module}
	for _, e := range before.Entries {
		m.array = append(m.array, m.object(e))
	}
	m.data, m.ctx = m.object(before.Data), m.object(ctx)
	want := uint32(m.run(module.Funcs[0], nil))
	if want != got {
		t.Errorf("seed %d: %#x, want %#x\n%s", seed, got, want, module)
	}
	assert.Equal(t, before, maps.load(t), "seed %d: maps", seed)
}

// called returns the first function and those that it calls.
func called(all []emit.Result) []emit.Result {
	out := all[:1]
	for i := 0; i < len(out); i++ {
		for _, name := range out[i].Calls {
			for _, r := range all {
				if r.Name == name && !contains(out, name) {
					out = append(out[:len(out):len(out)], r)
				}
			}
		}
	}
	return out
}

func contains(rs []emit.Result, name string) bool {
	for _, r := range rs {
		if r.Name == name {
			return true
		}
	}
	return false
}

// TestLongJumpsRun runs a program whose branches need long jumps, both ways.
func TestLongJumpsRun(t *testing.T) {
	testenv.Kernel(t, "6.6", "long jumps")
	maps := newKernelMaps(t)
	b := ir.NewBuilder("main")
	far, end := b.NewBlock("far"), b.NewBlock("end")
	cond := b.Load(b.Ctx(), 0, 8, false)
	b.Branch(cond, far, end)
	b.Seal(far)
	b.SetBlock(far)
	for i := range 40000 {
		b.Store(b.MapValue("d", 0), int64(8*(i%8)), 8, b.Const(int64(i)))
	}
	b.Jump(end)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Binary(ir.OpAdd, b.Load(b.MapValue("d", 0), 8, 8, false), b.Const(1)))
	results, err := emit.Module(&ir.Module{Funcs: []*ir.Func{b.Func}}, emit.Options{Target: newKernel})
	require.NoError(t, err)
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "far", Type: ebpf.RawTracepoint, License: "GPL", Instructions: maps.link(t, results),
	})
	require.NoError(t, err)
	defer prog.Close()
	ctx := make([]byte, ctxSize)
	got, err := prog.Run(&ebpf.RunOptions{Context: ctx})
	require.NoError(t, err)
	require.Equal(t, uint32(1), got, "over the stores")
	ctx[3] = 1
	got, err = prog.Run(&ebpf.RunOptions{Context: ctx})
	require.NoError(t, err)
	require.Equal(t, uint32(39993+1), got, "through the stores")
}
