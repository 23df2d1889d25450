package repl

import (
	"bytes"
	"io"

	"github.com/chzyer/readline"
)

const (
	// pasteOn makes a terminal mark what is pasted, pasteOff ends that.
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"

	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"

	// pastedLineEnd stands for a line end within a paste, more of which follows. The line editor takes it as one, and waits to be asked
	// for the next line; where it is a key, it is made a carriage return, as the Enter key is.
	pastedLineEnd = '\n'

	// lineEnds are the characters that end a line, those after which the line editor reads no more until it is asked for another.
	lineEnds = "\r\n"

	// maxAhead is how much of what is typed ahead is looked at, more than a terminal keeps.
	maxAhead = 64 << 10
)

// pasteReader turns what the terminal marks as pasted into text to edit: tabs, which would complete words, into blanks, line ends
// that others follow into pastedLineEnd; control characters are left out.
type pasteReader struct {
	r io.Reader
	// in is what was read and may be the beginning of a mark, out what is still to be handed out.
	in, out []byte
	pasting bool
	lineEnd bool // a line end in a paste, of which it is not known whether something follows
	cr      bool // the last character was a carriage return
	buf     [4096]byte
}

// Read reads text, up to the end of a line at most: what follows is not the line editor's until it is asked for the next one.
func (p *pasteReader) Read(b []byte) (int, error) {
	for len(p.out) == 0 {
		n, err := p.r.Read(p.buf[:])
		p.in = append(p.in, p.buf[:n]...)
		p.translate(err != nil)
		if err != nil && len(p.out) == 0 {
			return 0, err
		}
	}
	n := len(p.out)
	if end := bytes.IndexAny(p.out, lineEnds); end >= 0 {
		n = end + 1
	}
	n = copy(b, p.out[:n])
	p.out = p.out[n:]
	return n, nil
}

// ahead reads what has been typed since the last line, without waiting for more, and reports whether there is a Ctrl-C in it. That
// takes what was typed before it away, as a terminal does that makes a signal of it. ready reports whether there is something to read.
func (p *pasteReader) ahead(ready func() bool) bool {
	for len(p.out) < maxAhead && ready() {
		n, err := p.r.Read(p.buf[:])
		p.in = append(p.in, p.buf[:n]...)
		p.translate(false)
		if err != nil || n == 0 {
			break // it comes again
		}
	}
	end := bytes.LastIndexByte(p.out, readline.CharInterrupt)
	p.out = p.out[end+1:]
	return end >= 0
}

// waiting reports whether there is text that was read and not handed out.
func (p *pasteReader) waiting() bool { return len(p.out) > 0 }

// translate moves what is understood from in to out.
func (p *pasteReader) translate(all bool) {
	if !p.pasting && isFastPaste(p.in) {
		p.in = bytes.ReplaceAll(p.in, []byte("\t"), []byte("    "))
	}
	for len(p.in) > 0 {
		mark := pasteStart
		if p.pasting {
			mark = pasteEnd
		}
		switch {
		case bytes.HasPrefix(p.in, []byte(mark)):
			p.mark()
			p.in = p.in[len(mark):]
			continue
		case !all && bytes.HasPrefix([]byte(mark), p.in):
			return // more of it will tell
		}
		p.char(p.in[0])
		p.in = p.in[1:]
	}
	p.in = nil
}

// isFastPaste reports whether a read brought more than a person types at once: several lines with a tab in them.
func isFastPaste(b []byte) bool {
	end := bytes.IndexAny(b, "\r\n")
	return end >= 0 && end < len(b)-1 && bytes.IndexByte(b, '\t') >= 0
}

// mark begins or ends a paste. A line end that ends it is a key.
func (p *pasteReader) mark() {
	p.pasting = !p.pasting
	if !p.pasting && p.lineEnd {
		p.out = append(p.out, '\r')
	}
	p.lineEnd = false
}

func (p *pasteReader) char(c byte) {
	if !p.pasting {
		if c == pastedLineEnd {
			c = '\r'
		}
		p.out = append(p.out, c)
		return
	}
	if c == '\n' && p.cr {
		p.cr = false // terminals send one or the other, or both
		return
	}
	p.cr = c == '\r'
	if p.lineEnd {
		p.out = append(p.out, pastedLineEnd)
		p.lineEnd = false
	}
	switch {
	case c == '\r' || c == '\n':
		p.lineEnd = true
	case c == '\t':
		p.out = append(p.out, "    "...)
	case c >= 0x20 && c != 0x7f:
		p.out = append(p.out, c)
	}
}
