// Package ast is the syntax tree of a gtrace script, as written: no types, no resolved names.
//
// It holds the whole language, also the parts a later stage does not accept yet, so that a diagnostic can name what it
// found. It must not import any other package of gtrace but lang/diag.
package ast
