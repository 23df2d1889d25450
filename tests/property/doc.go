// Package property compiles random well-typed programs, runs them in the kernel with BPF_PROG_RUN and compares every map with
// what a reference interpreter in Go says they must hold. The verifier must accept every one of them.
//
// The interpreter evaluates the generator's own tree by the rules of the language, without any package of the compiler. It
// must not import lang or codegen; only the test, which compiles and runs, does.
package property
