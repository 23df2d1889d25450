package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
	"github.com/gtrace/gtrace/tests/testenv"
)

func needRoot(t testing.TB) {
	t.Helper()
	testenv.Privileged(t)
}

// builder makes Objects by hand.
type builder struct{ o object.Object }

func newBuilder() *builder {
	b := &builder{}
	b.o.Spec = &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{}, Programs: map[string]*ebpf.ProgramSpec{}}
	b.o.Manifest.Config = object.Config{PrintMapsOnExit: true, StrTruncTrailer: "..", MissingProbes: "error"}
	b.o.Spec.Maps[object.EventsMap] = &ebpf.MapSpec{Name: object.EventsMap, Type: ebpf.RingBuf, MaxEntries: 1 << 16}
	b.o.Spec.Maps[object.DataMap] = &ebpf.MapSpec{
		Name: object.DataMap, Type: ebpf.Array, KeySize: 4, ValueSize: object.DataSize, MaxEntries: 1,
	}
	b.o.Spec.Maps[object.LostMap] = &ebpf.MapSpec{
		Name: object.LostMap, Type: ebpf.Array, KeySize: 4, ValueSize: 32, MaxEntries: 1,
	}
	return b
}

// scalar adds an integer map without key.
func (b *builder) scalar(name string) *builder {
	spec := "m_" + strings.TrimPrefix(name, "@")
	b.o.Spec.Maps[spec] = &ebpf.MapSpec{Name: spec, Type: ebpf.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1}
	b.o.Manifest.Maps = append(b.o.Manifest.Maps, object.Map{Name: name, Spec: spec, Value: types.Int64, Presence: true})
	return b
}

// program adds a program for probes.
func (b *builder) program(name string, insns asm.Instructions, probes ...attach.Probe) *builder {
	insns = append(insns, asm.Mov.Imm(asm.R0, 0), asm.Return())
	b.o.Spec.Programs[name] = &ebpf.ProgramSpec{Name: name, Type: ebpf.RawTracepoint, Instructions: insns, License: "GPL"}
	b.o.Manifest.Programs = append(b.o.Manifest.Programs, object.Program{Name: name, Probes: probes})
	return b
}

func (b *builder) event(e object.Event) uint32 {
	b.o.Manifest.Events = append(b.o.Manifest.Events, e)
	return uint32(len(b.o.Manifest.Events) - 1)
}

// add adds n to a scalar map, and marks it as assigned.
func add(name string, n int32) asm.Instructions {
	return asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference("m_" + strings.TrimPrefix(name, "@")),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, fmt.Sprintf("none%s%d", name, n)),
		asm.Mov.Imm(asm.R1, n),
		asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 8, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, 0).WithSymbol(fmt.Sprintf("none%s%d", name, n)),
	}
}

// send sends an event with one 64-bit value.
func send(id uint32, n int64) asm.Instructions {
	return asm.Instructions{
		asm.StoreImm(asm.RFP, -16, int64(id), asm.Word),
		asm.StoreImm(asm.RFP, -12, 16, asm.Word),
		asm.Mov.Imm(asm.R1, int32(n)),
		asm.StoreMem(asm.RFP, -8, asm.R1, asm.DWord),
		asm.LoadMapPtr(asm.R1, 0).WithReference(object.EventsMap),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -16),
		asm.Mov.Imm(asm.R3, 16),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
	}
}

var (
	begin  = attach.Probe{Provider: "begin", Name: "begin", Kind: attach.KindTestRun}
	end    = attach.Probe{Provider: "end", Name: "end", Kind: attach.KindTestRun}
	getpid = attach.Probe{
		Provider: "tracepoint", Name: "tracepoint:syscalls:sys_enter_getppid", Kind: attach.KindTracepoint,
		Target: "syscalls", Func: "sys_enter_getppid",
	}
	intField = []object.EventField{{Type: types.Int64}}
)

func printfEvent(format string) object.Event {
	return object.Event{Kind: object.EventPrintf, Format: format, Fields: intField, FixedSize: 8}
}

// attacher attaches tracepoints, and fails for a probe of the name "missing".
type attacher struct {
	mu     sync.Mutex
	closed int
	// wrap, if any, makes something else of a link.
	wrap func(io.Closer) io.Closer
}

