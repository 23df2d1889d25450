// Package codegen compiles a checked script to an Object: it runs the stages lower, opt and emit in order and describes the
// programs to the loader.
//
// It is a pure function of the typed tree, the target and the options: the same input gives the same bytes. It must not know
// the running kernel. Errors are about what the target cannot do (*lower.Error has diagnostics) or about the size of a program.
package codegen
