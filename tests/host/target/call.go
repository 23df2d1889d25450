//go:build amd64 || arm64

package main

// callTarget calls gtrace_target, a function of the C calling convention that adds its arguments.
func callTarget(a, b uint64) uint64

// callText calls gtrace_text, a function of the C calling convention that returns its argument.
//
//go:noescape
func callText(text *byte) *byte