type countedLink struct {
	io.Closer
	a *attacher
}

func (l countedLink) Close() error {
	l.a.mu.Lock()
	l.a.closed++
	l.a.mu.Unlock()
	return l.Closer.Close()
}

var errMissing = errors.New("no such probe")

func (a *attacher) Configure(spec *ebpf.ProgramSpec, ps []attach.Probe) error {
	switch {
	case ps[0].Kind == attach.KindTracing && ps[0].Func == "gone":
		return fmt.Errorf("%s: %w", ps[0].Name, fs.ErrNotExist)
	case ps[0].Kind == attach.KindTracing && ps[0].Func == "unloadable":
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceFEntry, "no_function_has_this_name"
	case ps[0].Kind == attach.KindTracing, ps[0].Kind == attach.KindTracepoint:
		spec.Type = ebpf.TracePoint
	}
	return nil
}

// AttachMany attaches to tracepoints. One that is called "missing" is an error, one called "refused" cannot be traced.
func (a *attacher) AttachMany(prog *ebpf.Program, ps []attach.Probe) (io.Closer, []runtime.AttachFailure) {
	var done links
	var failures []runtime.AttachFailure
	for _, p := range ps {
		if p.Func == "missing" || p.Func == "refused" {
			failures = append(failures, runtime.AttachFailure{Probe: p, Err: errMissing, Refused: p.Func == "refused"})
			continue
		}
		l, err := link.Tracepoint(p.Target, p.Func, prog, nil)
		if err != nil {
			failures = append(failures, runtime.AttachFailure{Probe: p, Err: err})
			continue
		}
		done = append(done, countedLink{l, a})
	}
	if a.wrap != nil {
		return a.wrap(done), failures
	}
	return done, failures
}

type links []io.Closer

func (ls links) Close() error {
	var errs []error
	for _, l := range ls {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

type session struct {
	*runtime.Session
	out, err, details bytes.Buffer
	attacher          attacher
}

func newSession(t testing.TB) *session {
	t.Helper()
	s := &session{}
	var err error
	s.Session, err = runtime.New(runtime.Options{
		Attacher: &s.attacher,
		Details:  &s.details,
		Warnings: &s.err,
		Printer:  output.NewText(output.Options{Out: &s.out, Err: &s.err}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestBeginEnd(t *testing.T) {
	needRoot(t)
	b := newBuilder().scalar("@x").scalar("@never")
	hello, bye := b.event(printfEvent("hello %d\n")), b.event(printfEvent("bye %d\n"))
	b.program("begin_1", append(add("@x", 5), send(hello, 1)...), begin)
	b.program("end_1", append(add("@x", 2), send(bye, 2)...), end)

	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	code, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "hello 1\nbye 2\n\n\n@x: 7\n", s.out.String())
	require.Equal(t, "Attached 2 probes\n", s.err.String())
}

func TestCountsAreExact(t *testing.T) {
	needRoot(t)
	b := newBuilder().scalar("@calls")
	b.program("tp_1", add("@calls", 1), getpid)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	for range 1000 {
		unix.Getppid()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, "\n\n@calls: 1000\n", s.out.String())
	require.Equal(t, 1, s.attacher.closed)
}

func TestEventsKeepTheirOrder(t *testing.T) {
	needRoot(t)
	b := newBuilder()
	id := b.event(printfEvent("%d,"))
	var insns asm.Instructions
	want := ""
	for i := range 50 {
		insns = append(insns, send(id, int64(i))...)
		want += fmt.Sprintf("%d,", i)
	}
	b.program("begin_1", insns, begin)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	_, err = s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want+"\n\n", s.out.String())
}

func TestExit(t *testing.T) {
	needRoot(t)
	b := newBuilder()
	before := b.event(printfEvent("before %d\n"))
	exit := b.event(object.Event{Kind: object.EventExit, Fields: intField, FixedSize: 8})
	b.program("tp_1", append(send(before, 1), send(exit, 3)...), getpid)
	b.program("end_1", send(b.event(printfEvent("bye %d\n")), 2), end)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	unix.Getppid()
	unix.Getppid() // what is sent after an exit() is not printed
	start := time.Now()
	code, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, code)
	require.Equal(t, "before 1\nbye 2\n\n\n", s.out.String())
	require.Less(t, time.Since(start), 2*time.Second)
}

// TestLostExit sets the flag as a program does whose exit event found no room.
func TestLostExit(t *testing.T) {
	needRoot(t)
	b := newBuilder()
	b.program("tp_1", asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(object.DataMap),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "none"),
		asm.Mov.Imm(asm.R1, 8),
		asm.StoreMem(asm.R0, object.DataExited, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, 0).WithSymbol("none"),
	}, getpid)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	unix.Getppid()
	code, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, code)
}

