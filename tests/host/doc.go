// Package host holds the host tier: gtrace as a user runs it, with real probes in the running kernel, and what it says compared
// with an independent count.
//
// The tests use the binary that testenv builds and know nothing of what is inside. The folder target has the program that
// they trace.
package host
