package check

import (
	"regexp"
	"sync"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// conversion is what printf takes for one: flags, width, precision, length, and the letters. A percent sign that begins
// none is text, and one in the place of the letters stands for itself.
// It is compiled when the first format is checked: start-up pays for nothing else.
var conversion = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(hh|h|ll|l|j|z|t)?(gr|rx|rh|[%diouxXcpsraAeEfFgGn])`)
})

// maxFormatArgs is the largest number of values one printf takes.
const maxFormatArgs = 128

// format checks the arguments behind a format string against its conversions.
func (c *checker) format(e ast.Expr, name string, sig *types.Signature, args []ast.Expr) bool {
	text, ok := c.constantText(args[sig.Format-1])
	if !ok {
		return false
	}
	var letters []string
	for _, m := range conversion().FindAllStringSubmatch(text, -1) {
		if m[2] != "%" {
			letters = append(letters, m[2])
		}
	}
	values := args[sig.Format:]
	switch {
	case len(values) < len(letters):
		c.errorf(e.Span(), "format-count", "not enough arguments for format string (%d supplied, %d expected)", len(values), len(letters))
		return false
	case len(values) > len(letters):
		c.errorf(e.Span(), "format-count", "too many arguments for format string (%d supplied, %d expected)", len(values), len(letters))
		return false
	case len(values) > maxFormatArgs:
		c.errorf(e.Span(), "format-count", "%s() takes at most %d values (%d supplied)", name, maxFormatArgs, len(values))
		return false
	}
	fine := true
	for i, v := range values {
		fine = c.formatArg(e, letters[i], c.kept(v, c.info.Types[v])) && fine
	}
	return fine
}

// formatArg checks a value against its conversion.
func (c *checker) formatArg(e ast.Expr, letters string, t types.Type) bool {
	if t == nil {
		return true
	}
	switch t := t.(type) {
	case types.Invalid:
		return false
	case types.Void:
		c.errorf(e.Span(), "bad-format", "unable to print none type for specifier: %s", letters)
		return false
	case types.Hist, types.LHist, types.TSeries:
		if letters == "s" {
			c.errorf(e.Span(), "bad-format", "unsupported format specifier for type '%s': s", t).Hintf("print() prints maps")
			return false
		}
	default: // no other type matters here
	}
	ok, known := c.converts(letters, t)
	switch {
	case !known:
		c.errorf(e.Span(), "bad-format", "unsupported format specifier: %s", letters)
	case !ok:
		d := c.errorf(e.Span(), "bad-format", "unsupported format specifier for type '%s': %s", t, letters)
		if _, isString := t.(types.String); isString {
			d.Hintf("%%s prints strings")
		}
	}
	return ok && known
}

// converts reports whether a conversion takes a type; known is false for those that nothing can be printed with.
func (c *checker) converts(letters string, t types.Type) (ok, known bool) {
	_, isNumber := c.number(t)
	_, isPointer := t.(types.Pointer)
	switch letters {
	case "s":
		return true, true
	case "d", "i", "o", "u", "x", "X", "c", "p":
		return isNumber || isPointer, true
	case "gr":
		return isNumber, true
	case "r", "rx", "rh":
		_, isBuffer := t.(types.Buffer)
		return isBuffer, true
	}
	return false, false
}
