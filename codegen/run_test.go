package codegen_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/tests/testenv"
)

// mustLoad loads an object for as long as the test runs.
func mustLoad(t *testing.T, obj *object.Object) *ebpf.Collection {
	t.Helper()
	coll, err := ebpf.NewCollection(obj.Spec)
	if err != nil {
		require.Fail(t, fmt.Sprintf("%+v", err))
	}
	t.Cleanup(coll.Close)
	return coll
}

// TestVerifierAccepts loads every golden script, as compiled for the newest and for the oldest kernel.
func TestVerifierAccepts(t *testing.T) {
	testenv.Privileged(t)
	for name, script := range scripts(t) {
		for _, on := range []target.Recorded{newest, oldest} {
			if name == "read_aggregates" && on == oldest {
				continue // needs what the oldest kernel lacks
			}
			t.Run(fmt.Sprintf("%s %v", name, on.Version), func(t *testing.T) {
				mustLoad(t, mustCompile(t, script, on, codegen.Options{}))
				mustLoad(t, mustCompile(t, script, on, codegen.Options{DebugHelpers: true, PID: 1}))
			})
		}
	}
}

// ran is a script after its begin probe ran.
type ran struct {
	t    *testing.T
	obj  *object.Object
	coll *ebpf.Collection
}

func mustRun(t *testing.T, script string, on target.Target) ran {
	t.Helper()
	obj := mustCompile(t, script, on, codegen.Options{})
	coll := mustLoad(t, obj)
	_, err := coll.Programs["gt_0"].Run(&ebpf.RunOptions{})
	require.NoError(t, err)
	return ran{t, obj, coll}
}

// scalar reads the number in a scalar map.
func (r ran) scalar(name string) int64 {
	r.t.Helper()
	for _, m := range r.obj.Manifest.Maps {
		if m.Name != name {
			continue
		}
		b, err := r.coll.Maps[m.Spec].LookupBytes(make([]byte, 4))
		require.NoError(r.t, err)
		require.NotZero(r.t, binary.LittleEndian.Uint64(b[len(b)-8:]), "%s was not assigned", name)
		return extend(binary.LittleEndian.Uint64(b), m.Value)
	}
	require.Fail(r.t, "no map "+name)
	return 0
}

func extend(n uint64, t types.Type) int64 {
	i, ok := t.(types.Int)
	shift := 64 - 8*types.Sizeof(t)
	if ok && i.Signed {
		return int64(n<<shift) >> shift
	}
	return int64(n << shift >> shift)
}

