package property

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/lower"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/runtime/value"
	"github.com/gtrace/gtrace/stdlib"
	"github.com/gtrace/gtrace/tests/testenv"
)

var (
	programs = flag.Int("programs", 2000, "number of random programs")
	seed     = flag.Uint64("seed", 0, "seed of the first program; 0 takes what GTRACE_SEED says, or the time")
)

func TestPrograms(t *testing.T) {
	testenv.Privileged(t)
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	if n, err := strconv.ParseUint(os.Getenv("GTRACE_SEED"), 10, 64); err == nil && *seed == 0 {
		first = n
	}
	t.Logf("%d programs from seed %d (-seed %d -programs 1 repeats the first)", *programs, first, first)
	seeds, results := make(chan uint64), make(chan result)
	var working sync.WaitGroup
	for i := range workers {
		r := newRunner(t, i)
		working.Go(func() {
			for seed := range seeds {
				results <- r.try(seed)
			}
		})
	}
	old := testenv.Running(t).Before(target.Version{Major: 5, Minor: 19}) // which brought the last of what these programs may need
	stop := make(chan struct{})
	go func() {
		defer close(seeds)
		for i := range uint64(*programs) {
			select {
			case seeds <- first + i:
			case <-stop:
				return
			}
		}
	}()
	go func() { working.Wait(); close(results) }()
	lacking, failed := 0, result{}
	for res := range results {
		var missing *lower.Error
		switch {
		case res.err == nil:
		case old && errors.As(res.err, &missing):
			lacking++
		case failed.err == nil:
			failed = res
			close(stop)
		}
	}
	if failed.err != nil {
		t.Fatal(smallest(newRunner(t, workers), failed))
	}
	require.LessOrEqual(t, lacking, *programs*4/5, "programs with what this kernel does not have")
}

// workers run at the same time: mostly they wait for the kernel.
const workers = 4

// result is how the program of a seed did.
type result struct {
	seed uint64
	err  error
}

// try compiles and runs the program of a seed. Its time is the processor's, the kernel's check of the program included, whatever else the machine does.
func (r *runner) try(seed uint64) result {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	begin := threadTime()
	err := r.differs(generate(seed))
	if took := threadTime() - begin; err == nil && took > time.Minute {
		err = &failure{"slow", fmt.Errorf("the program takes %v to compile, load and run", took)}
	}
	return result{seed, err}
}

// threadTime is what the thread has had of the processor.
func threadTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		panic("BUG: property: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// smallest reports a failure with a program that is made as small as can be in some seconds.
func smallest(r *runner, failed result) string {
	p := generate(failed.seed)
	kind := kindOf(failed.err)
	end := time.Now().Add(20 * time.Second)
	shrink(p, func(p *program) bool { return time.Now().Before(end) && kindOf(r.differs(p)) == kind }, 30)
	return fmt.Sprintf("seed %d: %v\n\nsmallest program that fails so:\n%s\n%v", failed.seed, failed.err, p.text(), r.differs(p))
}

// runner compiles and runs programs.
type runner struct {
	host *host.Host
	set  *probe.Set
	lib  *stdlib.Catalog
	mem  []byte // which programs read through pointers
	base int    // and where that is
}

func newRunner(t *testing.T, i int) *runner {
	t.Helper()
	base := memoryAt + i*memorySize
	mem, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, base), memorySize,
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.MunmapPtr(mem, memorySize)) })
	h := host.New()
	return &runner{host: h, set: probe.New(h), lib: stdlib.New(), mem: unsafe.Slice((*byte)(mem), memorySize), base: base}
}

// failure is a program that did not do what it should.
type failure struct {
	kind string // compile, load, differ
	err  error
}

func (f *failure) Error() string { return f.kind + ": " + f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func kindOf(err error) string {
	var f *failure
	if !errors.As(err, &f) {
		return ""
	}
	// What is refused for another reason is another failure.
	_, message, _ := strings.Cut(f.err.Error(), "ERROR: ")
	words := strings.FieldsFunc(message, func(r rune) bool { return !unicode.IsLetter(r) })
	return f.kind + " " + strings.Join(words[:min(3, len(words))], " ")
}

// differs runs a program in the kernel and in the interpreter and returns what is not the same.
func (r *runner) differs(p *program) error {
	p.base = r.base
	got, err := r.run(p)
	if err != nil {
		return err
	}
	want := p.run().print(p)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			return &failure{"differ", fmt.Errorf("%s:\nkernel:\n%s\ninterpreter:\n%s", name, got[name], want[name])}
		}
	}
	return nil
}

