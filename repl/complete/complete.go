package complete

import (
	"sync"
	"time"
)

// Limit is the largest number of candidates in a result.
const Limit = 200

// budget is how long Complete keeps a prompt waiting.
const budget = 40 * time.Millisecond

// maxText is the longest text that is looked at.
const maxText = 256 << 10

// Completer completes inputs. It is safe for concurrent use.
type Completer struct {
	src Source

	mu sync.Mutex
	// busy is open while an answer is worked out that nobody waits for any more.
	busy chan struct{}
}

// New returns a completer that asks a source.
func New(src Source) *Completer { return &Completer{src: src} }

// Complete returns what can stand at an offset of a text, which is the whole input so far, earlier lines included. It returns within
// a twentieth of a second: what has to be read first goes on being read, and the result is Pending.
func (c *Completer) Complete(text string, pos int) Result {
	timeout := time.NewTimer(budget)
	defer timeout.Stop()
	if !c.start(timeout.C) {
		return Result{Pending: true, Start: clamp(text, pos)}
	}
	out := make(chan Result, 1)
	go func() {
		out <- c.now(text, pos)
		c.end()
	}()
	select {
	case r := <-out:
		return r
	case <-timeout.C:
		return Result{Pending: true, Start: clamp(text, pos)}
	}
}

// start waits for the answer before this one, so that there is never more than one; it returns false if that takes too long.
func (c *Completer) start(timeout <-chan time.Time) bool {
	for {
		c.mu.Lock()
		busy := c.busy
		if busy == nil {
			c.busy = make(chan struct{})
			c.mu.Unlock()
			return true
		}
		c.mu.Unlock()
		select {
		case <-busy:
		case <-timeout:
			return false
		}
	}
}

func (c *Completer) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.busy)
	c.busy = nil
}

// now works the answer out, however long it takes.
func (c *Completer) now(text string, pos int) Result {
	pos = clamp(text, pos)
	if pos > maxText {
		return Result{Start: pos}
	}
	a := &answer{src: c.src, start: pos}
	if pos < len(text) {
		a.next = text[pos]
	}
	a.input(text[:pos])
	return a.result()
}

func clamp(text string, pos int) int { return min(max(pos, 0), len(text)) }