// TestExpressions runs expressions in the kernel. The values are those of the language's rules.
func TestExpressions(t *testing.T) {
	testenv.Privileged(t)
	for _, c := range []struct {
		expr string
		want int64
	}{
		{`$m / 2`, -3},
		{`$m % 3`, -1},
		{`$m >> 1`, -4},
		{`7 / $m`, -1},
		{`7 % $m`, 0},
		{`$u / 2`, 4},
		{`$u >> 1`, 4},
		{`$u % 4`, 1},
		{`$m / $zero`, 1},
		{`$u % $zero`, 1},
		{`-$m`, 7},
		{`~$m`, 6},
		{`!$m`, 0},
		{`!$zero`, 1},
		{`$m * $m`, 49},
		{`$u << 3`, 72},
		{`$u & 12`, 8},
		{`$u | 6`, 15},
		{`$u ^ 1`, 8},
		{`$m < 3`, 1},
		{`$m <= -7`, 1},
		{`$m > 3`, 0},
		{`$u >= 9`, 1},
		{`$u != 9`, 0},
		{`$m < 0 ? 5 : 6`, 5},
		{`$zero ? 5 : 6`, 6},
		{`$zero && $never`, 0},
		{`$u || $never`, 1},
		{`$u && $m`, 1},
		{`(int8)300`, 44},
		{`(uint8)$m`, 249},
		{`(int16)40000`, -25536},
		{`(uint32)$m`, 4294967289},
		{`(int64)(uint8)$m`, 249},
		{`(uint64)(int8)$m`, -7},
		{`$s == "abc"`, 1},
		{`$s == "abcd"`, 0},
		{`$s != "ab"`, 1},
		{`$s == $t`, 0},
		{`$t == "abcdefgh"`, 1},
		{`"abc" == $s`, 1},
		{`comm == comm`, 1},
		{`comm == "nobody"`, 0},
		{`pid == tid || pid != tid`, 1},
		{`nsecs > 0`, 1},
		{`delete(@gone, 3)`, 0},
		{`@gone[3]`, 0},
		{`@text["none"] == ""`, 1},
		{`(int64)@count`, 2},
		{`(int64)@min`, -7},
		{`(int64)@max`, 9},
		{`(int64)@avg`, 1},
		{`@sum + 1`, 3},
		{`@count > 1`, 1},
		{`@keyed["abc"]`, 5},
		{`@keyed[$s]`, 5},
		{`@two["a", 2]`, 8},
		{`@n++`, 3},
		{`++@n`, 4},
		{`@n--`, 3},
		{`strlen($s)`, 3},
		{`strlen($long)`, 20},
		{`strlen("")`, 0},
		{`strcap($s)`, 4},
		{`strncmp($s, "abd", 2)`, 0},
		{`strncmp($s, "abd", 3)`, 1},
		{`strncmp($s, "abc", 100)`, 0},
		{`strncmp($s, $t, 3)`, 0},
		{`strncmp($s, $t, 4)`, 1},
		{`strncmp($s, $t, 1000)`, 1},
		{`strncmp($s, str_concat("ab", "c"), 1000)`, 0},
		{`strstr($long, "abcab")`, 0},
		{`strstr($long, "cab")`, 2},
		{`strstr($long, "abcd")`, 13},
		{`strstr($long, "d")`, 16},
		{`strstr($long, "e")`, 17},
		{`strstr($long, "abcabd")`, -2},
		{`strstr($long, "abcababcabcababcdef")`, -2},
		{`strstr($long, $cd)`, 15},
		{`strstr($long, $de)`, 13},
		{`strstr($long, $dd)`, -2},
		{`strstr($s, $long)`, -2},
		{`strstr($s, "")`, 0},
		{`strcontains($long, "bab")`, 1},
		{`strcontains($long, "xyz")`, 0},
		{`strlen(str_concat($s, $t))`, 11},
		{`str_concat($s, $t) == "abcabcdefgh"`, 1},
		{`memcmp($s, $t, 3)`, 0},
		{`memcmp($s, "abz", 3)`, int64('c') - 'z'},
		{`memcmp("\x01", "\xff", 1)`, 2},
		{`bswap((uint16)0x1234)`, 0x3412},
		{`bswap((uint32)0x12345678)`, 0x78563412},
		{`bswap(0x12)`, 0x12},
		{`bswap(-1)`, 255},
		{`is_err((uint64)-2)`, 1},
		{`is_err(curtask)`, 0},
		{`is_str($s) && is_integer($m) && !is_ptr($m) && !is_array($s)`, 1},
		{`is_unsigned_integer($u) && !is_unsigned_integer($m) && is_literal(1) && !is_literal($m)`, 1},
		{`has_key(@keyed, "abc")`, 1},
		{`has_key(@keyed, "abd")`, 0},
		{`probetype == "special"`, 1},
		{`cpid`, 0},
		{`has_cpid`, 0},
		{`ncpus`, int64(newest.CPUs)},
		{`cgroup > 0`, 1},
		{`numaid < 1024`, 1},
		{`strerror(2) == "No such file or directory"`, 1},
		{`strerror(-2) == "No such file or directory"`, 1},
		{`strerror(4000) == "Unknown error"`, 1},
		{`signal_name(9) == "Killed"`, 1},
		{`signal_name(-9) == "N/A"`, 1},
		{`syscall_name(1) == "write"`, 1},
		{`syscall_name(100000) == "Unknown syscall"`, 1},
	} {
		t.Run(c.expr, func(t *testing.T) {
			script := `BEGIN { $m = (int64)-7; $u = (uint64)9; $zero = (int64)0; $never = (int64)0; $s = "abc"; $t = "abcdefgh";
				$long = "abcababcabcababcde12"; $cd = "cd"; $de = "abcde12"; $dd = "abcdd"; @gone[1] = 1; delete(@gone, 1); @text["a"] = "b"; @count = count(); @count = count(); @n = (int64)3;
				@min = min($m); @min = min(2); @max = max($m); @max = max((int64)9); @avg = avg($m); @avg = avg((int64)9);
				@sum = sum($m); @sum = sum((int64)9); @keyed["abc"] = 5; @two["a", 2] = 8;
				@r = ` + c.expr + ` }`
			require.Equal(t, c.want, mustRun(t, script, newest).scalar("@r"))
		})
	}
}

