package repl

import (
	"errors"
	"io"
	"strings"
)

const (
	prompt     = "gtrace> "
	promptMore = "      > "
)

// typed is one input.
type typed struct {
	text string
	// line is the number of its first line, without a terminal.
	line int
}

// read reads an input: lines until they are complete. An empty line ends it in any case, if a person types.
func (r *repl) read() (typed, error) {
	var lines []string
	var open braces
	preset := r.preset
	r.preset = ""
	first := r.lastLine + 1
	for {
		p := prompt
		if len(lines) > 0 {
			p = promptMore
		}
		r.pend(lines)
		line, more, err := r.in.Line(p, preset)
		preset = ""
		switch {
		case errors.Is(err, errInterrupt) && r.screen == nil:
			return typed{}, io.EOF
		case errors.Is(err, io.EOF) && len(lines) > 0 && r.ctx.Err() == nil:
			return typed{strings.Join(lines, "\n"), first}, nil // and the end comes again
		case err != nil:
			return typed{}, err
		}
		r.lastLine++
		if r.ctx.Err() != nil {
			return typed{}, io.EOF // a line cut off by the end of the session
		}
		gave := strings.TrimSpace(line) == "" && len(lines) > 0 && r.screen != nil && !more
		lines = append(lines, line)
		open.add(line)
		if !gave && open.depth > 0 && !isCommand(lines[0]) {
			continue // without looking at all of it again
		}
		text := strings.Join(lines, "\n")
		if gave || r.complete(text, more) {
			return typed{text, first}, nil
		}
	}
}

// pend tells the completer what was typed before the line to come.
func (r *repl) pend(lines []string) {
	e, ok := r.in.(*editor)
	if !ok {
		return
	}
	e.pending = ""
	if len(lines) > 0 {
		e.pending = strings.Join(lines, "\n") + "\n"
	}
}

// braces counts how many braces are open, outside of strings and comments.
type braces struct {
	depth   int
	comment bool
}

func (b *braces) add(line string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch rest := line[i:]; {
		case b.comment:
			if strings.HasPrefix(rest, "*/") {
				b.comment = false
				i++
			}
		case quoted && rest[0] == '\\':
			i++
		case rest[0] == '"':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(rest, "//"):
			return
		case strings.HasPrefix(rest, "/*"):
			b.comment = true
			i++
		case rest[0] == '{':
			b.depth++
		case rest[0] == '}':
			b.depth--
		}
	}
}

// complete reports whether text is a whole input. A script that is being pasted goes on to its end.
func (r *repl) complete(text string, more bool) bool {
	if isCommand(text) {
		return true
	}
	c := r.opts.Compiler
	if more && c.IsScript(text) {
		return false
	}
	return !c.IsIncomplete(text)
}

// remember enters an input into the history and returns it as one line; ok is false if that cannot be.
func (r *repl) remember(text string) (line string, ok bool) {
	line, ok = oneLine(text)
	if ok {
		r.in.Remember(line)
		return line, true
	}
	for l := range strings.Lines(text) {
		r.in.Remember(strings.TrimRight(l, "\r\n"))
	}
	return "", false
}

// oneLine writes an input as one line: comments up to the end of their line become comments with an end. Preprocessor lines
// need their line ends.
func oneLine(text string) (string, bool) {
	var parts []string
	for l := range strings.Lines(strings.TrimSpace(text)) {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "#") {
			return text, !strings.Contains(text, "\n")
		}
		if i := lineComment(l); i >= 0 {
			l = strings.TrimSpace(l[:i]) + " /*" + strings.ReplaceAll(l[i+2:], "*/", "* /") + " */"
		}
		if l != "" {
			parts = append(parts, l)
		}
	}
	return strings.Join(parts, " "), true
}

// lineComment returns where a comment up to the end of the line begins, or -1.
func lineComment(l string) int {
	quoted := false
	for i := 0; i < len(l); i++ {
		switch {
		case l[i] == '\\' && quoted:
			i++
		case l[i] == '"':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(l[i:], "/*"):
			end := strings.Index(l[i+2:], "*/")
			if end < 0 {
				return -1
			}
			i += end + 3
		case strings.HasPrefix(l[i:], "//"):
			return i
		}
	}
	return -1
}