func (r *runner) run(p *program) (map[string]string, error) {
	file := diag.NewFile("program", p.text())
	diags := &diag.List{}
	tree := parser.Parse(file, diags)
	info, err := check.Check(tree, check.Options{Builtins: r.lib, Providers: r.set, Host: r.host}, diags)
	if err == nil && diags.HasErrors() {
		var b strings.Builder
		diags.Print(&b, diag.PrintOptions{NoWarnings: true})
		err = errors.New(b.String())
	}
	if err != nil {
		return nil, &failure{"compile", err}
	}
	obj, err := codegen.Compile(info, r.host, codegen.Options{})
	if err != nil {
		return nil, &failure{"compile", err}
	}
	copy(r.mem, p.mem)
	s, err := runtime.New(runtime.Options{Printer: output.NewText(output.Options{Out: io.Discard, Err: io.Discard})})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if _, err := s.Add(context.Background(), obj); err != nil {
		return nil, &failure{"load", err}
	}
	out := map[string]string{}
	for _, name := range s.Maps() {
		m, err := s.Map(name)
		if err != nil {
			return nil, &failure{"read", err}
		}
		out[name] = printMap(m)
	}
	return out, nil
}

// printMap writes a map read from the kernel in a form of its own, to compare with state.print.
func printMap(m value.Map) string {
	var lines []string
	for _, e := range m.Entries {
		k := ""
		if e.Key != nil {
			k = printKey(e.Key)
		}
		lines = append(lines, k+" = "+printValue(e.Value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func printKey(v value.Value) string {
	if t, ok := v.(value.Seq); ok {
		parts := make([]string, len(t.Elems))
		for i, e := range t.Elems {
			parts[i] = printValue(e)
		}
		return strings.Join(parts, ", ")
	}
	return printValue(v)
}

func printValue(v value.Value) string {
	switch v := v.(type) {
	case value.Int:
		if t, ok := v.T.(types.Int); ok && t.Signed {
			return fmt.Sprint(int64(v.Bits))
		}
		return fmt.Sprint(v.Bits)
	case value.Seq:
		return "(" + printKey(v) + ")"
	case value.Bytes:
		return string(v.B)
	case value.Number:
		return fmt.Sprint(v.Bits)
	case value.Stats:
		return fmt.Sprintf("%d/%d", v.Total, v.Count)
	case value.Hist:
		return printSlots(v)
	}
	return fmt.Sprintf("unexpected %T", v)
}

func printSlots(h value.Hist) string {
	slots := map[int]uint64{}
	for i, n := range h.Slots {
		if n == 0 {
			continue
		}
		low := -1
		switch t := h.T.(type) {
		case types.Hist:
			if i > 0 || t.Signed {
				lo, _ := t.Range(i)
				low = int(lo)
			}
		case types.LHist:
			if i > 0 {
				low = int(t.Min + int64(i-1)*t.Step)
			}
		}
		slots[low] = n
	}
	return fmt.Sprint(slots)
}

// print writes the maps of the interpreter in the same form.
func (s *state) print(p *program) map[string]string {
	out := map[string]string{}
	for _, m := range p.maps {
		var lines []string
		for k, c := range s.maps[m.name] {
			lines = append(lines, k+" = "+c.print(m))
		}
		slices.Sort(lines)
		out[m.name] = strings.Join(lines, "\n")
	}
	return out
}

func (c *cell) print(m *mapDecl) string {
	switch m.agg {
	case "str":
		return c.s
	case "val":
		return m.s.print(c.val(m))
	case "count":
		return fmt.Sprint(c.count)
	case "avg", "stats":
		return fmt.Sprintf("%d/%d", c.n, c.count)
	case "hist", "lhist", "llhist", "quantile":
		return fmt.Sprint(c.slots)
	case "":
		if m.t.signed {
			return fmt.Sprint(int64(c.n))
		}
	}
	return fmt.Sprint(c.n)
}

// TestInterpreter pins the reference on numbers worked out by hand.
func TestInterpreter(t *testing.T) {
	for _, tt := range []struct {
		op     string
		x, y   int64
		signed bool
		want   int64
	}{
		{"/", -7, 2, true, -3},
		{"%", -7, 2, true, -1},
		{"/", -7, 2, false, 9223372036854775804},
		{">>", -8, 1, true, -4},
		{">>", -8, 60, false, 15},
		{"/", 5, 0, true, 1},
		{"%", 5, 0, false, 1},
		{"/", -1 << 63, -1, true, -1 << 63},
		{"<<", 1, 65, true, 2},
	} {
		require.Equal(t, uint64(tt.want), arith(tt.op, uint64(tt.x), uint64(tt.y), tt.signed), "%d %s %d", tt.x, tt.op, tt.y)
	}
	require.Equal(t, uint64(0xffffffffffffff80), fit(0x180, intType{1, true}))
	require.Equal(t, uint64(0x80), fit(0x180, intType{1, false}))
	require.Equal(t, 96, (&mapDecl{agg: "hist", k: 1}).slotOf(100))
}
