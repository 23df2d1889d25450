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
	start, candidates := e.complete.Complete(text, at)
	if start < len(e.pending) || start > at {
		return nil, 0
	}
	typed := text[start:at]
	if len(candidates) == 1 && candidates[0].Text == typed && candidates[0].Detail != "" {
		fmt.Fprintf(e.screen, "%s  %s\n", typed, candidates[0].Detail)
		return nil, 0
	}
	var out [][]rune
	for _, c := range candidates {
		rest, ok := strings.CutPrefix(c.Text, typed)
		if ok && len(out) < maxMenu {
			out = append(out, []rune(rest))
		}
	}
	if more := len(candidates) - len(out); more > 0 && len(out) == maxMenu {
		fmt.Fprintf(e.screen, "… and %d more\n", more)
	}
	return out, len([]rune(typed))
}
