package repl

import (
	"fmt"
	"strings"
)

// maxMenu is the number of proposals that Tab shows.
const maxMenu = 120

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

// proposals returns how what is typed of a word goes on. A word that is complete is explained.
func (t tabs) proposals(c Completion, typed string) ([][]rune, int) {
	length := len([]rune(typed))
	if len(c.Candidates) == 1 && c.Candidates[0].Text == typed {
		if d := c.Candidates[0].Detail; d != "" {
			fmt.Fprintf(t.e.screen, "%s  %s\n", typed, d)
		}
		return nil, 0
	}
	if rest, ok := strings.CutPrefix(c.Common, typed); ok && rest != "" {
		return [][]rune{[]rune(rest)}, length
	}
	var out [][]rune
	for _, word := range c.Candidates {
		rest, ok := strings.CutPrefix(word.Text, typed)
		if ok && len(out) < maxMenu {
			out = append(out, []rune(rest))
		}
	}
	if more := max(c.Total, len(c.Candidates)) - len(out); more > 0 {
		fmt.Fprintf(t.e.screen, "… and %d more\n", more)
	}
	return out, length
}
