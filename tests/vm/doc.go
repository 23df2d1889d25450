// Package vm boots kernels under qemu and runs gtrace inside: one boot per kernel, many cases in it. A Case says what to
// start, what to do once it is attached, and what must have been printed; the guest (tests/vm/guest) only runs cases
// and reports, the judging is done outside.
//
// It must not import a stage of the compiler or the runtime: it drives the gtrace binary as a user would.
package vm