func TestExitUnderLoad(t *testing.T) {
	needRoot(t)
	b := newBuilder().scalar("@calls")
	line := b.event(printfEvent("%d\n"))
	b.program("tp_1", append(add("@calls", 1), send(line, 1)...), getpid)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for ctx.Err() == nil {
			unix.Getppid()
		}
	}()
	_, err = s.Run(ctx)
	require.NoError(t, err)
	<-stopped
	calls := mustInt(t, s, "@calls")
	require.Positive(t, calls)
	lines := strings.Count(s.out.String(), "1\n")
	require.LessOrEqual(t, lines, int(calls)+1)
	require.Contains(t, s.out.String(), fmt.Sprintf("\n\n@calls: %d\n", calls))
}

func mustInt(t *testing.T, s *session, name string) int64 {
	t.Helper()
	m, err := s.Map(name)
	require.NoError(t, err)
	require.Len(t, m.Entries, 1)
	return int64(m.Entries[0].Value.(value.Int).Bits)
}

func TestPauseResumeRemove(t *testing.T) {
	needRoot(t)
	b := newBuilder().scalar("@calls")
	b.program("tp_1", add("@calls", 1), getpid)
	s := newSession(t)
	g, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	unix.Getppid()
	require.NoError(t, g.Pause())
	unix.Getppid()
	require.EqualValues(t, 1, mustInt(t, s, "@calls"))
	require.NoError(t, g.Resume(t.Context()))
	require.NoError(t, g.Resume(t.Context()))
	unix.Getppid()
	require.EqualValues(t, 2, mustInt(t, s, "@calls"))
	require.NoError(t, g.Remove())
	unix.Getppid()
	require.EqualValues(t, 2, mustInt(t, s, "@calls"), "the map outlives the group")
}

// slowLink is one that the kernel takes its time to free.
type slowLink struct {
	io.Closer
	disarmed bool
	free     chan struct{}
	closed   chan struct{}
}

func (l *slowLink) Disarm() error {
	l.disarmed = true
	return l.Closer.Close()
}

func (l *slowLink) Close() error {
	<-l.free
	l.closed <- struct{}{}
	return nil
}

// Who stops probes does not wait until the kernel has freed them, only until they do not fire any more.
func TestStopDoesNotWait(t *testing.T) {
	needRoot(t)
	s := newSession(t)
	free, closed := make(chan struct{}), make(chan struct{}, 10)
	var slow []*slowLink
	s.attacher.wrap = func(l io.Closer) io.Closer {
		slow = append(slow, &slowLink{Closer: l, free: free, closed: closed})
		return slow[len(slow)-1]
	}
	for range 3 {
		b := newBuilder().scalar("@calls")
		b.program("tp_1", add("@calls", 1), getpid)
		g, err := s.Add(t.Context(), &b.o)
		require.NoError(t, err)
		unix.Getppid()
		require.NoError(t, g.Stop())
		unix.Getppid()
		require.True(t, slow[len(slow)-1].disarmed)
	}
	require.EqualValues(t, 3, mustInt(t, s, "@calls"))
	require.Empty(t, closed)
	close(free)
	for range 3 {
		<-closed
	}
	require.NoError(t, s.Close())
	require.Empty(t, closed, "each once")
}

