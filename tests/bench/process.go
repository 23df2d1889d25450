package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience is how long a tool may take to attach or to end.
const patience = 180 * time.Second

// A process is a running tool.
type process struct {
	cmd      *exec.Cmd
	begin    time.Time
	attached chan struct{} // closed when the tool says so
	ended    chan struct{}
	// Valid after ended:
	stderr   bytes.Buffer
	lines    int       // of stdout
	first    time.Time // of the first byte on stdout
	exitedAt time.Time
	err      error
}

// start runs a tool with a script.
func start(t tool, script string) (*process, error) {
	p := &process{cmd: exec.Command(t.path, "-e", script), attached: make(chan struct{}), ended: make(chan struct{})}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	p.begin = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	read := make(chan struct{}, 2)
	go func() { p.readStdout(stdout); read <- struct{}{} }()
	go func() { p.readStderr(stderr); read <- struct{}{} }()
	go func() {
		<-read
		<-read
		p.err = p.cmd.Wait()
		p.exitedAt = time.Now()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) readStdout(r io.Reader) {
	buf := make([]byte, 1<<20)
	for {
		n, err := r.Read(buf)
		if n > 0 && p.first.IsZero() {
			p.first = time.Now()
		}
		p.lines += bytes.Count(buf[:n], []byte("\n"))
		if err != nil {
			return
		}
	}
}

func (p *process) readStderr(r io.Reader) {
	said := false
	for s := bufio.NewScanner(r); s.Scan(); {
		p.stderr.WriteString(s.Text() + "\n")
		if !said && strings.HasPrefix(s.Text(), "Attached ") {
			said = true
			close(p.attached)
		}
	}
}

func (p *process) waitAttached() error {
	select {
	case <-p.attached:
		return nil
	case <-p.ended:
		return fmt.Errorf("ended before it was attached: %s", p.stderr.String())
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("not attached after %v: %s", patience, p.stderr.String())
	}
}

// wait waits for the end, which must be a good one.
func (p *process) wait() error {
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("still there after %v", patience)
	}
	if p.err != nil {
		return fmt.Errorf("%w: %s", p.err, p.stderr.String())
	}
	return nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone by now, which is as well
	<-p.ended
}

// interrupt sends SIGINT and returns how long the tool took to go.
func (p *process) interrupt() (time.Duration, error) {
	begin := time.Now()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	if err := p.wait(); err != nil {
		return 0, err
	}
	return p.exitedAt.Sub(begin), nil
}

// cpu returns the time on CPUs, of the kernel's work for the tool as well.
func (p *process) cpu() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// peak returns the largest resident set, in bytes. The kernel starts from that of the process that started it, so small
// values have a floor of a few megabytes.
func (p *process) peak() float64 {
	usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		panic("BUG: bench: no rusage")
	}
	return float64(usage.Maxrss) * 1024
}
