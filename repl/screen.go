package repl

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// screenRoom is how much output waits for the terminal before who prints has to wait.
	screenRoom = 256 << 10
	// screenChunk is how much is written above the prompt at once.
	screenChunk = 64 << 10
	// tailDelay is how long a line without its end waits for it while a prompt is shown.
	tailDelay = 250 * time.Millisecond
	// settle is how long after a key that may end a line the prompt counts as still there.
	settle = 30 * time.Millisecond
)

// screenMode is who has the terminal.
type screenMode uint8

const (
	modeDirect screenMode = iota // output goes straight to it
	modeHeld                     // the prompt comes or goes: output waits
	modePrompt                   // a line is being typed: output goes above it
)

// above is what a screen asks of the prompt.
type above interface {
	// Ready reports whether a line is being typed, so that text can be written above it.
	Ready() bool
	// Above writes whole lines above the line that is being typed.
	Above(text []byte)
}

// screen is the terminal. What is written to it comes out in order, by one goroutine.
type screen struct {
	tty io.Writer

	mu     sync.Mutex
	change *sync.Cond
	queue  []byte
	mode   screenMode
	prompt above
	heldAt time.Time
	// busy is set while the goroutine writes.
	busy bool
	// midline is set while the cursor is behind output without a line end.
	midline bool
	stale   time.Time // when the first line without its end came
	// cut is set while output is dropped, of which dropped counts the lines.
	cut     bool
	dropped int
	closed  bool
	done    chan struct{}
}

func newScreen(tty io.Writer) *screen {
	s := &screen{tty: tty, done: make(chan struct{})}
	s.change = sync.NewCond(&s.mu)
	go s.loop()
	go s.tick()
	return s
}

// Write takes output. It waits while too much of it waits.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > screenRoom && !s.closed && !s.cut {
		s.change.Wait()
	}
	switch {
	case s.closed:
		return s.tty.Write(b)
	case s.cut:
		s.dropped += bytes.Count(b, []byte{'\n'})
		return len(b), nil
	}
	s.queue = append(s.queue, b...)
	s.change.Broadcast()
	return len(b), nil
}

// loop writes what there is.
func (s *screen) loop() {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		text, mode := s.next()
		if len(text) == 0 {
			if s.closed {
				return
			}
			s.change.Wait()
			continue
		}
		s.busy = true
		prompt := s.prompt
		s.mu.Unlock()
		if mode == modePrompt {
			prompt.Above(text)
		} else {
			_, _ = s.tty.Write(text) // a terminal that is gone is noticed by who reads from it
		}
		s.mu.Lock()
		s.busy = false
		s.midline = mode == modeDirect && text[len(text)-1] != '\n'
		s.change.Broadcast()
	}
}

// next takes what can be written now.
func (s *screen) next() ([]byte, screenMode) {
	if len(s.queue) == 0 || s.mode == modeHeld && !s.closed {
		return nil, s.mode
	}
	n := min(len(s.queue), screenChunk)
	if s.mode == modePrompt && !s.closed {
		if end := bytes.LastIndexByte(s.queue[:n], '\n'); end >= 0 {
			n = end + 1
		} else if n < screenChunk {
			return s.tail(), s.mode
		}
	}
	s.stale = time.Time{}
	text := bytes.Clone(s.queue[:n])
	s.queue = append(s.queue[:0], s.queue[n:]...)
	if s.mode == modePrompt && text[n-1] != '\n' {
		text = append(text, '\n')
	}
	return text, s.mode
}

// tail takes a line without its end once it has waited long enough.
func (s *screen) tail() []byte {
	if s.stale.IsZero() {
		s.stale = time.Now()
	}
	if time.Since(s.stale) < tailDelay {
		return nil
	}
	s.stale = time.Time{}
	text := append(bytes.Clone(s.queue), '\n')
	s.queue = s.queue[:0]
	return text
}

// tick looks after what changes with time: a prompt that has come, one that stayed after a key that might have ended it, a line whose
// end does not come.
func (s *screen) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		var pause time.Duration
		switch {
		case s.mode == modeHeld:
			pause = time.Millisecond
			if time.Since(s.heldAt) >= settle && s.prompt.Ready() {
				s.mode = modePrompt
				s.change.Broadcast()
			}
		case s.mode == modePrompt && len(s.queue) > 0:
			pause = 20 * time.Millisecond
			s.change.Broadcast()
		default:
			s.change.Wait()
			continue
		}
		s.mu.Unlock()
		time.Sleep(pause)
		s.mu.Lock()
	}
}

// wait returns when the output so far is on the terminal, or is dropped.
func (s *screen) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drain()
}

// drop drops what waits and what comes, until undrop. It answers a user who has seen enough.
func (s *screen) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	s.dropped += bytes.Count(s.queue, []byte{'\n'})
	s.queue = s.queue[:0]
	s.change.Broadcast()
}

// undrop ends drop, and returns how many lines were dropped.
func (s *screen) undrop() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.dropped
	s.cut, s.dropped = false, 0
	return n
}

// begin is called before a prompt is printed: what waits is written first, on lines of its own.
func (s *screen) begin(p above) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drain()
	if s.midline {
		_, _ = s.tty.Write([]byte{'\n'})
		s.midline = false
	}
	s.prompt, s.mode, s.heldAt = p, modeHeld, time.Now()
	s.change.Broadcast()
}

// hold keeps output back, because the prompt may be about to go.
func (s *screen) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode == modeDirect {
		return
	}
	s.mode, s.heldAt = modeHeld, time.Now()
	s.change.Broadcast()
	for s.busy {
		s.change.Wait()
	}
}

// end is called once the prompt is gone.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = modeDirect
	s.change.Broadcast()
}

// drain waits until what was written is on the terminal. s.mu is held.
func (s *screen) drain() {
	for !s.closed && (len(s.queue) > 0 || s.busy) {
		s.change.Wait()
	}
}

// close writes what is left and ends the goroutines. What is written afterwards goes straight to the terminal.
func (s *screen) close() {
	s.mu.Lock()
	s.mode = modeDirect
	s.change.Broadcast()
	s.drain()
	s.closed = true
	s.change.Broadcast()
	s.mu.Unlock()
	<-s.done
}
