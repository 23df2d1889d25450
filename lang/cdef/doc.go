// Package cdef reads the C part of a script: definitions of structs, unions, enums and typedefs, and preprocessor lines. Its
// result, a Unit, says which types and constants they define, laid out as gcc does on 64-bit x86 Linux. It also has the table of
// the constants that the headers of Linux define, since headers themselves are never read.
//
// It may import lang/types and lang/diag; it must not know of probes, of the syntax tree or of where the kernel's types come
// from. Whatever is wrong with the text goes to the diag.List.
package cdef
