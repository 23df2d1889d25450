// Package expand replaces what stands for other parts of a script by these parts: imports by what the imported files hold, and
// calls of macros by the macros' bodies.
//
// It works on the syntax tree alone, before anything is known of types or probes, and opens no file: an Importer does. It must
// not import any other package of gtrace but lang/ast, lang/parser and lang/diag. What is wrong with a script goes to the list
// of diagnostics; the tree that comes back is well-formed in any case.
package expand
