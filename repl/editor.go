package repl

import (
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/chzyer/readline"
	"golang.org/x/sys/unix"
)

// errInterrupt is Ctrl-C while a line is being typed.
var errInterrupt = errors.New("interrupted")

// lineReader is where lines come from.
type lineReader interface {
	// Line reads a line, which begins with preset. more says that it was pasted and that others follow. The error is io.EOF at the end and
	// errInterrupt for Ctrl-C.
	Line(prompt, preset string) (line string, more bool, err error)
	// Waiting reports whether input waits that was typed ahead or pasted.
	Waiting() bool
	// Interrupt makes Line return errInterrupt, or the next Interrupted true if nobody reads a line.
	Interrupt()
	// Interrupted reports whether there was a Ctrl-C since Line returned.
	Interrupted() bool
	// Remember enters a line into the history.
	Remember(line string)
	// Close gives the terminal back. Line returns io.EOF then.
	Close() error
}

// editor reads lines from a terminal.
type editor struct {
	rl     *readline.Instance
	in     *os.File
	tty    *os.File
	screen *screen
	stdin  *readline.CancelableStdin
	paste  *pasteReader
	lines  *history
	// complete does what Tab asks for; pending is what was typed in the lines before.
	complete Completer
	pending  string

	raw  rawMode
	mu   sync.Mutex
	more bool
	// signaled is set if there was a Ctrl-C since the terminal was given back.
	signaled atomic.Bool
}

// newEditor takes a terminal: what is typed comes from in.
func newEditor(in, tty *os.File, s *screen, h *history, c Completer) (*editor, error) {
	e := &editor{in: in, tty: tty, screen: s, lines: h, complete: c, paste: &pasteReader{r: in}}
	e.stdin = readline.NewCancelableStdin(e.paste)
	cfg := &readline.Config{
		Stdin: e.stdin, Stdout: tty, Stderr: tty,
		HistoryLimit: maxHistory, DisableAutoSaveHistory: true, HistorySearchFold: true,
		InterruptPrompt: "^C", EOFPrompt: "\n",
		AutoComplete:        tabs{e},
		FuncGetWidth:        func() int { return width(tty) },
		FuncIsTerminal:      func() bool { return true },
		FuncFilterInputRune: e.filter,
	}
	e.raw.fd = int(in.Fd())
	cfg.FuncMakeRaw, cfg.FuncExitRaw = e.raw.enter, e.raw.exit
	rl, err := readline.NewEx(cfg)
	if err != nil {
		return nil, err
	}
	e.rl = rl
	e.recall()
	return e, nil
}

// rawMode switches a terminal between lines and keys.
type rawMode struct {
	fd    int
	state *readline.State
	// keys is set while Ctrl-C is a key.
	keys atomic.Bool
}

func (r *rawMode) enter() error {
	state, err := readline.MakeRaw(r.fd)
	if err == nil && r.state == nil {
		r.state = state
	}
	r.keys.Store(err == nil)
	return err
}

func (r *rawMode) exit() error {
	if r.state == nil {
		return nil
	}
	r.keys.Store(false)
	return readline.Restore(r.fd, r.state)
}

// width is the width of a terminal: 80 where it does not know, as on serial lines, and never so small that nothing fits.
func width(tty *os.File) int {
	const usual, least = 80, 20
	ws, err := unix.IoctlGetWinsize(int(tty.Fd()), unix.TIOCGWINSZ)
	if err == nil && ws.Col > 0 {
		return max(least, int(ws.Col))
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 && n < 1<<15 {
		return max(least, n)
	}
	return usual
}

// filter sees keys before the line editor does.
func (e *editor) filter(r rune) (rune, bool) {
	switch r {
	case pastedLineEnd:
		e.mu.Lock()
		e.more = true
		e.mu.Unlock()
		e.screen.hold()
	case readline.CharEnter, readline.CharInterrupt, readline.CharDelete:
		e.screen.hold()
	case readline.CharCtrlZ:
		return r, false // it would stop whoever started gtrace as well
	case readline.CharCtrlL:
		_, _ = e.tty.WriteString("\x1b[H\x1b[2J")
	}
	return r, true
}

// Line reads a line.
func (e *editor) Line(prompt, preset string) (string, bool, error) {
	e.screen.begin(e)
	defer e.screen.end()
	_, _ = e.tty.WriteString(pasteOn)
	defer func() { _, _ = e.tty.WriteString(pasteOff) }()
	e.rl.SetPrompt(prompt)
	// A preset is drawn before the library does this; keys that answer it must not reach a terminal that still reads lines.
	if err := e.rl.Terminal.EnterRawMode(); err != nil {
		return "", false, err
	}
	e.signaled.Store(false)
	var line string
	var err error
	if preset != "" {
		line, err = e.rl.ReadlineWithDefault(preset)
	} else {
		line, err = e.rl.Readline()
	}
	e.mu.Lock()
	more := e.more
	e.more = false
	e.mu.Unlock()
	if errors.Is(err, readline.ErrInterrupt) {
		err = errInterrupt
	}
	return line, more, err
}

// Ready reports whether a line is being typed.
func (e *editor) Ready() bool { return e.rl.Terminal.IsReading() }

// Above writes lines above the one that is being typed.
func (e *editor) Above(text []byte) { _, _ = e.rl.Stdout().Write(text) }

// Waiting reports whether there is input.
func (e *editor) Waiting() bool { return e.readable() || e.paste.waiting() }

// readable reports whether the terminal has input.
func (e *editor) readable() bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(e.in.Fd()), Events: unix.POLLIN}}, 0)
	return err == nil && n > 0
}

// Interrupt takes note of a Ctrl-C. While a line is being typed it is a key.
func (e *editor) Interrupt() {
	if !e.raw.keys.Load() {
		e.signaled.Store(true)
	}
}

// Interrupted reports whether there was a Ctrl-C since the end of the line. The terminal makes a signal of it from some moment on; before,
// it comes as a key. It is not to be called while a line is read.
func (e *editor) Interrupted() bool {
	key := e.paste.ahead(e.readable)
	return e.signaled.Swap(false) || key
}

// Remember enters a line into the history.
func (e *editor) Remember(line string) {
	if e.lines.add(line) {
		e.recall()
	}
}

// recall gives the editor all lines of the history. Adding only the new one would replace it by whatever line the user went back to.
func (e *editor) recall() {
	e.rl.ResetHistory()
	for _, line := range e.lines.lines {
		_ = e.rl.SaveHistory(line) // it is in memory
	}
}

// Close gives the terminal back.
func (e *editor) Close() error {
	_ = e.stdin.Close()
	err := e.rl.Close()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}