// TestSignedDivisionWithoutInstructions is the road of kernels without signed division.
func TestSignedDivisionWithoutInstructions(t *testing.T) {
	testenv.Privileged(t)
	for _, x := range []int64{-9, -8, -1, 0, 1, 7, 1 << 40, -1 << 62} {
		for _, y := range []int64{-3, -1, 1, 2, 5} {
			r := mustRun(t, fmt.Sprintf(`BEGIN { $x = (int64)(%d); $y = (int64)(%d); @d = $x / $y; @m = $x %% $y }`, x, y), oldest)
			require.Equal(t, x/y, r.scalar("@d"), "%d / %d", x, y)
			require.Equal(t, x%y, r.scalar("@m"), "%d %% %d", x, y)
		}
	}
}

// TestHistograms counts numbers in the kernel and compares with the slots that the types package gives.
func TestHistograms(t *testing.T) {
	testenv.Privileged(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	numbers := []int64{-1 << 63, -1 << 40, -65, -64, -63, -33, -32, -31, -5, -1, 0, 1, 2, 3, 4, 31, 32, 33, 63, 64, 100, 105, 1 << 32, 1<<63 - 1}
	for range 40 {
		numbers = append(numbers, int64(rng.Uint64()>>rng.IntN(64)))
	}
	var script strings.Builder
	script.WriteString("BEGIN { ")
	for _, n := range numbers {
		fmt.Fprintf(&script, "$n = (int64)(%d); @a = hist($n); @b = hist($n, 3); @c = hist($n, 5); @s = llhist($n); @u = llhist((uint64)$n); @l = lhist($n, 0, 105, 10); ", n)
	}
	script.WriteString("}")
	lhist := types.LHist{Min: 0, Max: 105, Step: 10}
	r := mustRun(t, script.String(), newest)
	for name, slot := range map[string]func(int64) int{
		"at_a": types.Hist{}.Slot,
		"at_b": types.Hist{Bits: 3}.Slot,
		"at_c": types.Hist{Bits: 5}.Slot,
		"at_s": types.Hist{Bits: 5, Fit: true, Signed: true}.Slot,
		"at_u": types.Hist{Bits: 5, Fit: true}.Slot,
		"at_l": lhist.Slot,
	} {
		m := r.coll.Maps[name]
		want := make([]uint64, m.ValueSize()/8-1)
		for _, n := range numbers {
			want[slot(n)]++
		}
		require.Equal(t, want, r.sumOfCPUs(m), name)
	}
}

// sumOfCPUs adds up the words of a per-CPU array's value, without its presence word.
func (r ran) sumOfCPUs(m *ebpf.Map) []uint64 {
	r.t.Helper()
	var cpus [][]byte
	require.NoError(r.t, m.Lookup(uint32(0), &cpus))
	out := make([]uint64, m.ValueSize()/8-1)
	for _, b := range cpus {
		for i := range out {
			out[i] += binary.LittleEndian.Uint64(b[8*i:])
		}
	}
	return out
}

// TestFullMapsAreCounted fills a map beyond its size.
func TestFullMapsAreCounted(t *testing.T) {
	testenv.Privileged(t)
	r := mustRun(t, `config = { max_map_keys = 2 }
		BEGIN { @m[1] = 1; @m[2] = 1; @m[3] = 1; @n[1]++; @n[2]++; @n[3]++; @n[4]++ }`, newest)
	require.EqualValues(t, 1, lostCount(t, r.coll, object.LostMaps))
	require.EqualValues(t, 2, lostCount(t, r.coll, object.LostMaps+1))
}

// TestExitIsNotLost checks that exit leaves its mark even though nobody reads the ring buffer, and ends the program.
func TestExitIsNotLost(t *testing.T) {
	testenv.Privileged(t)
	r := mustRun(t, `BEGIN { @before = 1; exit(3); @after = 1 }`, newest)
	b, err := r.coll.Maps[object.DataMap].LookupBytes(make([]byte, 4))
	require.NoError(t, err)
	require.EqualValues(t, 4, binary.LittleEndian.Uint64(b[object.DataExited:]))
	require.EqualValues(t, 1, r.scalar("@before"))
	after, err := r.coll.Maps["at_after"].LookupBytes(make([]byte, 4))
	require.NoError(t, err)
	require.Zero(t, binary.LittleEndian.Uint64(after[8:]))
}

// TestStackNumbers checks that each stack has a number of its own, the same each time, and that those without room are counted.
func TestStackNumbers(t *testing.T) {
	testenv.Privileged(t)
	const script = `kprobe:f { @s[kstack(5)] = count(); } kprobe:f { @s[kstack(5)] = count(); @s[kstack(5)] = count(); }`
	tests := []struct {
		name              string
		on                target.Recorded
		room, spill, lost int
	}{
		{"newest", newest, 16, 16, 0},
		{"newest, full", newest, 1, 16, 0},
		{"newest, both full", newest, 1, 1, 2},
		{"oldest", oldest, 16, 0, 0},
		{"oldest, full", oldest, 1, 0, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			obj := mustCompile(t, script, test.on, codegen.Options{})
			obj.Spec.Maps["gt_stacks_5"].MaxEntries = uint32(test.room)
			if test.spill > 0 {
				obj.Spec.Maps["gt_more_stacks_5"].MaxEntries = uint32(test.spill)
			} else {
				require.NotContains(t, obj.Spec.Maps, "gt_more_stacks_5")
			}
			for _, p := range obj.Spec.Programs {
				p.Type = ebpf.RawTracepoint // which can be run without an event
			}
			coll := mustLoad(t, obj)
			for _, name := range []string{"gt_0", "gt_1", "gt_1"} {
				_, err := coll.Programs[name].Run(&ebpf.RunOptions{})
				require.NoError(t, err)
			}
			found := stackCounts(t, coll)
			require.Len(t, found, 3, "of the first program, and of two places in the second")
			require.Equal(t, []uint64{1, 2, 2}, slices.Sorted(maps.Values(found)))
			stacks, spilled := known(t, coll.Maps["gt_stacks_5"], found), known(t, coll.Maps["gt_more_stacks_5"], found)
			require.Equal(t, min(test.room, 3), stacks)
			require.Equal(t, min(test.spill, 3-stacks), spilled)
			require.EqualValues(t, stacks+spilled, counter(t, coll.Maps[object.StoredMap], 0))
			require.EqualValues(t, test.lost, lostCount(t, coll, object.LostStacks))
		})
	}
}