func TestObjectsShareMaps(t *testing.T) {
	needRoot(t)
	one, two := newBuilder().scalar("@x"), newBuilder().scalar("@x").scalar("@y")
	one.program("begin_1", add("@x", 5), begin)
	two.program("begin_1", append(add("@x", 6), add("@y", 1)...), begin)
	s := newSession(t)
	for _, b := range []*builder{one, two} {
		_, err := s.Add(t.Context(), &b.o)
		require.NoError(t, err)
	}
	require.EqualValues(t, 11, mustInt(t, s, "@x"))
	require.Equal(t, []string{"@x", "@y"}, s.Maps())

	clash := newBuilder().scalar("@x")
	clash.o.Manifest.Maps[0].Value = types.Uint64
	clash.program("begin_1", add("@x", 6), begin)
	_, err := s.Add(t.Context(), &clash.o)
	require.ErrorIs(t, err, runtime.ErrMapClash)
}

func TestMissingProbes(t *testing.T) {
	needRoot(t)
	missing := getpid
	missing.Func = "missing"
	for _, tt := range []struct {
		policy string
		fails  bool
	}{{"error", true}, {"warn", false}, {"ignore", false}} {
		t.Run(tt.policy, func(t *testing.T) {
			b := newBuilder().scalar("@calls")
			b.o.Manifest.Config.MissingProbes = tt.policy
			b.program("tp_1", add("@calls", 1), getpid, missing)
			s := newSession(t)
			_, err := s.Add(t.Context(), &b.o)
			if tt.fails {
				require.ErrorIs(t, err, errMissing)
				require.Empty(t, s.Maps())
				return
			}
			require.NoError(t, err)
			unix.Getppid()
			require.EqualValues(t, 1, mustInt(t, s, "@calls"))
			want := "Attached 1 probe\n"
			if tt.policy == "warn" {
				want = "WARNING: attach " + missing.Name + ": no such probe\n" + want
			}
			require.Equal(t, want, s.err.String())
		})
	}
}

// A program that the kernel does not take for its place is left out where the script can do without it, and the others run.
func TestProgramsRefused(t *testing.T) {
	needRoot(t)
	typed := func(fn string, wildcard bool) attach.Probe {
		return attach.Probe{Provider: "fentry", Name: "fentry:vmlinux:" + fn, Kind: attach.KindTracing, Target: "syscalls", Func: fn, Wildcard: wildcard}
	}
	good := typed("sys_enter_getppid", true)
	for _, tt := range []struct {
		name, policy string
		probes       []attach.Probe
		says, err    string
	}{
		{"of a wildcard", "error", []attach.Probe{typed("unloadable", true), good}, "WARNING: 1 of the probes that wildcards stand for cannot be traced: fentry:vmlinux:unloadable\n", ""},
		{"gone", "error", []attach.Probe{typed("gone", true), good}, "WARNING: 1 of the probes that wildcards stand for cannot be traced: fentry:vmlinux:gone\n", ""},
		{"both", "ignore", []attach.Probe{typed("gone", true), typed("unloadable", true), good}, "", ""},
		{"by name", "error", []attach.Probe{typed("unloadable", false), good}, "", "no_function_has_this_name"},
		{"by name, tolerated", "warn", []attach.Probe{typed("unloadable", false), good}, "WARNING: attach fentry:vmlinux:unloadable: ", ""},
		{"gone by name", "error", []attach.Probe{typed("gone", false), good}, "", "configure fentry:vmlinux:gone"},
		{"all", "error", []attach.Probe{typed("unloadable", true)}, "", "no_function_has_this_name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder().scalar("@calls")
			b.o.Manifest.Config.MissingProbes = tt.policy
			for i, p := range tt.probes {
				b.program(fmt.Sprintf("p_%d", i), add("@calls", 1), p)
			}
			s := newSession(t)
			_, err := s.Add(t.Context(), &b.o)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			unix.Getppid()
			require.NotZero(t, mustInt(t, s, "@calls"), "others call it, too")
			require.Contains(t, s.err.String(), tt.says)
			require.Contains(t, s.err.String(), "Attached 1 probe\n")
		})
	}
}

