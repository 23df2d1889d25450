package cdef

import "github.com/gtrace/gtrace/lang/diag"

// reporter adds what is said about C to a list: it is about what surrounds the script.
type reporter struct{ list *diag.List }

// Errorf adds an error at a span and returns it, so that a hint can be added.
func (r reporter) Errorf(span diag.Span, code diag.Code, format string, args ...any) *diag.Diagnostic {
	return surrounding(r.list.Errorf(span, code, format, args...))
}

// Warnf adds a warning at a span and returns it, so that a hint can be added.
func (r reporter) Warnf(span diag.Span, code diag.Code, format string, args ...any) *diag.Diagnostic {
	return surrounding(r.list.Warnf(span, code, format, args...))
}

func surrounding(d *diag.Diagnostic) *diag.Diagnostic {
	d.Class = diag.ClassSurroundings
	return d
}
