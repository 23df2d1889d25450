// Package output prints values: as text the way bpftrace prints them, and as JSON lines.
//
// It may import runtime/value and lang types; it must not know eBPF, wire formats or scripts. Printers are not safe for
// use by several goroutines at once; write errors are kept and returned by Flush.
package output
