// Package emit turns the intermediate representation into BPF instructions: selection over virtual registers, register
// allocation, the stack frame, layout of the blocks, and source lines.
//
// The way of a function:
//
//	select   ir.Func -> code over virtual registers; what is not used is not made (select*.go)
//	frame    memory objects get places on the stack or in a scratch map, shared where lifetimes allow (frame.go)
//	regalloc virtual registers get R0 to R9, or spill (liveness.go, regalloc.go, spill.go)
//	moves    parallel moves become instructions (moves.go)
//	asm      blocks are laid out, jumps resolved, source lines attached (expand.go, layout.go, source.go)
//
// It must not import the syntax tree, and it must not know what a script is. Errors mean that a program does not fit into
// BPF: it is too long, or needs more stack than there is. A function that breaks the rules of package ir panics.
package emit
