package complete

import "strings"

// point is an attach point up to the cursor or to its end.
type point struct {
	parts []string
	// start is where the last part begins, quoted whether it is in quotes.
	start, end int
	quoted     bool
}

// probe reads attach points, predicate and body, and answers where the cursor is.
func (s *script) probe(i int) int {
	begin := i
	if w := wordAt(s.text, i); w != "" { // name=probe
		if eq := skipBlanks(s.text, i+len(w)); byteAt(s.text, eq) == '=' {
			i = skipBlanks(s.text, eq+1)
			begin = i
		}
	}
	for {
		p := s.readPoint(i)
		if p.end == len(s.text) {
			s.point(p)
			return -1
		}
		i = skipBlanks(s.text, p.end)
		if i == len(s.text) || isComment(s.text, i) {
			return -1
		}
		if s.text[i] != ',' {
			break
		}
		i = skipBlanks(s.text, i+1)
	}
	switch s.text[i] {
	case '/':
		return s.predicate(begin, i)
	case '{':
		return s.body(begin, i, i+1, stopBrace)
	case '<':
		return s.body(begin, i, i+1, stopAngle)
	}
	return nextItem(s.text, i)
}

// readPoint reads one attach point.
func (s *script) readPoint(i int) point {
	p := point{start: i}
	var part strings.Builder
	for ; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case p.quoted && c == '\n':
			p.quoted = false
		case c == '"':
			p.quoted = !p.quoted
			if part.Len() == 0 {
				p.start = i + 1
			}
			continue
		case c == ':' && !p.quoted:
			p.parts = append(p.parts, part.String())
			part.Reset()
			p.start = i + 1
			continue
		case p.quoted || isPointChar(c) || c == '/' && s.slashInPath(p.parts, part.String()):
			part.WriteByte(c)
			continue
		}
		break
	}
	p.parts, p.end = append(p.parts, part.String()), i
	return p
}

// slashInPath tells a slash in a path from the one that begins a predicate.
func (s *script) slashInPath(before []string, part string) bool {
	if len(before) == 0 {
		return false
	}
	if t, ok := s.probeType(before[0]); ok && t.Files && len(before) == 1 {
		return true
	}
	return part == "" || strings.IndexByte("/.~", part[0]) >= 0
}

// probeType returns the probe type of a name, short name or old spelling. A name as it is written goes first: u is uprobe, and U
// is usdt.
func (s *script) probeType(name string) (ProbeType, bool) {
	all := s.src.ProbeTypes()
	for _, name := range []string{name, strings.ToLower(name)} {
		for _, t := range all {
			if t.Name == name {
				return t, true
			}
			for _, alias := range t.Aliases {
				if alias == name {
					return t, true
				}
			}
		}
	}
	return ProbeType{}, false
}

// point completes the attach point that ends at the cursor.
func (s *script) point(p point) {
	last := len(p.parts) - 1
	prefix := p.parts[last]
	s.word(p.start, prefix)
	if strings.Contains(prefix, "*") || s.text[p.start:p.end] != prefix {
		return // a wildcard stands for itself; quotes within a part are beyond us
	}
	if last == 0 {
		s.addProbeTypes()
		return
	}
	t, ok := s.probeType(p.parts[0])
	if !ok {
		return
	}
	for _, n := range s.src.Part(t.Name, p.parts[1:last], prefix) {
		if p.quoted && n.Suffix != "/" {
			n.Suffix = `"` + n.Suffix
		}
		s.addAll(n)
	}
}

// addProbeTypes adds the probe types, short names only where they are typed in full.
func (s *script) addProbeTypes() {
	upper := s.prefix != "" && strings.ToUpper(s.prefix) == s.prefix && strings.ToLower(s.prefix) != s.prefix
	for _, t := range s.src.ProbeTypes() {
		suffix := ""
		if t.Parts {
			suffix = ":"
		}
		if upper {
			s.add(strings.ToUpper(t.Name)+suffix, "probe type")
		} else {
			s.add(t.Name+suffix, "probe type")
		}
		for _, alias := range t.Aliases {
			if alias == s.prefix {
				s.add(alias+suffix, t.Name)
			}
		}
	}
}

// predicate reads a predicate from its opening slash on, and the body behind it.
func (s *script) predicate(begin, slash int) int {
	c := readCode(s.text, slash+1, stopPredicate)
	if c.end < 0 {
		b := &body{script: s, code: c, head: s.text[begin:slash], predicate: true}
		b.complete()
		return -1
	}
	i := skipBlanks(s.text, c.end)
	until := stopBrace
	if s.text[i] == '<' {
		until = stopAngle
	}
	return s.body(begin, slash, i+1, until)
}

// body reads an action block. The attach points stand at begin:head.
func (s *script) body(begin, head, from int, until stop) int {
	c := readCode(s.text, from, until)
	if c.end >= 0 {
		return c.end
	}
	b := &body{script: s, code: c, head: s.text[begin:head]}
	b.complete()
	return -1
}
