package host_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

// display is what a person sees on a terminal: the lines, as the characters and escape codes that come make them.
type display struct {
	mu       sync.Mutex
	width    int
	lines    [][]byte
	row, col int
	raw      strings.Builder
	seq      []byte // an escape sequence that is not complete
	more     chan struct{}
}

func newDisplay(width int) *display {
	if width == 0 {
		width = 80 // as a serial line's, which nobody knows
	}
	return &display{width: width, lines: [][]byte{nil}, more: make(chan struct{}, 1)}
}

// Write shows characters.
func (d *display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.raw.Write(b)
	for _, c := range b {
		d.char(c)
	}
	select {
	case d.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (d *display) char(c byte) {
	switch {
	case len(d.seq) > 0:
		d.escape(c)
	case c == 0x1b:
		d.seq = []byte{c}
	case c == '\r':
		d.col = 0
	case c == '\n':
		d.down()
	case c == '\b':
		d.col = max(0, d.col-1)
	case c >= 0x20:
		d.put(c)
	}
}

func (d *display) down() {
	if d.row++; d.row == len(d.lines) {
		d.lines = append(d.lines, nil)
	}
}

// put shows a character; one that finds the line full goes to the next.
func (d *display) put(c byte) {
	if d.col >= d.width {
		d.col = 0
		d.down()
	}
	line := d.lines[d.row]
	for len(line) <= d.col {
		line = append(line, ' ')
	}
	line[d.col] = c
	d.lines[d.row] = line
	d.col++
}

// escape follows an escape sequence.
func (d *display) escape(c byte) {
	d.seq = append(d.seq, c)
	if len(d.seq) == 2 && c == '[' || c >= '0' && c <= '9' || c == ';' || c == '?' {
		return
	}
	n, err := strconv.Atoi(string(d.seq[2 : len(d.seq)-1]))
	if err != nil {
		n = 1
	}
	d.seq = nil
	switch c {
	case 'A':
		d.row = max(0, d.row-n)
	case 'C':
		d.col = min(d.width-1, d.col+n)
	case 'H':
		d.row, d.col = len(d.lines)-1, 0 // of the screen: what scrolled away stays
	case 'K':
		d.lines[d.row] = nil
	case 'J':
		d.lines = d.lines[:d.row+1]
		d.lines[d.row] = d.lines[d.row][:min(d.col, len(d.lines[d.row]))]
	}
}

// String returns what the terminal shows, all that scrolled away included.
func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, l := range d.lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// bytes returns what came, escape codes included.
func (d *display) bytes() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.raw.String()
}

// terminal is a gtrace on a terminal of its own.
type terminal struct {
	t       *testing.T
	cmd     *exec.Cmd
	pty     *os.File
	display *display
	state   string     // the folder of its history
	reading sync.Mutex // held while what comes from gtrace stays in the terminal
	exited  chan struct{}
	err     error
}

// openPty opens a terminal.
func openPty(t *testing.T, width int) (master, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	resize(t, master, width)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return master, tty
}

func resize(t *testing.T, f *os.File, width int) {
	t.Helper()
	require.NoError(t, unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(width)}))
}

// talk starts a session on a terminal and waits for its prompt.
func talk(t *testing.T, env ...string) *terminal {
	t.Helper()
	return talkWide(t, 80, t.TempDir(), env...)
}

func talkWide(t *testing.T, width int, state string, env ...string) *terminal {
	t.Helper()
	testenv.Privileged(t)
	master, tty := openPty(t, width)
	defer tty.Close()
	c := &terminal{t: t, pty: master, display: newDisplay(width), state: state, exited: make(chan struct{})}
	c.cmd = exec.Command(testenv.Gtrace(t))
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.Env = append(append(os.Environ(), "TERM=xterm", "GTRACE_COLOR=never", "XDG_STATE_HOME="+state), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, c.cmd.Start())
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			c.reading.Lock()
			//lint:ignore SA2001 it only waits
			c.reading.Unlock()
			_, _ = c.display.Write(buf[:n])
			if err != nil {
				break // the terminal has no one on the other side any more
			}
		}
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.exited
		_ = master.Close()
	})
	c.until(func(s string) bool { return atPrompt(s) })
	return c
}

// atPrompt reports whether the last line is an empty prompt.
func atPrompt(screen string) bool { return lastLine(screen) == "gtrace>" }

func lastLine(screen string) string { return screen[strings.LastIndexByte(screen, '\n')+1:] }

// keys types.
func (c *terminal) keys(text string) {
	c.t.Helper()
	_, err := c.pty.WriteString(text)
	require.NoError(c.t, err)
}

// until waits until the screen is as it should be.
func (c *terminal) until(ok func(screen string) bool) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		s := c.display.String()
		if ok(s) {
			return s
		}
		select {
		case <-c.display.more:
		case <-ctx.Done():
			require.Fail(c.t, "the terminal does not come to show what it should", "it shows:\n%s", s)
		}
	}
}

// shows waits until the screen holds a text.
func (c *terminal) shows(text string) string {
	c.t.Helper()
	return c.until(func(s string) bool { return strings.Contains(s, text) })
}

// enter types a line, and returns what was shown until the next prompt. Nothing else may print meanwhile.
func (c *terminal) enter(line string) string {
	c.t.Helper()
	before := c.display.String()
	before = strings.TrimSuffix(before, lastLine(before))
	c.keys(line + "\r")
	s := c.until(func(s string) bool { return len(s) > len(before) && s != before+"gtrace>" && atPrompt(s) })
	rest := strings.TrimPrefix(s, before)
	_, rest, _ = strings.Cut(rest, "\n")
	return strings.TrimSpace(strings.TrimSuffix(rest, "gtrace>"))
}

// leaves waits for the end and returns the exit code.
func (c *terminal) leaves() int {
	c.t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		require.Fail(c.t, "the session does not end", "it shows:\n%s", c.display)
	}
	return exitCode(c.err)
}

// history returns what is in the history's file.
func (c *terminal) history() string {
	c.t.Helper()
	return mustRead(c.t, filepath.Join(c.state, "gtrace", "history"))
}
