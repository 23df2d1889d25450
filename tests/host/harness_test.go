package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// patience is how long a run may take before it counts as hung.
const patience = 60 * time.Second

// result is what a run of gtrace left.
type result struct {
	stdout, stderr string
	code           int
}

// output is a stream of a running gtrace; it may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	select {
	case o.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns once the stream holds a text, or false if the context ends before.
func (o *output) await(ctx context.Context, text string) bool {
	searched := 0
	for !o.holds(text, &searched) {
		select {
		case <-o.more:
		case <-ctx.Done():
			return o.holds(text, &searched)
		}
	}
	return true
}

// holds reports whether the stream holds a text, which was searched for in the first bytes before.
func (o *output) holds(text string, searched *int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.text.Bytes()
	from := max(0, *searched-len(text))
	*searched = len(b)
	return bytes.Contains(b[from:], []byte(text))
}

// session is a running gtrace.
type session struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *output
	ended          context.Context
	stop           context.CancelFunc
	err            error
}

// command returns gtrace with arguments, not started yet.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	testenv.Privileged(t)
	cmd := exec.Command(testenv.Gtrace(t), args...)
	cmd.Env = append(os.Environ(), "GTRACE_COLOR=never")
	cmd.WaitDelay = time.Second // a child of -c may keep the streams
	return cmd
}

// launch starts a gtrace; the test ends it at the latest.
func launch(t *testing.T, cmd *exec.Cmd) *session {
	t.Helper()
	return launchFor(t, cmd, patience)
}

// launchFor is launch for a gtrace that may take longer or shorter than others.
func launchFor(t *testing.T, cmd *exec.Cmd, patience time.Duration) *session {
	t.Helper()
	s := &session{t: t, cmd: cmd, stdout: newOutput(), stderr: newOutput()}
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	require.NoError(t, cmd.Start())
	s.ended, s.stop = context.WithTimeout(context.Background(), patience)
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		s.err = cmd.Wait()
		s.stop()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	return s
}

// start starts gtrace and waits until it says that its probes are attached.
func start(t *testing.T, args ...string) *session {
	t.Helper()
	s := launch(t, command(t, args...))
	s.attached()
	return s
}

// attached waits until gtrace says that its probes are attached, in text or JSON.
func (s *session) attached() {
	s.t.Helper()
	where, text := s.stderr, "Attached "
	if slices.Contains(s.cmd.Args, "json") {
		where, text = s.stdout, "attached_probes"
	}
	require.True(s.t, where.await(s.ended, text), "nothing was attached; stderr:\n%s", s.stderr)
}

// signal sends a signal.
func (s *session) signal(sig syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(sig))
}

// interrupt ends gtrace as Ctrl-C does, and returns what it left.
func (s *session) interrupt() result {
	s.t.Helper()
	s.signal(syscall.SIGINT)
	return s.wait()
}

// wait waits for the end.
func (s *session) wait() result {
	s.t.Helper()
	<-s.ended.Done()
	require.ErrorIs(s.t, s.ended.Err(), context.Canceled, "gtrace hangs; stderr:\n%s", s.stderr)
	return result{stdout: s.stdout.String(), stderr: s.stderr.String(), code: exitCode(s.err)}
}

// notStarted is the exit code of a script that compiled and is not loaded or attached.
const notStarted = 255

// exitCode is what a shell calls $?.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return 0
	case !errors.As(err, &exit):
		return -1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

// run runs gtrace to its end.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return launch(t, command(t, args...)).wait()
}

// ran runs a program that ends by itself, and well; it returns what was printed.
func ran(t *testing.T, program string) string {
	t.Helper()
	r := run(t, "-e", program)
	require.Zero(t, r.code, r.stderr)
	return strings.TrimSpace(r.stdout)
}

// traced runs a program, in which TID stands for the worker's thread, while the worker works; it returns what was printed.
func traced(t *testing.T, program string, work func(*testenv.Worker)) string {
	t.Helper()
	testenv.Privileged(t)
	w := testenv.NewWorker(t)
	s := start(t, "-e", strings.ReplaceAll(program, "TID", fmt.Sprint(w.TID())))
	work(w)
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, "Lost")
	return strings.TrimSpace(r.stdout)
}

var target struct {
	sync.Once
	path string
	err  error
}

// targetPath builds the program that uprobes and -c trace.
func targetPath(t *testing.T) string {
	t.Helper()
	testenv.Privileged(t)
	target.Do(func() {
		target.path = filepath.Join(os.TempDir(), fmt.Sprintf("gtrace-target-%d", os.Getpid()))
		cmd := exec.Command("go", "build", "-o", target.path, "./target")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			target.err = fmt.Errorf("build target: %w\n%s", err, out)
		}
	})
	require.NoError(t, target.err)
	return target.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if target.path != "" {
		_ = os.Remove(target.path)
	}
	os.Exit(code)
}

// process is a target that waits for its orders.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *output
	once sync.Once
}

// waiting starts the target, which works when it is told to.
func waiting(t *testing.T, work ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(targetPath(t), append([]string{"-wait"}, work...)...), out: newOutput()}
	in, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.in, p.cmd.Stdout, p.cmd.Stderr = in, p.out, os.Stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.once.Do(func() { _, _ = p.cmd.Process.Kill(), p.cmd.Wait() }) })
	p.await("ready")
	return p
}

func (p *process) await(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.True(p.t, p.out.await(ctx, text), "the target does not say %q", text)
}

// pid returns the process id.
func (p *process) pid() int { return p.cmd.Process.Pid }

// work lets the process work, and returns when it has; it lives on.
func (p *process) work() {
	p.t.Helper()
	_, err := p.in.Write([]byte("\n"))
	require.NoError(p.t, err)
	p.await("done")
}

// end ends the process.
func (p *process) end() {
	p.t.Helper()
	p.once.Do(func() {
		require.NoError(p.t, p.in.Close())
		require.NoError(p.t, p.cmd.Wait())
	})
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}
