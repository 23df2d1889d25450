//go:build amd64 || arm64

package main

// callTarget calls the function gtrace_target, which has the C calling convention and adds its arguments.
//
//go:noescape
func callTarget(a, b uint64) uint64
