package repl

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// paper is a terminal that keeps what is written.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// line is a prompt that writes what comes above it in brackets.
type line struct {
	p     *paper
	mu    sync.Mutex
	ready bool
}

func (l *line) Ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

func (l *line) Above(text []byte) { _, _ = l.p.Write([]byte("[" + string(text) + "]")) }

func (l *line) show() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = true
}

func shows(t *testing.T, p *paper, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return p.String() == want }, 10*time.Second, time.Millisecond, "%q instead of %q", p, want)
}

func TestScreen(t *testing.T) {
	p := &paper{}
	s := newScreen(p)
	write := func(text string) {
		_, err := s.Write([]byte(text))
		require.NoError(t, err)
	}
	write("direct ")
	shows(t, p, "direct ")
	l := &line{p: p}
	s.begin(l)
	shows(t, p, "direct \n")
	write("held\n")
	time.Sleep(3 * settle)
	require.Equal(t, "direct \n", p.String(), "the prompt is not there yet")
	l.show()
	shows(t, p, "direct \n[held\n]")
	write("no end")
	require.Equal(t, "direct \n[held\n]", p.String(), "its end may come")
	shows(t, p, "direct \n[held\n][no end\n]")
	write("whole\npart")
	shows(t, p, "direct \n[held\n][no end\n][whole\n][part\n]")
	s.hold()
	write("after\n")
	s.end()
	shows(t, p, "direct \n[held\n][no end\n][whole\n][part\n]after\n")
	s.close()
	write("closed")
	require.True(t, strings.HasSuffix(p.String(), "after\nclosed"))
}

// A key that might have ended the line holds output back only for a moment, if it did not.
func TestScreenGoesOnAfterAHold(t *testing.T) {
	p := &paper{}
	s := newScreen(p)
	defer s.close()
	l := &line{p: p, ready: true}
	s.begin(l)
	s.hold()
	_, _ = s.Write([]byte("x\n"))
	shows(t, p, "[x\n]")
}

// Who prints too much waits, and nothing is lost.
func TestScreenIsBounded(t *testing.T) {
	p := &paper{}
	s := newScreen(p)
	l := &line{p: p}
	s.begin(l)
	const lines = 40
	text := strings.Repeat("x", screenRoom/10-1) + "\n"
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range lines {
			_, _ = s.Write([]byte(text))
		}
	}()
	time.Sleep(50 * time.Millisecond)
	select {
	case <-done:
		require.Fail(t, "all of it was taken")
	default:
	}
	l.show()
	<-done
	s.close()
	require.Equal(t, lines, strings.Count(p.String(), "\n"))
}

// Who has seen enough gets no more, and how much that was.
func TestScreenDrops(t *testing.T) {
	p := &paper{}
	s := newScreen(p)
	defer s.close()
	s.begin(&line{p: p})
	_, _ = s.Write([]byte("a\nb\n"))
	s.drop()
	_, _ = s.Write(bytes.Repeat([]byte("x\n"), screenRoom))
	require.Equal(t, 2+screenRoom, s.undrop())
	s.end()
	_, _ = s.Write([]byte("after\n"))
	shows(t, p, "after\n")
	require.Zero(t, s.undrop())
}
