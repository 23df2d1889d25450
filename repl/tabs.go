package repl

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// tabs is what the line editor asks for completions.
type tabs struct{ e *editor }

// Do returns how the word at pos may go on, and how many of its characters are typed already.
func (t tabs) Do(line []rune, pos int) ([][]rune, int) {
	e := t.e
	if e.complete == nil {
		return nil, 0
	}
	before := string(line[:pos])
	text := e.pending + string(line)
	at := len(e.pending) + len(before)
	c := e.complete.Complete(text, at)
	if c.Pending {
		fmt.Fprintln(e.screen, "… names are being read; press Tab again")
		return nil, 0
	}
	if c.Start < len(e.pending) || c.Start > at {
		return nil, 0
	}
	return t.proposals(c, text[c.Start:at])
}

// proposals returns how what is typed of a word goes on, as far as there is one way. Several ways are shown above the line, and a
// word that is complete is explained.
func (t tabs) proposals(c Completion, typed string) ([][]rune, int) {
	length := utf8.RuneCountInString(typed)
	if rest, ok := strings.CutPrefix(c.Common, typed); ok && rest != "" {
		return [][]rune{[]rune(rest)}, length
	}
	if len(c.Candidates) == 1 && c.Candidates[0].Detail == "" {
		return nil, 0 // there is nothing to add
	}
	if m := menu(c, t.e.width()); m != "" {
		_, _ = io.WriteString(t.e.screen, m)
	}
	return nil, 0
}

// width is that of the terminal, or a usual one.
func (e *editor) width() int {
	if e.rl != nil {
		if n := e.rl.Config.FuncGetWidth(); n > 0 {
			return n
		}
	}
	return 80
}

// maxDetailed is the number of proposals up to which each has a line of its own, with what it is; maxMenu is the number that is shown.
const (
	maxDetailed = 30
	maxMenu     = 120
)

// menu is the text that shows proposals.
func menu(c Completion, width int) string {
	shown := c.Candidates[:min(len(c.Candidates), maxMenu)]
	long, detailed := 0, false
	for _, w := range shown {
		long = max(long, utf8.RuneCountInString(w.Text))
		detailed = detailed || w.Detail != ""
	}
	var b strings.Builder
	if detailed && len(shown) <= maxDetailed {
		for _, w := range shown {
			line := fmt.Sprintf("%-*s  %s", long, w.Text, w.Detail)
			b.WriteString(strings.TrimRight(shorten(line, width-1), " ") + "\n")
		}
	} else {
		columns(&b, shown, long+2, width-1)
	}
	if more := max(c.Total, len(c.Candidates)) - len(shown); more > 0 {
		fmt.Fprintf(&b, "… and %d more\n", more)
	}
	return b.String()
}

// columns writes proposals side by side, in order from left to right.
func columns(b *strings.Builder, words []Candidate, each, width int) {
	n := max(1, width/each)
	for i, w := range words {
		if i%n == n-1 || i == len(words)-1 {
			b.WriteString(w.Text + "\n")
		} else {
			fmt.Fprintf(b, "%-*s", each, w.Text)
		}
	}
}

// shorten cuts a line to a number of characters.
func shorten(line string, width int) string {
	if width < 2 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width-1]) + "…"
}
