package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/vm/wire"
)

// attachedLine is how a tracer says on stderr that its probes are in place.
const attachedLine = "Attached "

// A watched buffer closes seen when a line begins with attachedLine.
type watched struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	done bool
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p)
	if !w.done && strings.Contains("\n"+w.buf.String(), "\n"+attachedLine) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// A process is a started command whose end can be waited for.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr watched
	ended  chan struct{}
}

func start(argv []string) (*process, error) {
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	p.stderr.seen = make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // its result is read from ProcessState
		close(p.ended)
	}()
	return p, nil
}

// exit returns the exit status, or 128 and the signal as a shell does.
func (p *process) exit() int {
	status, ok := p.cmd.ProcessState.Sys().(unix.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) kill() {
	_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	<-p.ended
}

// runCase runs a case until a run shows something.
func runCase(c wire.Case) wire.Result {
	r := runOnce(c)
	for run := 1; run < wire.Runs && c.Again != "" && strings.Contains(r.Stderr, c.Again); run++ {
		r = runOnce(c)
	}
	return r
}

func runOnce(c wire.Case) wire.Result {
	r := wire.Result{Name: c.Name}
	begin := time.Now()
	if err := writeFiles(c.Files); err != nil {
		r.Problem = err.Error()
		return r
	}
	p, err := start(c.Run)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	seconds := c.Seconds
	if seconds == 0 {
		seconds = 180
	}
	if err := drive(c, p, &r, time.After(time.Duration(seconds)*time.Second)); err != nil {
		r.Problem = err.Error()
		p.kill()
	}
	r.TotalMillis = time.Since(begin).Milliseconds()
	r.Stdout, r.Stderr, r.Exit = p.stdout.String(), p.stderr.String(), p.exit()
	return r
}

var errTimeout = errors.New("took too long")

// drive sees a started case to its end.
func drive(c wire.Case, p *process, r *wire.Result, timeout <-chan time.Time) error {
	if c.Work != nil {
		begin := time.Now()
		select {
		case <-p.stderr.seen:
		case <-p.ended:
			return errors.New("ended before it was attached")
		case <-timeout:
			return fmt.Errorf("attach: %w", errTimeout)
		}
		r.AttachMillis = time.Since(begin).Milliseconds()
		if err := doWork(c.Work, r); err != nil {
			return err
		}
	}
	if c.Interrupt {
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("interrupt: %w", err)
		}
	}
	select {
	case <-p.ended:
		return nil
	case <-timeout:
		return errTimeout
	}
}

func doWork(argv []string, r *wire.Result) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := cmd.CombinedOutput()
	r.WorkOutput = string(out)
	if err != nil {
		return fmt.Errorf("work: %w: %s", err, out)
	}
	r.WorkPID = cmd.Process.Pid
	return nil
}

func writeFiles(files map[string]string) error {
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
