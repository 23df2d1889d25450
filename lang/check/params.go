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

// expandParams replaces $1, $2, … in the text of an attach point.
func (c *checker) expandParams(part ast.AttachPart) string {
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
