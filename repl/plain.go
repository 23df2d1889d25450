package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// maxLine is the length of the longest line that is read without a line editor.
const maxLine = 16 << 20

// plain reads lines without editing them: from a pipe, or from a terminal that can do nothing.
type plain struct {
	ctx       context.Context
	lines     chan string
	interrupt chan struct{}
	err       error // once lines is closed
	// out gets prompts, nil for none.
	out    *screen
	prompt string
}

func newPlain(ctx context.Context, in io.Reader, out *screen) *plain {
	p := &plain{ctx: ctx, lines: make(chan string), interrupt: make(chan struct{}, 1), out: out}
	go p.read(in)
	return p
}

func (p *plain) read(in io.Reader) {
	defer close(p.lines)
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		select {
		case p.lines <- s.Text():
		case <-p.ctx.Done():
			return
		}
	}
	if p.err = s.Err(); errors.Is(p.err, bufio.ErrTooLong) {
		p.err = fmt.Errorf("a line is longer than %d MiB", maxLine>>20)
	}
}

// Line reads a line. There is no editing, so preset is lost.
func (p *plain) Line(prompt, _ string) (string, bool, error) {
	if p.out != nil {
		p.prompt = prompt
		p.out.begin(p)
		defer p.out.end()
		_, _ = p.out.tty.Write([]byte(prompt))
	}
	select {
	case line, ok := <-p.lines:
		switch {
		case ok:
			return line, false, nil
		case p.err != nil:
			return "", false, p.err
		}
		return "", false, io.EOF
	case <-p.interrupt:
		if p.out != nil {
			_, _ = p.out.tty.Write([]byte{'\n'})
		}
		return "", false, errInterrupt
	case <-p.ctx.Done():
		return "", false, io.EOF
	}
}

// Ready reports that the prompt is there.
func (p *plain) Ready() bool { return true }

// Above writes lines, and the prompt again.
func (p *plain) Above(text []byte) {
	_, _ = p.out.tty.Write(append(append([]byte{'\n'}, text...), p.prompt...))
}

// Waiting reports false: nothing is known of it.
func (p *plain) Waiting() bool { return false }

// Interrupt makes Line return.
func (p *plain) Interrupt() {
	select {
	case p.interrupt <- struct{}{}:
	default:
	}
}

// Interrupted reports whether there was a Ctrl-C.
func (p *plain) Interrupted() bool {
	select {
	case <-p.interrupt:
		return true
	default:
		return false
	}
}

// Remember does nothing.
func (p *plain) Remember(string) {}

// Close does nothing.
func (p *plain) Close() error { return nil }
