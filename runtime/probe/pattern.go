package probe

import "strings"

// pattern is a name in which each * stands for any text, the empty one included.
type pattern struct {
	text   string
	pieces []string // the text between the stars
}

func newPattern(text string) pattern { return pattern{text: text, pieces: strings.Split(text, "*")} }

// Match reports whether a pattern, in which each * stands for any text, stands for a name.
func Match(pattern, name string) bool { return newPattern(pattern).match(name) }

// isWild reports whether the pattern has a star.
func (p pattern) isWild() bool { return len(p.pieces) > 1 }

// match reports whether the pattern stands for a name.
func (p pattern) match(name string) bool {
	if !p.isWild() {
		return p.text == name
	}
	first, last := p.pieces[0], p.pieces[len(p.pieces)-1]
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	for _, piece := range p.pieces[1 : len(p.pieces)-1] {
		i := strings.Index(name, piece)
		if i < 0 {
			return false
		}
		name = name[i+len(piece):]
	}
	return strings.HasSuffix(name, last)
}

// query is what a listing asks for.
type query struct {
	// parts are the patterns of the parts after the type; fewer than a type has stand for its last ones.
	parts []pattern
	// verbose asks for the arguments of each probe.
	verbose bool
	// pid is the process whose files are meant where no file is; 0 for none.
	pid int
}

// part returns the pattern for the part i of n. With more parts than n, nothing matches.
func (q query) part(i, n int) pattern {
	i -= n - len(q.parts)
	switch {
	case len(q.parts) > n && !q.everything():
		return newPattern("")
	case i < 0:
		return newPattern("*")
	}
	return q.parts[i]
}

// everything reports whether all parts are stars.
func (q query) everything() bool {
	for _, p := range q.parts {
		if p.text != "*" {
			return false
		}
	}
	return true
}

// text returns the parts as they were written.
func (q query) text() string { return strings.Join(q.texts(), ":") }

func (q query) texts() []string {
	out := make([]string, len(q.parts))
	for i, p := range q.parts {
		out[i] = p.text
	}
	return out
}
