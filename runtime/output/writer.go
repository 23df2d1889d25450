package output

import "io"

// bufferSize is the number of bytes gathered before they are written whatever the mode.
const bufferSize = 64 << 10

// writer gathers output. Its buffer is appended to directly.
type writer struct {
	out  io.Writer
	mode Buffering
	buf  []byte
	err  error
}

// done is called after each event.
func (w *writer) done() {
	if w.mode == BufferNone || len(w.buf) >= bufferSize {
		w.write()
	}
}

// idle is called when no event waits.
func (w *writer) idle() {
	if w.mode != BufferFull && len(w.buf) > 0 {
		w.write()
	}
}

func (w *writer) write() {
	if len(w.buf) > 0 && w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Flush writes what is buffered and returns the first write error.
func (w *writer) Flush() error {
	w.write()
	return w.err
}

// Idle writes what is buffered unless it is fully buffered.
func (w *writer) Idle() { w.idle() }