func TestLostAndFull(t *testing.T) {
	needRoot(t)
	b := newBuilder().scalar("@m")
	count := func(i int32) asm.Instructions {
		return asm.Instructions{
			asm.LoadMapValue(asm.R0, 0, uint32(8*i)).WithReference(object.LostMap),
			asm.Mov.Imm(asm.R1, i+1),
			asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		}
	}
	b.program("begin_1", append(append(count(0), count(1)...), count(2)...), begin)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	require.NoError(t, err)
	_, err = s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Attached 1 probe\n"+
		"WARNING: Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map "+
		"declaration e.g. `let @m = hash(5000)` (updates of @m lost: 3)\n"+
		"WARNING: Lost 2 stacks: the stack map is full\n"+
		"Lost 1 events\nWARNING: Total lost event count: 1\n", s.err.String())
}

func TestRejectionNamesTheLine(t *testing.T) {
	needRoot(t)
	b := newBuilder()
	insns := asm.Instructions{
		asm.Mov.Imm(asm.R1, 0).WithSource(asm.Comment("stdin:1:1 begin")),
		asm.LoadMem(asm.R0, asm.R1, 0, asm.DWord).WithSource(asm.Comment("stdin:1:9 $x = *0")),
	}
	b.program("begin_1", insns, begin)
	s := newSession(t)
	_, err := s.Add(t.Context(), &b.o)
	var v *runtime.VerifierError
	require.ErrorAs(t, err, &v)
	require.Equal(t, "stdin:1:9 $x = *0", v.Place, "%q", v.Log)
	require.Contains(t, err.Error(), "this is a bug in gtrace")
}

// Two of the kernel's limits that a script's author can keep, and nobody else.
func TestTooLongActions(t *testing.T) {
	needRoot(t)
	branch := func(n int) asm.Instructions {
		out := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1), asm.FnGetPrandomU32.Call(), asm.Mov.Reg(asm.R7, asm.R0)}
		for i := range n { // each value is possible still, so that both ways are followed
			next := asm.Instruction{OpCode: asm.JEq.Op(asm.ImmSource), Offset: 1, Dst: asm.R7, Constant: int64(i)}
			out = append(out, next, asm.Mov.Imm(asm.R8, int32(i)))
		}
		return out
	}
	long := make(asm.Instructions, 1_000_001)
	for i := range long {
		long[i] = asm.Mov.Imm(asm.R0, 0)
	}
	for _, c := range []struct {
		name, want string
		insns      asm.Instructions
	}{
		{"instructions", "the action of begin is too long: it has 1000003 instructions, and the kernel takes 1000000; split", long},
		{"branches", "the action of begin is too long: it has more than the 8192 branches in a row that the kernel checks; split", branch(20000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			b.program("begin_1", c.insns, begin)
			s := newSession(t)
			_, err := s.Add(t.Context(), &b.o)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestNothingLeaks(t *testing.T) {
	needRoot(t)
	once := func() {
		b := newBuilder().scalar("@calls")
		b.program("tp_1", append(add("@calls", 1), send(b.event(printfEvent("%d\n")), 1)...), getpid)
		s := newSession(t)
		g, err := s.Add(t.Context(), &b.o)
		require.NoError(t, err)
		_, err = s.Add(t.Context(), &b.o)
		require.NoError(t, err)
		require.NoError(t, g.Remove())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Run(ctx)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	once()
	before := descriptors(t)
	once()
	require.Equal(t, before, descriptors(t))
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(fds)
}

// Of what a wildcard stands for, that which cannot be traced is left out; nothing else is, and something must be left.
func TestRefusedProbes(t *testing.T) {
	needRoot(t)
	refused := getpid
	refused.Func, refused.Wildcard = "refused", true
	named := refused
	named.Wildcard = false
	for _, tt := range []struct {
		name   string
		probes []attach.Probe
		err    string
	}{
		{"of a wildcard", []attach.Probe{getpid, refused}, ""},
		{"by name", []attach.Probe{getpid, named}, "no such probe"},
		{"all", []attach.Probe{refused, refused}, "none of the 2 probes can be traced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder().scalar("@calls")
			b.program("tp_1", add("@calls", 1), tt.probes...)
			s := newSession(t)
			_, err := s.Add(t.Context(), &b.o)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Contains(t, s.details.String(), "Skipped: attach "+refused.Name+": ")
			require.Equal(t, "WARNING: 1 of the probes that wildcards stand for cannot be traced: "+refused.Name+"\nAttached 1 probe\n", s.err.String())
		})
	}
}