// known counts the stacks that are in a map.
func known(t *testing.T, m *ebpf.Map, ids map[uint64]uint64) int {
	t.Helper()
	n := 0
	for id := range ids {
		require.NotZero(t, id&object.StackStored)
		frames := make([]uint64, 5)
		if m != nil && m.Lookup(id, frames) == nil {
			require.NotZero(t, frames[0])
			n++
		}
	}
	return n
}

// stackCounts returns the counts of @s by the numbers of its stacks.
func stackCounts(t *testing.T, coll *ebpf.Collection) map[uint64]uint64 {
	t.Helper()
	out := map[uint64]uint64{}
	var key []byte
	var counts []uint64
	for it := coll.Maps["at_s"].Iterate(); it.Next(&key, &counts); {
		for _, c := range counts {
			out[binary.LittleEndian.Uint64(key)] += c
		}
	}
	return out
}

// lostCount returns a counter of what is lost.
func lostCount(t *testing.T, coll *ebpf.Collection, index int) uint64 {
	t.Helper()
	m := coll.Maps[object.LostMap]
	counters := make([]uint64, m.ValueSize()/8)
	require.NoError(t, m.Lookup(uint32(0), counters))
	return counters[index]
}

// counter returns a counter that each CPU has a part of.
func counter(t *testing.T, m *ebpf.Map, index int) uint64 {
	t.Helper()
	var cpus []uint64
	require.NoError(t, m.Lookup(uint32(index), &cpus))
	n := uint64(0)
	for _, c := range cpus {
		n += c
	}
	return n
}
