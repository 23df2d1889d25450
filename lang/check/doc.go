// Package check turns a syntax tree into a typed one: it expands attach points, clones bodies for the probes they are
// compiled for, resolves names, gives every expression a type, folds constants and reports everything that is wrong.
//
// It may import lang/ast, lang/types, lang/attach, lang/cdef and lang/diag. What it needs to know of builtins, probe types
// and the kernel comes through the interfaces Builtins, Providers and Host; it must not import stdlib, codegen or runtime.
// Diagnostics about the script go to the diag.List; the error result is for failures of the world alone.
package check
