// Package diag holds source files, spans and diagnostics: everything the compiler says about a script, and where.
//
// It imports nothing of gtrace and knows no language construct. Diagnostics are collected in a List and printed once, by
// the command; no function here writes anything but through the io.Writer it is given.
package diag
