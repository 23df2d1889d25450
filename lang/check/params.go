package check

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
)

// param returns the text of a positional parameter, counted from 1.
func (c *checker) param(n int) (string, bool) {
	if n < 1 || n > len(c.opts.Params) {
		return "", false
	}
	return c.opts.Params[n-1], true
}

// paramNumber reads a positional parameter as an integer literal of the language, which may be negative.
func paramNumber(s string) (v constInt, ok bool) {
	v, problem := numberText(s)
	return v, problem == ""
}

// expandPoint replaces $1, $2, … in an attach point. What a parameter holds is read as if it was written there, so that it may
// be several parts, and a quoted text. For each part that comes of it, from is the index of the one that was written.
func (c *checker) expandPoint(point *ast.AttachPoint) (parts []string, from []int) {
	for i, written := range point.Parts {
		text := c.expandParams(written)
		split := []string{text}
		if text != written.Text {
			split = splitParts(text)
		}
		for _, part := range split {
			parts, from = append(parts, part), append(from, i)
		}
	}
	return parts, from
}

// splitParts splits the text of an attach point at its colons, those in quotes excepted, and drops the quotes.
func splitParts(text string) []string {
	var parts []string
	var b strings.Builder
	quoted := false
	for i := range len(text) {
		switch ch := text[i]; {
		case ch == '"':
			quoted = !quoted
		case ch == ':' && !quoted:
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(ch)
		}
	}
	return append(parts, b.String())
}

// expandParams replaces $1, $2, … in the text of an attach point.
func (c *checker) expandParams(part ast.AttachPart) string {
	if part.Mixed && part.At.IsValid() {
		return c.expandMixed(part)
	}
	if part.Quoted || !strings.Contains(part.Text, "$") {
		return part.Text
	}
	var b strings.Builder
	for s := part.Text; s != ""; {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		end := i + 1
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		c.expandParam(&b, part, s[i:end])
		s = s[end:]
	}
	return b.String()
}

// expandMixed expands a part that has quotes in it, which keep a parameter's number and what follows it apart: $1"0". The quotes
// are left in the text.
func (c *checker) expandMixed(part ast.AttachPart) string {
	var b strings.Builder
	pieces := strings.Split(part.At.Text(), `"`)
	for i, text := range pieces {
		if i > 0 {
			b.WriteByte('"')
		}
		if quoted := i%2 == 1; quoted {
			b.WriteString(text)
			continue
		}
		b.WriteString(c.expandParams(ast.AttachPart{Place: part.Place, Text: text}))
	}
	return b.String()
}

func (c *checker) expandParam(b *strings.Builder, part ast.AttachPart, ref string) {
	n, err := strconv.Atoi(ref[1:])
	if err != nil {
		b.WriteString(ref) // a dollar sign of its own, as in C++ names
		return
	}
	v, ok := c.param(n)
	if !ok {
		c.diags.Warnf(part.At, "missing-param", "Positional parameter %s is empty or not provided.", ref)
	}
	b.WriteString(v)
}
