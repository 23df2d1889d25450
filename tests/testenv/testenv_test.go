package testenv_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// A recorder is a test that only notes how it ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

type ended struct{}

func (r *recorder) Helper() {}

func (r *recorder) Name() string { return "TestRecorded" }

func (r *recorder) Skip(args ...any) { r.skipped = fmt.Sprint(args...); panic(ended{}) }

func (r *recorder) Fatal(args ...any) { r.failed = fmt.Sprint(args...); panic(ended{}) }

func (r *recorder) Skipf(f string, args ...any) { r.Skip(fmt.Sprintf(f, args...)) }

func (r *recorder) Fatalf(f string, args ...any) { r.Fatal(fmt.Sprintf(f, args...)) }

// record runs a gate and returns how it ended.
func record(gate func(t testing.TB)) (r *recorder) {
	r = &recorder{}
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(ended); !ok {
				panic(e)
			}
		}
	}()
	gate(r)
	return r
}

type missing struct{ since target.Version }

func (m missing) Error() string                { return "no such thing" }
func (m missing) SinceVersion() target.Version { return m.since }

type gateTest struct {
	name            string
	env             map[string]string
	gate            func(t testing.TB)
	skipped, failed string
}

var machineGates = []gateTest{
	{"program", nil, func(t testing.TB) { testenv.Program(t, "go") }, "", ""},
	{"no program", nil, func(t testing.TB) { testenv.Program(t, "no-such-program") }, "host tier: needs the program no-such-program", ""},
	{
		"no program though required",
		map[string]string{"GTRACE_REQUIRE_TIERS": "1"},
		func(t testing.TB) { testenv.Program(t, "no-such-program") },
		"", "host tier: needs the program no-such-program (and GTRACE_REQUIRE_TIERS is set)",
	},
	{"file", nil, func(t testing.TB) { testenv.File(t, "doc.go") }, "", ""},
	{"no file", nil, func(t testing.TB) { testenv.File(t, "/no/such") }, "host tier: needs the file /no/such", ""},
	{"CPUs", nil, func(t testing.TB) { testenv.CPUs(t, 1) }, "", ""},
	{"no such CPUs", nil, func(t testing.TB) { testenv.CPUs(t, 1<<20) }, fmt.Sprintf("host tier: needs 1048576 CPUs, here is %d", runtime.NumCPU()), ""},
}

// Every skip is written down for scripts/test to count.
func TestSkipsAreNoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skips")
	t.Setenv("GTRACE_SKIPS", path)
	t.Setenv("GTRACE_REQUIRE_TIERS", "")
	record(func(t testing.TB) { testenv.Program(t, "no-such-program") })
	record(func(t testing.TB) { testenv.Kernel(t, "99.0", "x") })
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("wants\t%s\tTestRecorded\thost tier: needs the program no-such-program\n"+
		"left\t%s\tTestRecorded\tvm tier: kernel %s is older than 99.0, which brought x\n", dir, dir, testenv.Running(t)), string(text))
}

func TestGates(t *testing.T) {
	now := testenv.Running(t)
	newer := target.Version{Major: now.Major + 1}
	older := target.Version{Major: now.Major - 1}
	tests := []gateTest{
		{"skip", nil, func(t testing.TB) { testenv.Skip(t, testenv.Peer, "no bpftrace") }, "peer tier: no bpftrace", ""},
		{
			"required",
			map[string]string{"GTRACE_REQUIRE_TIERS": "1"},
			func(t testing.TB) { testenv.Skip(t, testenv.Peer, "no bpftrace") },
			"", "peer tier: no bpftrace (and GTRACE_REQUIRE_TIERS is set)",
		},
		{"not asked for", nil, func(t testing.TB) { testenv.Asked(t, testenv.VM) }, "vm tier: not asked for (make test-vm)", ""},
		{"another asked for", map[string]string{"GTRACE_TIER": "peer"}, func(t testing.TB) { testenv.Asked(t, testenv.VM) }, "vm tier: not asked for (make test-vm)", ""},
		{"asked for", map[string]string{"GTRACE_TIER": "peer,vm"}, func(t testing.TB) { testenv.Asked(t, testenv.VM) }, "", ""},
		{"all asked for", map[string]string{"GTRACE_TIER": "all"}, func(t testing.TB) { testenv.Asked(t, testenv.VM) }, "", ""},
		{"new enough", nil, func(t testing.TB) { testenv.Kernel(t, older.String(), "x") }, "", ""},
		{"same", nil, func(t testing.TB) { testenv.Kernel(t, now.String(), "x") }, "", ""},
		{
			"too old", nil, func(t testing.TB) { testenv.Kernel(t, newer.String(), "time travel") },
			fmt.Sprintf("host tier: kernel %s is older than %s, which brought time travel; the vm tier has kernels that run this", now, newer), "",
		},
		{
			"too old, required",
			map[string]string{"GTRACE_REQUIRE_TIERS": "1"},
			func(t testing.TB) { testenv.Kernel(t, newer.String(), "time travel") },
			"", fmt.Sprintf("host tier: kernel %s is older than %s, which brought time travel (and GTRACE_REQUIRE_TIERS is set)", now, newer),
		},
		{"no version", nil, func(t testing.TB) { testenv.Kernel(t, "new", "x") }, "", `read kernel version "new": expected integer`},
		{"supported", nil, func(t testing.TB) { testenv.Supported(t, nil) }, "", ""},
		{"other error", nil, func(t testing.TB) { testenv.Supported(t, errors.New("denied")) }, "", "want support, got denied"},
		{"missing", nil, func(t testing.TB) { testenv.Supported(t, fmt.Errorf("load: %w", missing{newer})) }, "host tier: load: no such thing; the vm tier has kernels that run this", ""},
		{
			"missing though new enough", nil, func(t testing.TB) { testenv.Supported(t, missing{older}) }, "",
			fmt.Sprintf("kernel %s has this since %s, but: no such thing", now, older),
		},
	}
	tests = append(tests, machineGates...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"GTRACE_REQUIRE_TIERS", "GTRACE_TIER", "GTRACE_SKIPS"} {
				t.Setenv(name, tt.env[name])
			}
			got := record(tt.gate)
			require.Equal(t, tt.skipped, got.skipped)
			require.Equal(t, tt.failed, got.failed)
		})
	}
}

func TestGolden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testdata", "x.txt")
	if testenv.Update() {
		return // it is not this test's files that are to be rewritten
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("as it was\n"), 0o644))
	testenv.Golden(t, path, "as it was\n")
}

func TestWorker(t *testing.T) {
	w := testenv.NewWorker(t)
	for range 3 {
		tid := 0
		w.Do(func() { tid = unix.Gettid() })
		require.Equal(t, w.TID(), tid, "always the same thread")
	}
	require.ErrorIs(t, w.Open("/no/such/file", 2), unix.ENOENT)
	require.NoError(t, w.Open("/", 2))
	w.Write(1, 20, 65536)
	w.Getppid(3)
	begin := time.Now()
	w.Nanosleep(2, 5*time.Millisecond)
	require.GreaterOrEqual(t, time.Since(begin), 5*time.Millisecond)
}
