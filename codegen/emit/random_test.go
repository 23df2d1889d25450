package emit_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

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
		"scratch0": create(ebpf.PerCPUArray, scratchSize, 4), "scratch1": create(ebpf.PerCPUArray, scratchSize, 4),
		"scratch2": create(ebpf.PerCPUArray, scratchSize, 4), "lost": create(ebpf.Array, 8, 1),
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
	complex := 0
	for i := range *randomCount {
		at := seed + int64(i)
		on := targets[at&1] // not i: a seed means the same wherever the test begins
		module := generate(at, on.Has(target.CPUv4))
		err := maps.differs(t, module, at, on)
		switch {
		case err == nil:
			continue
		case errors.Is(err, unix.E2BIG):
			complex++
			continue
		}
		t.Logf("seed %d: %.1000v", at, err) // making it smaller can take long
		small := shrinkModule(module.String(), func(m *ir.Module) bool {
			e := maps.differs(t, m, at, on)
			return e != nil && !errors.Is(e, unix.E2BIG) && errors.Is(e, errDiffers) == errors.Is(err, errDiffers)
		})
		t.Errorf("seed %d (-random.seed %d -random.count 1): %v\n%s\nmade smaller:\n%s", at, at, err, module, small)
		if !*randomAll {
			return
		}
	}
	// A few have more paths than the verifier has patience for, which says nothing of emit.
	require.LessOrEqual(t, complex, 1+*randomCount/1000, "functions too complex for the verifier")
}

var errDiffers = errors.New("the kernel and the interpreter differ")

// differs runs a module in the kernel and in the interpreter, and returns what is not the same or not accepted.
func (k kernelMaps) differs(t *testing.T, module *ir.Module, seed int64, on target.Recorded) error {
	t.Helper()
	if err := ir.Validate(module); err != nil {
		return err
	}
	for _, f := range module.Funcs {
		f.Reentrant = seed%2 == 0
	}
	// Only functions that are called may be in a program.
	results, err := emit.Module(module, emit.Options{Target: on, ScratchMap: "scratch", LostMap: "lost"})
	if err != nil {
		return err
	}
	r := rand.New(rand.NewSource(seed))
	before := randomImage(r)
	ctx := make([]byte, ctxSize)
	r.Read(ctx)
	k.store(t, before)
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "random", Type: ebpf.RawTracepoint, License: "GPL", Instructions: k.link(t, called(results)),
	})
	if err != nil {
		return fmt.Errorf("%w: %+v", err, err)
	}
	defer prog.Close()
	got, err := prog.Run(&ebpf.RunOptions{Context: ctx})
	if err != nil {
		return err
	}
	m := &machine{module: module}
	for _, e := range before.Entries {
		m.array = append(m.array, m.object(e))
	}
	m.data, m.ctx = m.object(before.Data), m.object(ctx)
	if want := uint32(m.run(module.Funcs[0], nil)); want != got {
		return fmt.Errorf("%w: it returns %#x, want %#x", errDiffers, got, want)
	}
	if after := k.load(t); !reflect.DeepEqual(before, after) {
		return fmt.Errorf("%w: maps hold\n%x\nwant\n%x", errDiffers, after, before)
	}
	return nil
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
